import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mountOf } from '../../src/checks/mount.ts';
import { eventually } from '../support/eventually.ts';
import {
  hostWith,
  openedCheck,
  placesIn,
  folderWith,
  rememberingChecks,
  valuesOf,
  writeInto,
} from '../support/host-check.ts';

const line = (path: string, options: string, rest: string) =>
  `30 1 8:1 / ${path} ${options} shared:1 - ${rest}\n`;

async function hostMounting(options: string, superOptions: string, files: object = {}) {
  const places = await hostWith({
    'proc/self/mountinfo': line('/srv', options, `ext4 /dev/sda1 ${superOptions}`),
    'bin/stat': '#!/bin/sh\necho ext2/ext3',
    'sys/fs/ext4/sda1/errors_count': '0\n',
    'sys/dev/block/': '',
    ...files,
  });
  await symlink('../../devices/virtual/sda1', join(places.sys, 'dev/block/8:1'));
  return places;
}

const judged = async (
  places: Awaited<ReturnType<typeof hostMounting>>,
  keys: Readonly<Record<string, unknown>> = {},
) => openedCheck(mountOf(places), { path: '/srv', ...keys }).run();

describe('a mount', () => {
  test('that is as wanted is well', async () => {
    const host = await hostMounting('rw,noexec', 'rw,stripe=2');
    const wanted = { file_system: 'ext4', source: '/dev/sda1', options: ['rw', 'noexec'] };
    const result = await judged(host, { path: '/srv/', ...wanted });
    expect(result).toMatchObject({ status: 'ok', summary: '/srv is /dev/sda1 (ext4, rw)' });
    expect(valuesOf(result)).toEqual({ file_system_errors: 0 });
  });

  test.each([
    [{ path: '/mnt' }, 'missing', 'nothing is mounted at /mnt'],
    [{ file_system: 'nfs4' }, 'status', 'at /srv is a file system of type ext4, wanted nfs4'],
    [{ source: 'nas:/x' }, 'status', 'at /srv is /dev/sda1, wanted nas:/x'],
    [{ options: ['nodev'] }, 'status', '/srv is mounted without nodev: rw'],
  ])('that is not as %j says is critical', async (keys, reason, summary) => {
    const result = await judged(await hostMounting('rw', 'rw'), keys);
    expect(result).toMatchObject({ status: 'critical', reason, summary });
  });

  test('that was mounted read-only is well, unless rw is wanted', async () => {
    const host = await hostMounting('ro', 'ro');
    expect((await judged(host)).summary).toBe('/srv is /dev/sda1 (ext4, ro)');
    expect((await judged(host, { options: ['rw'] })).summary).toBe(
      '/srv is mounted without rw: ro',
    );
  });

  test.each([
    ['rw', 'ro'],
    ['rw', 'rw,emergency_ro'],
  ])('that the kernel made read-only (%s, %s) is critical', async (options, superOptions) => {
    const errors = { 'sys/fs/ext4/sda1/errors_count': '3\n' };
    expect(await judged(await hostMounting(options, superOptions, errors))).toMatchObject({
      status: 'critical',
      summary: '/srv became read-only after 3 errors: look at dmesg, then fsck and remount',
    });
  });

  test('on which the kernel counts errors is a warning, whatever it is called', async () => {
    const host = await hostMounting('rw', 'rw', { 'sys/fs/ext4/sda1/errors_count': '1\n' });
    expect(await judged(host)).toMatchObject({
      status: 'warning',
      summary: 'the kernel counted an error on the file system at /srv: fsck it',
    });
  });

  test('that could be written to before is missed until it can be again, over a restart', async () => {
    const host = await hostMounting('rw', 'rw');
    const memory = rememberingChecks();
    const opened = () => openedCheck(mountOf(host), { path: '/srv' }, { memory });
    const remount = async (how: string) =>
      writeFile(join(host.proc, 'self/mountinfo'), line('/srv', how, `ext4 /dev/sda1 ${how}`));
    expect((await opened().run()).status).toBe('ok');
    await remount('ro');
    const check = opened();
    expect((await check.run()).summary).toMatch(/^\/srv became read-only: look at dmesg/);
    expect((await check.run()).status).toBe('critical');
    await remount('rw');
    expect((await check.run()).status).toBe('ok');
  });

  test('is judged by its file system where a sandbox shows every mount read-only', async () => {
    const inSandbox = (superOptions: string): string =>
      `1 0 8:2 / / ro,nosuid shared:1 - ext4 /dev/sda2 rw\n${line('/srv', 'ro,nosuid', `ext4 /dev/sda1 ${superOptions}`)}`;
    const host = await hostMounting('', '', { 'proc/self/mountinfo': inSandbox('rw') });
    const check = openedCheck(mountOf(host), { path: '/srv', options: ['rw'] });
    expect(await check.run()).toMatchObject({
      status: 'ok',
      summary: '/srv is /dev/sda1 (ext4, rw)',
    });
    await writeFile(join(host.proc, 'self/mountinfo'), inSandbox('ro'));
    expect((await check.run()).summary).toMatch(/^\/srv became read-only: look at dmesg/);
    const asMounted = await hostMounting('', '', { 'proc/self/mountinfo': inSandbox('ro') });
    expect(await judged(asMounted)).toMatchObject({
      status: 'ok',
      summary: '/srv is /dev/sda1 (ext4, ro)',
    });
  });

  test('of an automounter is mounted by the look', async () => {
    const places = await hostWith({
      'proc/self/mountinfo': line('/net', 'rw', 'autofs systemd-1 rw'),
    });
    const mounted = line('/net', 'rw', 'nfs4 nas:/net rw').trim();
    await writeInto(
      places.programs,
      'stat',
      `#!/bin/sh\necho '${mounted}' >> ${places.proc}/self/mountinfo; echo nfs`,
    );
    const keys = { path: '/net', file_system: 'nfs4', source: 'nas:/net' };
    expect((await openedCheck(mountOf(places), keys).run()).summary).toBe(
      '/net is nas:/net (nfs4, rw)',
    );
  });

  test('that answers with an error, or not at all, is critical; where a right is missing unknown', async () => {
    const answering = async (said: string) =>
      judged(
        await hostMounting('rw', 'rw', {
          'bin/stat': `#!/bin/sh\necho "stat: x: ${said}" >&2; exit 1`,
        }),
      );
    expect(await answering('Stale file handle')).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: '/srv cannot be read: Stale file handle',
    });
    expect(await answering('Permission denied')).toMatchObject({
      status: 'unknown',
      reason: 'permission',
    });
    const hangs = await hostMounting('rw', 'rw', { 'bin/stat': '#!/bin/sh\nexec /bin/sleep 60' });
    const check = openedCheck(mountOf(hangs), { path: '/srv' }, { common: { timeoutMs: 200 } });
    const result = await check.run();
    expect(result).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(result.summary).toMatch(/^\/srv hangs: its file system has not answered for \d+ms$/);
  });
});

