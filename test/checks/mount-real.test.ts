import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderWith, valuesOf } from '../support/host-check.ts';
import { hangingFileSystem, lacking, probeAfter } from '../support/mount-namespace.ts';

describe('a real mount', () => {
  test('is written to, and left as it was', async ({ skip }) => {
    const reason = lacking('dd');
    if (reason !== undefined) skip(reason);
    const folder = await folderWith({ 'mnt/': '' });
    const path = join(folder, 'mnt');
    const probe = await probeAfter(
      `mount -t tmpfs -o size=1m tmpfs ${path}; ls -A ${path}`,
      'mount',
    );
    const result = await probe.run({ path, write_test: true, file_system: 'tmpfs' });
    expect(result.status).toBe('ok');
    expect(result.summary).toMatch(/mnt is tmpfs \(tmpfs, rw\), a write took /);
    expect(valuesOf(result)['write_seconds']).toBeLessThan(1);
    expect(await readdir(`/proc/${probe.pid}/root${path}`)).toEqual([]);
    const slow = { path, write_test: true, write_warning: '1ms', write_critical: '2ms' };
    expect((await probe.run(slow)).values[0]).toMatchObject({ warning: '1ms', critical: '2ms' });
    await probe.end();
    const full = `mount -t tmpfs -o size=64k tmpfs ${path}; head -c 1M /dev/zero > ${path}/x 2>/dev/null || true`;
    const filled = await probeAfter(full, 'mount');
    expect(await filled.run({ path, write_test: true })).toMatchObject({
      status: 'critical',
      summary: `nothing can be written into ${path}: No space left on device`,
    });
    expect(await readdir(`/proc/${filled.pid}/root${path}`)).toEqual(['x']);
    await filled.end();
    const readOnly = await probeAfter(`mount -t tmpfs -o ro tmpfs ${path}`, 'mount');
    expect((await readOnly.run({ path })).status).toBe('ok');
    expect((await readOnly.run({ path, write_test: true })).summary).toBe(
      `nothing can be written into ${path}: Read-only file system`,
    );
    await readOnly.end();
  }, 20_000);

  test('that the kernel made read-only by an error is seen without a write', async ({ skip }) => {
    const reason = existsSync('/dev/loop-control')
      ? lacking('mkfs.ext4')
      : 'there is no loop device';
    if (reason !== undefined) skip(reason);
    const folder = await folderWith({ 'mnt/': '' });
    const path = join(folder, 'mnt');
    const make = `truncate -s 16M ${folder}/image; mkfs.ext4 -q -e remount-ro ${folder}/image`;
    const mount = `mount -o loop ${folder}/image ${path}; device=$(findmnt -n -o SOURCE ${path})`;
    const fail = 'echo x > /sys/fs/ext4/${device#/dev/}/trigger_fs_error';
    const probe = await probeAfter(`${make}; ${mount}; ${fail}`, 'mount');
    const result = await probe.run({ path });
    expect(result.status).not.toBe('ok');
    expect(result.summary).toMatch(/mnt became read-only after \d+ errors|counted an error/);
    expect(valuesOf(result)['file_system_errors']).toBeGreaterThan(0);
    expect((await probe.run({ path, write_test: true })).summary).toMatch(/read-only/i);
    await probe.end();
  }, 20_000);

  test('that hangs costs one process and no run', async ({ skip }) => {
    const reason = existsSync('/dev/fuse') ? lacking('python3') : 'there is no /dev/fuse';
    if (reason !== undefined) skip(reason);
    const folder = await folderWith({ 'mnt/': '' });
    const path = join(folder, 'mnt');
    const server = `python3 ${hangingFileSystem} ${path} > ${folder}/said & echo $! > ${folder}/server`;
    const wait = `until grep -q mounted ${folder}/said; do sleep 0.05; done`;
    const probe = await probeAfter(`${server}; ${wait}`, 'mount');
    for (const keys of [{ path }, { path, write_test: true }]) {
      const result = await probe.run(keys, 400);
      expect(result).toMatchObject({ status: 'critical', reason: 'timeout' });
      expect(result.summary).toMatch(/mnt hangs.*: its file system has not answered for \d+ms$/);
      expect(result.durationMs).toBeLessThan(650);
    }
    process.kill(Number(await readFile(join(folder, 'server'), 'utf8')), 'SIGKILL');
    expect(await probe.end()).toBe(0);
  }, 20_000);
});
