import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { disk, diskOf } from '../../src/checks/disk.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { eventually } from '../support/eventually.ts';
import {
  folderWith,
  openedCheck,
  placesIn,
  rememberingChecks,
  valuesOf,
  writeInto,
} from '../support/host-check.ts';

const gigabyte = 1e9;
const blockBytes = 1000;

/** What `stat -f` prints: a file system of 50 GB with so much free, and so many of its 1000 inodes. */
function answer(freeBytes: number, inodesFree = 900): string {
  const free = freeBytes / blockBytes;
  return `${free} ${(50 * gigabyte) / blockBytes} ${free} ${blockBytes} 1000 ${inodesFree}`;
}

/**
 * A host with these mount points, each a disk of its own that is asked through `stat`, and what `stat`
 * does for each: the body of a shell script.
 */
async function hostWithDisks(disks: Readonly<Record<string, string>>) {
  const mounts = Object.keys(disks).map(
    (path, position) =>
      `${position} 0 8:${position} / ${path} rw - fuseblk /dev/sd${position} rw\n`,
  );
  const folder = await folderWith({
    'proc/self/mountinfo': `99 0 0:1 / /sys rw - sysfs sysfs rw\n${mounts.join('')}`,
  });
  const answers = (next: Readonly<Record<string, string>>): Promise<void> => {
    const cases = Object.entries(next).map(([path, body]) => `${path}) ${body};;\n`);
    return writeInto(folder, 'bin/stat', `#!/bin/sh\ncase "$4" in\n${cases.join('')}esac\n`);
  };
  await answers(disks);
  return { type: diskOf(placesIn(folder)), folder, answers };
}

const oneDisk = async (freeBytes: number, inodesFree?: number) =>
  hostWithDisks({ '/var': `echo ${answer(freeBytes, inodesFree)}` });

describe('a file system', () => {
  test.each([
    [10, 'ok', '/var is 80% full: 10 GB free of 50 GB'],
    [7.5, 'warning', '/var is 85% full: 7.5 GB free of 50 GB, limit 85%'],
    [1.9, 'critical', '/var is 96% full: 1.9 GB free of 50 GB, limit 95%'],
  ])('with %d GB of 50 GB free is %s', async (free, status, summary) => {
    const { type } = await oneDisk(free * gigabyte);
    const result = await openedCheck(type).run();
    expect(result).toMatchObject({ status, summary });
    expect(valuesOf(result)).toEqual({
      'used_percent /var': expect.closeTo(100 - free * 2),
      'free_bytes /var': free * gigabyte,
      'inodes_used_percent /var': expect.closeTo(10),
    });
  });

  test('may have to keep so much free', async () => {
    const { type } = await oneDisk(10 * gigabyte);
    expect(await openedCheck(type, { critical: '10GB free' }).run()).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary: '/var is 80% full: 10 GB free of 50 GB, limit 10GB free',
    });
  });

  test('may run out of inodes first', async () => {
    const { type } = await oneDisk(40 * gigabyte, 20);
    expect(await openedCheck(type).run()).toMatchObject({
      status: 'critical',
      summary: '/var has used 98% of its inodes, limit 97%',
    });
  });

  test('stays raised until it is back past clear', async () => {
    const { type, answers } = await oneDisk(1 * gigabyte);
    const check = openedCheck(type, { clear: '80%' });
    const statusWith = async (free: number) => {
      await answers({ '/var': `echo ${answer(free * gigabyte)}` });
      return (await check.run()).status;
    };
    expect((await check.run()).status).toBe('critical');
    expect(await statusWith(9)).toBe('warning');
    expect(await statusWith(11)).toBe('ok');
    expect(await statusWith(9)).toBe('ok');
  });
});

