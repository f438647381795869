import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMemoryGrowth } from '../../../src/checks/openclaw/memory-use.ts';
import { instant } from '../../../src/model/time.ts';
import { startGateway, type StandInGateway } from '../../support/openclaw-gateway.ts';
import { watchGateway } from '../../support/openclaw-watch.ts';

const megabyte = 1024 * 1024;
const gigabyte = 1024 * megabyte;

/** Gives the process of the gateway so much memory, in a control group with a limit if one is given. */
async function useMemory(gateway: StandInGateway, bytes: number, limit?: number): Promise<void> {
  const own = join(gateway.places.proc, String(process.pid));
  await rm(own, { recursive: true });
  await mkdir(own);
  for (const name of ['stat', 'environ'])
    await symlink(`/proc/${process.pid}/${name}`, join(own, name));
  await writeFile(join(own, 'status'), `Name:\tnode\nVmRSS:\t${bytes / 1024} kB\n`);
  await writeFile(join(own, 'cgroup'), '0::/openclaw\n');
  if (limit === undefined) return;
  await mkdir(join(gateway.places.sys, 'fs/cgroup/openclaw'), { recursive: true });
  await writeFile(join(gateway.places.sys, 'fs/cgroup/openclaw/memory.max'), `${limit}\n`);
}

async function memoryOf(bytes: number, limit?: number) {
  const gateway = await startGateway();
  const places = { ...gateway.places, sys: join(gateway.stateFolder, 'sys') };
  const own = { ...gateway, places };
  await useMemory(own, bytes, limit);
  const watched = await watchGateway(['memory'], {}, { gateway: own });
  return { ...watched, gateway: own };
}

describe('memory', () => {
  test.each([
    [1, 'ok', /^the gateway uses 1\.1 GB of memory$/],
    [2, 'warning', /^the gateway uses 2\.1 GB of memory, limit 1\.5 GB$/],
    [4, 'critical', /^the gateway uses 4\.3 GB of memory, limit 3 GB$/],
  ])('of %i GB is %s', async (size, status, summary) => {
    const { part } = await memoryOf(size * gigabyte);
    expect(await part('memory')).toMatchObject({
      status,
      summary: expect.stringMatching(summary),
    });
  });

  test('near the limit of its control group is critical', async () => {
    const { part } = await memoryOf(900 * megabyte, gigabyte);
    expect(await part('memory')).toMatchObject({
      status: 'critical',
      summary: expect.stringContaining('88% of what its control group allows'),
    });
  });

  test('that grows for six hours is a warning; what is given back again is none', async () => {
    const { gateway, part } = await memoryOf(500 * megabyte);
    let found;
    for (let minute = 0; minute <= 360; minute += 10) {
      // 120 MB an hour, and a peak every half hour that is given back.
      const peak = minute % 30 === 0 ? 300 : 0;
      await useMemory(gateway, (500 + minute * 2 + peak) * megabyte);
      found = await part('memory', 600_000);
    }
    expect(found).toMatchObject({
      status: 'warning',
      summary: expect.stringMatching(/its memory has grown by 1\d\d MB an hour for six hours/),
    });
  });

  test('of another process begins anew', () => {
    const growth = createMemoryGrowth();
    const at = (hours: number) => instant(hours * 3_600_000, 0);
    for (let hour = 0; hour < 6; hour += 0.25) growth.note(1, hour * gigabyte, at(hour));
    expect(growth.note(1, 6 * gigabyte, at(6))).toBeCloseTo(gigabyte, -8);
    expect(growth.note(2, 7 * gigabyte, at(6.25))).toBeUndefined();
  });
});

describe('storage', () => {
  test('with a write-ahead log over its limit is a warning', async () => {
    const { gateway, part } = await watchGateway(['storage'], { wal_warning: '1KB' });
    gateway.addJob('more', { text: 'x'.repeat(5000) });
    expect(await part('storage')).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary: expect.stringMatching(/openclaw\.sqlite-wal has grown to .*, limit 1 kB$/),
    });
  });

  test.each([
    [{ disk_warning: '1000TB free' }, 'warning'],
    [{ disk_warning: '2000TB free', disk_critical: '1000TB free' }, 'critical'],
  ])('on a disk with less than %o is %s', async (keys, status) => {
    const { part } = await watchGateway(['storage'], keys);
    expect(await part('storage')).toMatchObject({ status, reason: 'threshold' });
  });
});
