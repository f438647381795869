import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  describeGrowth,
  fileSizesFrom,
  lookAtFiles,
  type FileSizes,
} from '../../../src/checks/host/file-growth.ts';
import { hostPlaces } from '../../../src/checks/host/places.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const clock = systemClock();
const megabyte = 1024 * 1024;

/** A file without content of that size. */
async function sized(path: string, bytes: number): Promise<void> {
  await writeFile(path, '', { flag: 'a' });
  await truncate(path, bytes);
}

async function look(folder: string): Promise<FileSizes> {
  const limits = { clock, signal: AbortSignal.timeout(10_000) };
  const sizes = await lookAtFiles(folder, hostPlaces, limits);
  if (sizes === undefined) throw new Error('find is missing');
  return sizes;
}

test('what grew since the earlier look is told first, by how much, and what is new', async () => {
  const folder = temporaryFolder();
  await mkdir(join(folder, 'log'));
  await sized(join(folder, 'log/steady'), 900 * megabyte);
  await sized(join(folder, 'log/a b.log'), 50 * megabyte);
  await sized(join(folder, 'log/small.log'), megabyte);
  const earlier = await look(folder);
  expect(earlier).toMatchObject({ isWhole: true });
  await sized(join(folder, 'log/a b.log'), 450 * megabyte);
  await sized(join(folder, 'log/new.log'), 100 * megabyte);
  await sized(join(folder, 'log/small.log'), 31 * megabyte);
  await sized(join(folder, 'log/steady'), 901 * megabyte);
  const now = await look(folder);
  const threeHoursOn = { ...now, atMs: earlier.atMs + 3 * 3_600_000 };
  expect(describeGrowth(threeHoursOn, fileSizesFrom(JSON.parse(JSON.stringify(earlier))))).toEqual([
    `grown most within 3h: ${folder}/log/a b.log by 419 MB (now 472 MB), ` +
      `${folder}/log/new.log by 105 MB (new), ${folder}/log/small.log by 33 MB (new)`,
  ]);
});

test('without an earlier look, or growth since, the large files of the last day are told', async () => {
  const folder = temporaryFolder();
  await sized(join(folder, 'fresh.log'), 50 * megabyte);
  const now = await look(folder);
  const told = [`large files written within a day: ${folder}/fresh.log 52 MB`];
  expect(describeGrowth(now, undefined)).toEqual(told);
  expect(describeGrowth({ ...now, atMs: now.atMs + 60_000 }, now)).toEqual(told);
  expect(describeGrowth({ ...now, atMs: now.atMs + 2 * 86_400_000 }, undefined)).toEqual([]);
});

test('after a look that saw only a part, what it did not see is not called new', async () => {
  const now = { atMs: 2_000_000, isWhole: true, files: [['/var/x', 9e8, 1_900_000]] } as const;
  const part = { atMs: 1_000_000, isWhole: false, files: [] };
  expect(describeGrowth(now, part)).toEqual(['large files written within a day: /var/x 900 MB']);
});

test('what was kept by another version is no look', () => {
  for (const kept of [undefined, null, 7, {}, { atMs: 1, isWhole: true, files: [['/x']] }]) {
    expect(fileSizesFrom(kept)).toBeUndefined();
  }
});
