import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { folderWith, valuesOf } from '../support/host-check.ts';
import { hangingFileSystem, lacking, probeAfter } from '../support/mount-namespace.ts';

/** The processes called `name` whose parent is `pid`. */
async function childrenOf(pid: number, name: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const stats = await Promise.all(
    pids.map(async (each) => readFile(`/proc/${each}/stat`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, position) =>
    new RegExp(`\\(${name}\\) \\S ${pid} `).test(stats[position] ?? ''),
  );
}

describe('a real file system', () => {
  test('that hangs holds up neither the check nor the agent, and is asked once', async ({
    skip,
  }) => {
    const reason = existsSync('/dev/fuse') ? lacking('python3', 'stat') : 'there is no /dev/fuse';
    if (reason !== undefined) skip(reason);
    const folder = await folderWith({ 'mnt/': '' });
    const path = join(folder, 'mnt');
    const server = `python3 ${hangingFileSystem} ${path} > ${folder}/said & echo $! > ${folder}/server`;
    const wait = `until grep -q mounted ${folder}/said; do sleep 0.05; done`;
    const probe = await probeAfter(`${server}; ${wait}`);
    const first = await probe.run({ path }, 500);
    expect(first).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(first.summary).toMatch(/mnt has not answered statfs for 5\d\dms$/);
    expect(first.durationMs).toBeLessThan(750);
    const second = await probe.run({ path }, 700);
    expect(second.summary).toMatch(/mnt has not answered statfs for 1\.\ds$/);
    expect(await childrenOf(probe.pid, 'stat')).toHaveLength(1);
    // Those on the disks of the host are looked at as if nothing had happened.
    expect((await probe.run({ warning: '100%', critical: '100%' })).reason).toBeUndefined();
    process.kill(Number(await readFile(join(folder, 'server'), 'utf8')), 'SIGKILL');
    await eventually(
      async () => (await childrenOf(probe.pid, 'stat')).length === 0,
      'the child comes back once the server is dead',
    );
    expect(await probe.run({ path })).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: `${path} cannot be asked how full it is: Transport endpoint is not connected`,
    });
    expect(await probe.end()).toBe(0);
  }, 20_000);

  test('that is full is told with its figures', async ({ skip }) => {
    const reason = existsSync('/dev/loop-control')
      ? lacking('mkfs.ext4')
      : 'there is no loop device';
    if (reason !== undefined) skip(reason);
    const folder = await folderWith({ 'mnt/': '' });
    const path = join(folder, 'mnt');
    const make = `truncate -s 16M ${folder}/image; mkfs.ext4 -q -N 64 ${folder}/image`;
    const mount = `mount -o loop ${folder}/image ${path}`;
    const probe = await probeAfter(`${make}; ${mount}`);
    const empty = await probe.run({ path });
    expect(empty.status).toBe('ok');
    await probe.end();
    const fill = `head -c 64M /dev/zero > ${path}/file 2>/dev/null || true`;
    const filled = await probeAfter(`${mount}; ${fill}`);
    const full = await filled.run({ path });
    await filled.end();
    expect(full.summary).toMatch(/mnt is 100% full: 0 B free of 1\d MB, limit 95%$/);
    expect(full).toMatchObject({ status: 'critical', reason: 'threshold' });
    expect(valuesOf(full)[`free_bytes ${path}`]).toBe(0);
    const many = `rm ${path}/file; for n in $(seq 60); do touch ${path}/$n || break; done 2>/dev/null`;
    const crowded = await (await probeAfter(`${mount}; ${many}`)).run({ path });
    expect(crowded.summary).toMatch(/mnt has used 100% of its inodes, limit 97%$/);
  }, 20_000);
});
