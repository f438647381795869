import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runTocsin, startAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs one command check by `tocsin check`. */
async function looked(check: object, directory?: string) {
  const cwd = directory ?? temporaryFolder();
  const config = { checks: [{ name: 'plugin', type: 'command', interval: '10s', ...check }] };
  await writeFile(join(cwd, 'agent.config.yaml'), stringify(config));
  const { code, stdout, stderr } = await runTocsin(['check', 'plugin'], { cwd });
  expect(stderr).toBe('');
  return { code, text: stdout.replaceAll(cwd, '').replaceAll(/ {2,}\d+(?:\.\d+)?m?s {2}/g, ' … ') };
}

/** Ids of the processes whose command line holds `word`. */
async function processesWith(word: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, position) => lines[position]?.includes(word) === true);
}

/** An argument of `sleep` that no other process of this host has. */
function uniqueSeconds(): string {
  return `54321.${process.pid}${process.hrtime.bigint() % 1_000_000n}`;
}

test('a command that is missing cannot be judged, and what to do is said', async () => {
  expect(await looked({ command: ['/nowhere/plugin', '-w', '3'] })).toEqual({
    code: 3,
    text: 'unknown  plugin … there is no program /nowhere/plugin: install it or correct its path\n',
  });
});

test('a command that is not executable cannot be judged, and what to do is said', async () => {
  const directory = temporaryFolder();
  await writeFile(join(directory, 'plugin'), '#!/bin/sh\n', { mode: 0o644 });
  const { code, text } = await looked({ command: [join(directory, 'plugin')] }, directory);
  expect(code).toBe(3);
  expect(text).toBe(
    'unknown  plugin … /plugin is not executable for the user of the agent: chmod +x /plugin\n',
  );
});

test('a directory in place of a command is named as one', async () => {
  const { code, text } = await looked({ command: ['/usr'] });
  expect(code).toBe(3);
  expect(text).toContain('/usr is a directory, not a program: correct its path');
});

test('a command that prints 100 MB is read to its end, and the agent stays small', async () => {
  const line = 'echo all is well; head -c 100000000 /dev/zero | tr "\\0" x';
  const big = { name: 'big', type: 'command', command: ['/bin/sh', '-c', line], timeout: '10s' };
  await using agent = await startAgent({ config: { checks: [{ ...big, interval: '10s' }] } });
  await eventually(
    async () => (await agent.metrics()).includes('probe_success{check="big"'),
    'the command has ended',
  );
  const { stdout, code } = await agent.cli('why', 'big');
  expect(code).toBe(0);
  expect(stdout).toContain('\n  all is well\n');
  const resident = /^process_resident_memory_bytes (\S+)$/m.exec(await agent.metrics())?.[1];
  expect(Number(resident)).toBeLessThan(250e6);
});

test('escape sequences and binary in the output do not reach the terminal', async () => {
  const { code, text } = await looked({
    command: ['/usr/bin/printf', '\\033[31mred\\000\\377 and more'],
  });
  expect(code).toBe(0);
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(text).not.toMatch(/[\0-\x09\x0b-\x1f]/);
  expect(text).toContain('red');
});

test('a command that hangs is unknown at its deadline, and nothing of it is left', async () => {
  const seconds = uniqueSeconds();
  const line = `sleep ${seconds} & sleep ${seconds} & wait`;
  const { code, text } = await looked({ command: ['/bin/sh', '-c', line], timeout: '300ms' });
  expect({ code, text }).toEqual({
    code: 3,
    text: 'unknown  plugin … /bin/sh did not end within 300ms and was stopped\n',
  });
  await eventually(async () => (await processesWith(seconds)).length === 0, 'no process is left');
});

test('a command that ignores being told to end is gone with the command that ran it', async () => {
  const seconds = uniqueSeconds();
  const line = `trap '' TERM; sleep ${seconds} & sleep ${seconds}`;
  const { code } = await looked({ command: ['/bin/sh', '-c', line], timeout: '300ms' });
  expect(code).toBe(3);
  await eventually(async () => (await processesWith(seconds)).length === 0, 'no process is left');
});

test('the processes of a hanging command that runs again and again do not pile up', async () => {
  const seconds = uniqueSeconds();
  const line = `trap '' TERM; sleep ${seconds}`;
  const check = { name: 'hang', type: 'command', command: ['/bin/sh', '-c', line] };
  const times = { interval: '300ms', timeout: '200ms' };
  await using agent = await startAgent({ config: { checks: [{ ...check, ...times }] } });
  let most = 0;
  await eventually(async () => {
    most = Math.max(most, (await processesWith(seconds)).length);
    const runs = /^tocsin_check_runs_total\{check="hang",type="command"\} (\d+)$/m;
    return Number(runs.exec(await agent.metrics())?.[1]) >= 8;
  }, 'it has run eight times');
  // A run is a shell and its child; a new one begins while the last two are being killed.
  expect(most).toBeLessThanOrEqual(6);
  agent.kill('SIGTERM');
  expect((await agent.exited).code).toBe(0);
  await eventually(async () => (await processesWith(seconds)).length === 0, 'no process is left');
});

test('a command that leaves something running in the background is answered, and that is ended', async () => {
  const seconds = uniqueSeconds();
  const { code, text } = await looked({
    command: ['/bin/sh', '-c', `sleep ${seconds} & echo fine`],
  });
  expect({ code, text }).toEqual({ code: 0, text: 'ok  plugin … fine\n' });
  await eventually(async () => (await processesWith(seconds)).length === 0, 'no process is left');
});

test('an exit code out of the contract and a death by signal are unknown, not down', async () => {
  expect(await looked({ command: ['/bin/sh', '-c', 'exit 77'] })).toEqual({
    code: 3,
    text: 'unknown  plugin … /bin/sh ended with exit code 77 and printed nothing\n',
  });
  expect(await looked({ command: ['/bin/sh', '-c', 'kill -9 $$$$'] })).toEqual({
    code: 3,
    text: 'unknown  plugin … /bin/sh was killed by SIGKILL and printed nothing\n',
  });
});