describe('all file systems', () => {
  test('are told by the worst of them', async () => {
    const { type } = await hostWithDisks({
      '/': `echo ${answer(30 * gigabyte)}`,
      '/home': `echo ${answer(6 * gigabyte)}`,
      '/var': `echo ${answer(2 * gigabyte)}`,
    });
    const result = await openedCheck(type).run();
    expect(result).toMatchObject({
      status: 'critical',
      summary: '/var is 96% full: 2 GB free of 50 GB, limit 95%, and 1 more in trouble',
      detail: [
        '/var is 96% full: 2 GB free of 50 GB, limit 95%',
        '/home is 88% full: 6 GB free of 50 GB, limit 85%',
      ],
    });
    expect(result.values).toHaveLength(9);
  });

  test('are told by the fullest when all is well, without those excluded', async () => {
    const { type } = await hostWithDisks({
      '/': `echo ${answer(30 * gigabyte)}`,
      '/data': `echo ${answer(20 * gigabyte)}`,
      '/backup/old': `echo ${answer(0)}`,
    });
    expect(await openedCheck(type, { exclude: ['/backup'] }).run()).toMatchObject({
      status: 'ok',
      summary: '/data is 60% full: 20 GB free of 50 GB, the fullest of 2',
    });
  });

  test('leave out what the agent may not enter, and say so', async () => {
    const { type } = await hostWithDisks({
      '/': `echo ${answer(30 * gigabyte)}`,
      '/secret': `echo "stat: cannot read file system information for '/secret': Permission denied" >&2; exit 1`,
    });
    expect(await openedCheck(type).run()).toMatchObject({
      status: 'ok',
      detail: [
        'the user of the agent may not enter the folders of /secret: grant it the right x, with chmod or setfacl -m u:USER:x',
      ],
    });
  });

  test('are unknown when there is none, or the list of mounts is nonsense', async () => {
    const none = await hostWithDisks({});
    expect(await openedCheck(none.type).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
    });
    await writeFile(join(none.folder, 'proc/self/mountinfo'), 'rubbish');
    expect(await openedCheck(none.type).run()).toMatchObject({
      status: 'unknown',
      reason: 'protocol',
    });
  });

  test('of this host can be looked at', async () => {
    const result = await openedCheck(disk, { warning: '100%', critical: '100%' }).run();
    expect(result.status).not.toBe('unknown');
    expect(Object.keys(valuesOf(result)).length).toBeGreaterThan(0);
  });
});

describe('a path', () => {
  const failing = async (message: string) => {
    const body = `echo "stat: cannot read file system information for '/mnt/x': ${message}" >&2; exit 1`;
    const { type } = await hostWithDisks({ '/mnt/x': body });
    return openedCheck(type, { path: '/mnt/x' }).run();
  };

  test.each([
    ['No such file or directory', 'critical', 'missing', '/mnt/x does not exist'],
    [
      'Permission denied',
      'unknown',
      'permission',
      'the user of the agent may not enter the folders of /mnt/x: grant it the right x, with chmod or setfacl -m u:USER:x',
    ],
    [
      'Stale file handle',
      'critical',
      'protocol',
      '/mnt/x cannot be asked how full it is: Stale file handle',
    ],
  ])('that answers "%s" is %s', async (message, status, reason, summary) => {
    expect(await failing(message)).toMatchObject({ status, reason, summary });
  });

  test('of this host may be any folder', async () => {
    const folder = await folderWith();
    const check = openedCheck(disk, { path: folder, warning: '100%', critical: '100%' });
    expect((await check.run()).summary).toContain(`${folder} is `);
    expect(disk.target?.({ path: folder })).toBe(folder);
    const missing = openedCheck(disk, { path: join(folder, 'no') });
    expect(await missing.run()).toMatchObject({ status: 'critical', reason: 'missing' });
  });

  test('for which stat prints rubbish is in trouble, not the agent', async () => {
    const { type } = await hostWithDisks({ '/mnt/x': 'echo what' });
    expect(await openedCheck(type).run()).toMatchObject({
      status: 'critical',
      summary: '/mnt/x cannot be asked how full it is: stat printed "what\\n"',
    });
  });
});

