import { createHash } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../../src/checks/command.ts';
import { asUser } from '../../src/checks/host/program-guard.ts';
import { folderWith, hostWith, openedCheck, writeInto } from '../support/host-check.ts';

const isRoot = process.getuid?.() === 0;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a program with a list of hashes', () => {
  const script = '#!/bin/sh\necho fine\n';

  test('is started while its file has one of them, and not once it was changed', async () => {
    const folder = await folderWith({ plugin: script });
    const path = join(folder, 'plugin');
    const allow = [hashOf('other'), hashOf(script).toUpperCase()];
    const check = openedCheck(command, { command: [path], allow, cwd: folder });
    expect(await check.run()).toMatchObject({ status: 'ok', summary: 'fine' });
    const changed = '#!/bin/sh\ntouch was-run\n';
    await writeInto(folder, 'plugin', changed);
    expect(await check.run()).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary: `${path} was not started: its sha256 is ${hashOf(changed)}, which is not among those of allow`,
    });
    await expect(readFile(join(folder, 'was-run'))).rejects.toThrow('ENOENT');
  });

  test('is looked up by its name as it would be started', async () => {
    const folder = await folderWith({ plugin: script });
    const keys = { command: ['plugin'], env: { PATH: folder } };
    const allowed = openedCheck(command, { ...keys, allow: [hashOf(script)] });
    expect(await allowed.run()).toMatchObject({ status: 'ok' });
    const other = openedCheck(command, { ...keys, allow: [hashOf('other')] });
    expect(await other.run()).toMatchObject({ status: 'unknown', reason: 'permission' });
  });

  test('that is missing is told as missing', async () => {
    const keys = { command: ['/nowhere/plugin'], allow: [hashOf('x')] };
    const result = await openedCheck(command, keys).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'command' });
    expect(result.summary).toMatch(/^there is no program/);
  });
});

describe('a program of another user', () => {
  test.skipIf(!isRoot)('has the numbers, the groups and the home of that user', async () => {
    const script = 'echo "$(id -u) $(id -g) $(id -G) $HOME $USER"';
    const keys = { command: ['/bin/sh', '-c', script], user: 'nobody' };
    expect(await openedCheck(command, keys).run()).toMatchObject({
      status: 'ok',
      summary: '65534 65534 65534 /nonexistent nobody',
    });
    const byNumber = { ...keys, user: 65_534, env: { HOME: '/tmp' } };
    expect((await openedCheck(command, byNumber).run()).summary).toContain(' /tmp nobody');
  });

  test.skipIf(!isRoot)('is stopped at the deadline all the same', async () => {
    const keys = { command: ['/bin/sh', '-c', 'echo $$; sleep 600'], user: 'nobody' };
    const check = openedCheck(command, keys, { common: { timeoutMs: 300 } });
    const result = await check.run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'timeout' });
  });

  test.skipIf(!isRoot)('which that user may not start says so', async () => {
    const folder = await folderWith({ plugin: '#!/bin/sh\necho fine\n' });
    await chmod(folder, 0o700);
    const path = join(folder, 'plugin');
    const result = await openedCheck(command, { command: [path], user: 'nobody' }).run();
    expect(result).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary: `the user nobody may not start ${path}: grant the right to read and execute it, and to enter its folders`,
    });
  });

  test('who does not exist is told', async () => {
    const keys = { command: ['/bin/true'], user: 'no-such-user' };
    expect(await openedCheck(command, keys).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
      summary: 'there is no user no-such-user in /etc/passwd',
    });
  });

  test.skipIf(!isRoot)('is refused to an agent that is not root', async () => {
    const passwd = 'web:x:1234:1234::/srv/web:/bin/sh\n';
    const places = await hostWith({ 'etc/passwd': passwd });
    await chmod(join(places.etc, '..'), 0o755);
    const call = { program: '/bin/true', arguments: [], environment: {} };
    process.seteuid?.(65_534);
    try {
      expect(await asUser(call, 'web', places)).toEqual({
        reason: 'permission',
        unreadable: 'only root may run a program as web: run the agent as root, or leave out user',
      });
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe('limits of what a program prints', () => {
  const printing = (line: string, exitCode: number, limits: object) =>
    openedCheck(command, {
      command: ['/bin/sh', '-c', `echo '${line}'; exit ${exitCode}`],
      limits,
    });

  test('are ranges of base units, and the worse verdict counts', async () => {
    const limits = { time: { warning: 0.2, critical: '~:1' }, free: { critical: '10:' } };
    const line = 'OK all fine | time=300ms;9;9 free=5%';
    expect(await printing(line, 0, limits).run()).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary: 'free is 5%, limit 10:: OK all fine',
      values: [
        { metric: 'time', value: 0.3, warning: '0.2', critical: '~:1' },
        { metric: 'free', value: 5, critical: '10:' },
      ],
    });
    const one = { time: limits.time };
    expect(await printing(line, 0, one).run()).toMatchObject({
      status: 'warning',
      summary: 'time is 0.3s, limit 0.2: OK all fine',
    });
    expect(await printing(line, 2, one).run()).toMatchObject({
      status: 'critical',
      reason: 'command',
      summary: 'OK all fine',
    });
  });

  test('of a value that is not printed make it unknown', async () => {
    expect(await printing('OK', 0, { load: { warning: 1 } }).run()).toMatchObject({
      status: 'unknown',
      reason: 'command',
      summary: 'it printed no value load to judge: OK',
    });
  });

  test('that are no ranges are refused', () => {
    expect(() => printing('OK', 0, { load: { warning: '20:10' } })).toThrow('a range such as');
  });
});
