import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../../src/checks/command.ts';
import { eventually } from '../support/eventually.ts';
import { folderWith, openedCheck, valuesOf, writeInto } from '../support/host-check.ts';

const shell = (script: string, keys: Readonly<Record<string, unknown>> = {}) =>
  openedCheck(command, { command: ['/bin/sh', '-c', script], ...keys });

/** A zombie counts as gone: it has been ended, and waits for its new parent only. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}

describe('the exit code of a command', () => {
  test.each([
    [0, 'ok'],
    [1, 'warning'],
    [2, 'critical'],
    [3, 'unknown'],
  ])('%d is %s', async (code, status) => {
    const result = await shell(`echo "this is $0"; exit ${code}`).run();
    expect(result).toMatchObject({ status, summary: 'this is /bin/sh' });
    expect(result.reason).toBe(code === 0 ? undefined : 'command');
  });

  test('out of the contract is unknown and named', async () => {
    expect(await shell('echo oops >&2; exit 64').run()).toMatchObject({
      status: 'unknown',
      reason: 'command',
      summary: '/bin/sh ended with exit code 64: oops',
    });
  });

  test('is not there when a signal ended it', async () => {
    expect(await shell('kill -SEGV $$').run()).toMatchObject({
      status: 'unknown',
      reason: 'command',
      summary: '/bin/sh was killed by SIGSEGV and printed nothing',
    });
  });

  test('is all there is to say when nothing was printed', async () => {
    expect((await shell('exit 2').run()).summary).toBe(
      '/bin/sh ended with exit code 2 and printed nothing',
    );
  });
});

describe('the output of a command', () => {
  test('is summary, detail and values', async () => {
    const result = await shell(
      `printf 'HTTP slow | time=250ms;200;500\\nfirst\\nsecond | size=2KB\\n'; echo on stderr >&2; exit 1`,
    ).run();
    expect(result).toMatchObject({
      summary: 'HTTP slow',
      detail: ['first', 'second', 'on stderr'],
    });
    expect(valuesOf(result)).toEqual({ time: 0.25, size: 2000 });
    expect(result.values[0]).toMatchObject({ unit: 's', warning: '200', critical: '500' });
  });

  test('is shown up to user_output_limit', async () => {
    const result = await shell('echo 12345678; echo abcdefgh', { user_output_limit: 12 }).run();
    expect(result).toMatchObject({ summary: '12345678', detail: ['abc'] });
  });

  test('of 100 MB is read to its end, but not kept', async () => {
    const result = await shell('echo fine; head -c 100000000 /dev/zero | tr "\\0" x').run();
    expect(result.status).toBe('ok');
    expect(result.summary).toBe('fine');
    expect(result.detail[0]).toBe('100 MB of its output were too much and not kept');
    expect(result.detail[1]).toHaveLength(500);
  });
});

describe('the world of a command', () => {
  test('is a small environment, an empty input and the folder asked for', async () => {
    const folder = await folderWith();
    process.env['TOCSIN_TEST_LEAK'] = 'leaked';
    const result = await shell('pwd; cat; env | sort', { env: { MINE: 5 }, cwd: folder }).run();
    delete process.env['TOCSIN_TEST_LEAK'];
    const names = result.detail.map((line) => line.split('=')[0]);
    expect(result.summary).toBe(folder);
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? ''))).toEqual([
      'HOME',
      'LANG',
      'LC_ALL',
      'MINE',
      'PATH',
    ]);
    expect(result.detail).toContain('LC_ALL=C');
    expect(result.detail).toContain('MINE=5');
  });

  test('has no shell: arguments arrive as they are', async () => {
    const check = openedCheck(command, { command: ['printf', '%s', '$HOME; echo *'] });
    expect((await check.run()).summary).toBe('$HOME; echo *');
  });
});

describe('a command that does not end', () => {
  const hasty = { common: { timeoutMs: 300 } };

  test('is stopped at the deadline with all it started, though they hold its output', async () => {
    const folder = await folderWith();
    const script = `trap '' TERM; sleep 600 & echo $! > pids; (trap '' TERM; sleep 600) & echo $! >> pids; echo $$ >> pids; echo waiting; wait; sleep 600`;
    const check = openedCheck(
      command,
      { command: ['/bin/sh', '-c', script], cwd: folder },
      { common: { timeoutMs: 500 } },
    );
    const result = await check.run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'timeout' });
    expect(result.summary).toBe(
      '/bin/sh did not end within 500ms and was stopped; it had printed: waiting',
    );
    expect(result.durationMs).toBeLessThan(700);
    const pids = (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
    expect(pids).toHaveLength(3);
    await eventually(
      async () => !(await Promise.all(pids.map(isAlive))).includes(true),
      'the whole process group is gone',
    );
  });

  test('ends at the deadline even if a child left its group and keeps the pipe', async () => {
    const folder = await folderWith();
    const check = openedCheck(
      command,
      { command: ['/bin/sh', '-c', 'setsid sleep 600 & echo $! > pid; wait'], cwd: folder },
      hasty,
    );
    const result = await check.run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'timeout' });
    expect(result.durationMs).toBeLessThan(600);
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL');
  });
});

test('what a command means that does not end is for timeout_status to say', async () => {
  const keys = { command: ['sleep', '600'], timeout_status: 'critical' };
  const check = openedCheck(command, keys, { common: { timeoutMs: 100 } });
  expect(await check.run()).toMatchObject({ status: 'critical', reason: 'timeout' });
});

describe('a command that forks and ends', () => {
  test.each([
    ['keeps', 'sleep 600 & echo $!'],
    ['closes', 'sleep 600 >/dev/null 2>&1 & echo $!'],
  ])('leaves nothing behind when its child %s the output', async (_, script) => {
    const result = await shell(script).run();
    expect(result.status).toBe('ok');
    expect(result.durationMs).toBeLessThan(2000);
    await eventually(async () => !(await isAlive(Number(result.summary))), 'the child is gone');
  });

  test('is not cut short while a filter still writes its output', async () => {
    const result = await shell('(sleep 0.1; echo late) & exit 0').run();
    expect(result.summary).toBe('late');
  });
});

test('a command and its children are ended before the agent where memory runs out', async () => {
  const own = Number(await readFile('/proc/self/oom_score_adj', 'utf8'));
  const file = '/proc/self/oom_score_adj';
  const script = `until test $(cat ${file}) -gt ${own}; do sleep 0.01; done; sh -c 'cat ${file}'`;
  expect(await shell(script).run()).toMatchObject({ status: 'ok', summary: '500' });
});

describe('a command that cannot be started', () => {
  const summaryOf = async (program: string, keys: Readonly<Record<string, unknown>> = {}) => {
    const result = await openedCheck(command, { command: [program], ...keys }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'command' });
    return result.summary;
  };

  test('because it is missing names the path', async () => {
    expect(await summaryOf('/opt/plugins/check_nothing')).toBe(
      'there is no program /opt/plugins/check_nothing: install it or correct its path',
    );
    expect(await summaryOf('check_nothing', { env: { PATH: '/bin:/usr/bin' } })).toBe(
      'there is no program check_nothing in /bin:/usr/bin: install it or write its path',
    );
  });

  test('because it is not executable says how to make it so', async () => {
    const folder = await folderWith({ check: '#!/bin/sh\nexit 0\n' });
    const path = join(folder, 'check');
    await chmod(path, 0o644);
    expect(await summaryOf(path)).toBe(
      `${path} is not executable for the user of the agent: chmod +x ${path}`,
    );
  });

  test('because its interpreter is missing names the interpreter', async () => {
    const folder = await folderWith({ check: '#!/usr/bin/nosuchpython3\n' });
    expect(await summaryOf('./check', { cwd: folder })).toBe(
      `the interpreter /usr/bin/nosuchpython3 of ${folder}/check is missing: install it or correct the first line`,
    );
  });

  test('because its folder is missing names the folder', async () => {
    expect(await summaryOf('/bin/true', { cwd: '/nosuchfolder' })).toBe(
      'the working directory /nosuchfolder is not there: create it or correct cwd',
    );
  });

  test('because a word holds a NUL byte', async () => {
    expect(await summaryOf('/bin/tr\0ue')).toContain('could not be started');
  });

  test('runs as soon as it is there', async () => {
    const folder = await folderWith();
    const check = openedCheck(command, { command: [join(folder, 'check')] });
    expect((await check.run()).status).toBe('unknown');
    await writeInto(folder, 'check', '#!/bin/sh\necho here now\n');
    expect(await check.run()).toMatchObject({ status: 'ok', summary: 'here now' });
  });
});