describe('a file system that does not answer', () => {
  test('is critical, is asked by one child only, and is well once it answers', async () => {
    const folder = await folderWith();
    const body = `echo $$ >> ${folder}/asked; while [ ! -e ${folder}/go ]; do /bin/sleep 0.02; done; echo ${answer(30 * gigabyte)}`;
    const { type } = await hostWithDisks({ '/mnt/nfs': body });
    const clock = createFakeClock();
    const check = openedCheck(type, { path: '/mnt/nfs' }, { clock });
    const runToDeadline = async () => {
      const result = check.run();
      await eventually(() => existsSync(join(folder, 'asked')), 'the child asks');
      await clock.advance(5000);
      return result;
    };
    expect(await runToDeadline()).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      durationMs: 5000,
      summary: '/mnt/nfs has not answered statfs for 5s',
    });
    await clock.advance(170_000);
    expect((await runToDeadline()).summary).toBe('/mnt/nfs has not answered statfs for 3m');
    expect((await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n')).toHaveLength(1);
    await writeFile(join(folder, 'go'), '');
    await eventually(async () => {
      const run = check.run();
      await clock.advance(0);
      return (await run).status === 'ok';
    }, 'it answers');
  });

  test('leaves no child behind when the check is closed', async () => {
    const folder = await folderWith();
    const { type } = await hostWithDisks({
      '/mnt/nfs': `echo $$ > ${folder}/asked; exec /bin/sleep 600`,
    });
    const check = openedCheck(type, {}, { common: { timeoutMs: 300 } });
    expect((await check.run()).reason).toBe('timeout');
    const pid = Number(await readFile(join(folder, 'asked'), 'utf8'));
    check.open.close?.();
    await eventually(
      async () => (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')) === '',
      'the child is gone',
    );
  });
});

describe('a file system that is watched over time', () => {
  test('warns when it will be full within the forecast, also over a restart', async () => {
    const { type, answers } = await oneDisk(20 * gigabyte);
    const clock = createFakeClock();
    const memory = rememberingChecks();
    const opened = () => openedCheck(type, { forecast: '24h' }, { clock, memory });
    for (let look = 0; look < 15; look += 1) {
      const { status } = await opened().run();
      if (look < 8) expect(status).toBe('ok');
      await clock.advance(120_000);
      await answers({ '/var': `echo ${answer((20 - (look + 1) * 0.25) * gigabyte)}` });
    }
    const result = await opened().run();
    expect(result).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary:
        '/var is 67% full: 16 GB free of 50 GB, full in 2h 10m at the pace of the last 30m, limit 1d',
    });
    expect(valuesOf(result)['full_in_seconds /var']).toBeCloseTo(7800, -2);
    const shorter = openedCheck(type, { forecast: '1h' }, { clock, memory });
    expect((await shorter.run()).status).toBe('ok');
  });

  test('tells how much it has grown once it is too full, also over a restart', async () => {
    const { type, answers } = await oneDisk(10 * gigabyte);
    const clock = createFakeClock();
    const memory = rememberingChecks();
    const opened = () => openedCheck(type, {}, { clock, memory });
    expect(await opened().run()).toMatchObject({ status: 'ok', detail: [] });
    await clock.advance(2 * 3_600_000);
    await answers({ '/var': `echo ${answer(2 * gigabyte)}` });
    expect(await opened().run()).toMatchObject({
      status: 'critical',
      detail: ['/var: 8 GB more in use than 2h ago'],
    });
  });

  test('that the kernel makes read-only is critical; one that always was is not', async () => {
    const { type, folder } = await oneDisk(30 * gigabyte);
    const memory = rememberingChecks();
    const opened = () => openedCheck(type, {}, { memory });
    const mounted = async (options: string, superOptions: string) =>
      writeFile(
        join(folder, 'proc/self/mountinfo'),
        `1 0 8:1 / /var ${options} - ext4 /dev/sda1 ${superOptions}\n`,
      );
    await mounted('rw', 'ro');
    expect((await opened().run()).status).not.toBe('critical');
    await mounted('rw', 'rw');
    await opened().run();
    await mounted('ro', 'ro');
    expect((await opened().run()).reason).not.toBe('status');
    await mounted('rw', 'ro');
    const summary = '/var became read-only: the kernel gave it up after an error, see dmesg';
    expect(await opened().run()).toMatchObject({ status: 'critical', reason: 'status', summary });
    await mounted('rw', 'rw,emergency_ro');
    expect((await openedCheck(type).run()).summary).toContain('became read-only');
  });

  test('is watched anew when what was kept of it is something else', async () => {
    const { type } = await oneDisk(30 * gigabyte);
    const memory = rememberingChecks();
    for (const value of [7, [['/var', { samples: 'x' }]], { a: 1 }, null]) {
      memory.keep('subject', value);
      expect((await openedCheck(type, { forecast: '1h' }, { memory }).run()).status).toBe('ok');
    }
  });
});