describe('a write into a mount', () => {
  /** A mount that is a folder, in which writing takes half a second. */
  async function slowMount() {
    const folder = await folderWith({ 'mnt/': '' });
    const path = join(folder, 'mnt');
    const places = await hostWith({
      'proc/self/mountinfo': line(path, 'rw', 'nfs4 nas:/x rw'),
      'bin/dd': '#!/bin/sh\n/bin/sleep 0.5; echo "4096 bytes (4.1 kB) copied, 0.5 s, 8 kB/s" >&2\n',
    });
    for (const program of ['sh', 'rm']) {
      await symlink(`/bin/${program}`, join(places.programs, program));
    }
    return { path, places };
  }

  test('of agents of several hosts goes into a file for each', async () => {
    const { path, places } = await slowMount();
    const checks = [1, 2].map(() => openedCheck(mountOf(places), { path, write_test: true }));
    const runs = Promise.all(checks.map(async (check) => check.run()));
    await eventually(async () => (await readdir(path)).length === 2, 'both are writing');
    for (const name of await readdir(path)) {
      expect(name).toMatch(/^\.tocsin-write-test-[\da-f-]{36}-\d+$/);
    }
    expect((await runs).map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(await readdir(path)).toEqual([]);
  });

  test('that is broken off leaves nothing behind', async () => {
    const { path, places } = await slowMount();
    const keys = { path, write_test: true };
    const check = openedCheck(mountOf(places), keys, { common: { timeoutMs: 100 } });
    expect(await check.run()).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(await readdir(path)).toHaveLength(1);
    check.open.close?.();
    await eventually(async () => (await readdir(path)).length === 0, 'the file is gone');
  });
});

test('A table of mounts that is not there or nonsense leaves the mount unknown', async () => {
  const none = openedCheck(mountOf(placesIn(await folderWith())), { path: '/srv' });
  expect((await none.run()).status).toBe('unknown');
  const rubbish = await hostWith({ 'proc/self/mountinfo': 'what' });
  expect(await openedCheck(mountOf(rubbish), { path: '/srv' }).run()).toMatchObject({
    status: 'unknown',
    reason: 'protocol',
  });
});
