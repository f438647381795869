import { createHash } from 'node:crypto';
import { chmod, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { file, fileOf } from '../../src/checks/file.ts';
import {
  placesIn,
  folderWith,
  openedCheck,
  rememberingChecks,
  valuesOf,
} from '../support/host-check.ts';

async function aged(path: string, hours: number): Promise<string> {
  const date = new Date(Date.now() - hours * 3_600_000);
  await utimes(path, date, date);
  return path;
}

const judged = async (keys: Readonly<Record<string, unknown>>) => openedCheck(file, keys).run();

describe('a file', () => {
  test('that is there is well; one that is not is critical, or wanted so', async () => {
    const path = join(await folderWith({ 'a.txt': 'hello' }), 'a.txt');
    const result = await judged({ path });
    expect(result.status).toBe('ok');
    expect(result.summary).toMatch(/a\.txt has 5 B, written \S+ ago$/);
    expect(valuesOf(result)).toMatchObject({ count: 1, newest_bytes: 5 });
    const missing = { path: `${path}.no` };
    expect(await judged(missing)).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: `${path}.no does not exist`,
    });
    expect((await judged({ ...missing, min_count: 0 })).status).toBe('ok');
  });

  test('may not be older than wanted', async () => {
    const path = await aged(join(await folderWith({ dump: 'x' }), 'dump'), 30);
    const newest = { warning: '26h', critical: '50h' };
    const result = await judged({ path, newest });
    expect(result).toMatchObject({ status: 'warning', reason: 'stale' });
    expect(result.summary).toBe(`${path} was last written 1d 6h ago, limit 1d2h`);
    await aged(path, 51);
    expect((await judged({ path, newest })).status).toBe('critical');
    await aged(path, -1);
    expect((await judged({ path, newest })).status).toBe('ok');
  });

  test('must have the size, owner and permissions that are wanted', async () => {
    const path = join(await folderWith({ a: 'hello' }), 'a');
    await chmod(path, 0o640);
    expect((await judged({ path, min_size: '1kB' })).summary).toBe(
      `${path} has 5 B, wanted at least 1 kB`,
    );
    expect((await judged({ path, max_size: '4B' })).summary).toBe(
      `${path} has 5 B, wanted at most 4 B`,
    );
    expect((await judged({ path, mode: '0600' })).summary).toBe(
      `${path} has the permissions 0640, wanted 0600`,
    );
    const mine = { path, mode: '640', owner: process.getuid?.() ?? 0 };
    expect((await judged(mine)).status).toBe('ok');
    const other = await judged({ path, owner: 'nobody-at-all', mode: '0600' });
    expect(other.summary).toMatch(/belongs to \S+ \(\d+\), wanted nobody-at-all$/);
    expect(other.detail).toHaveLength(2);
  });

  test('must hold JSON where that is wanted; what it holds is not shown', async () => {
    const folder = await folderWith({
      good: '{"a":1}',
      cut: '{"a":"secret',
      bad: '{"a":secret}',
      no: '',
    });
    const json = async (name: string) => judged({ path: join(folder, name), json: 'valid' });
    expect((await json('good')).status).toBe('ok');
    for (const name of ['cut', 'bad', 'no']) {
      const result = await json(name);
      expect(result).toMatchObject({ status: 'critical', reason: 'body' });
      expect(result.summary).toContain('holds no valid JSON: ');
      expect(JSON.stringify(result)).not.toContain('secret');
    }
    expect((await judged({ path: folder, json: 'valid' })).summary).toContain('is no regular file');
  });

  test('must have the checksum that is wanted', async () => {
    const path = join(await folderWith({ a: 'hello' }), 'a');
    const checksum = createHash('sha256').update('hello').digest('hex');
    const right = await judged({ path, checksum: checksum.toUpperCase() });
    expect(right).toMatchObject({ status: 'ok', facts: [{ name: 'sha256', text: checksum }] });
    expect(await judged({ path, checksum: checksum.replace(/^../, '00') })).toMatchObject({
      status: 'critical',
      reason: 'body',
    });
  });

  test('that is changed is told for a while, also when the agent was not there', async () => {
    const path = join(await folderWith({ a: 'one' }), 'a');
    const memory = rememberingChecks();
    const opened = () =>
      openedCheck(file, { path, checksum: 'changed', changed_hold: '300ms' }, { memory });
    expect((await opened().run()).status).toBe('ok');
    await writeFile(path, 'two');
    const check = opened();
    const result = await check.run();
    expect(result).toMatchObject({ status: 'warning', reason: 'body' });
    expect(result.summary).toMatch(/^\S+ was changed, last written \S+ ago$/);
    expect((await opened().run()).status).toBe('warning');
    await expect.poll(async () => (await check.run()).status).toBe('ok');
  });
});

describe('files of one pattern', () => {
  test('are judged by the newest, the oldest and their number', async () => {
    const folder = await folderWith({
      'a-1.gz': 'x',
      'a-2.gz': 'yyyy',
      'b.txt': '',
      'a-d.gz/': '',
    });
    await aged(join(folder, 'a-1.gz'), 100);
    await symlink(join(folder, 'gone'), join(folder, 'a-link.gz'));
    const path = join(folder, 'a-*.gz');
    const result = await judged({ path, newest: { critical: '1h' } });
    expect(result.status).toBe('ok');
    expect(result.summary).toMatch(/a-\*\.gz: 2 files, the newest has 4 B, written/);
    expect(await judged({ path, oldest: { warning: '4d' } })).toMatchObject({
      status: 'warning',
      summary: `${folder}/a-1.gz, the oldest of 2 files, was last written 4d 4h ago, limit 4d`,
    });
    expect((await judged({ path, max_count: 1 })).summary).toBe(
      `${path}: 2 files, wanted at most 1`,
    );
    expect((await judged({ path: join(folder, 'c*') })).summary).toBe(
      `${folder}/c*: no file, wanted at least 1`,
    );
    await rm(join(folder, 'b.txt'));
    expect((await judged({ path: join(folder, 'nowhere/*') })).summary).toContain('does not exist');
  });
});

describe('a file that cannot be looked at', () => {
  test('is unknown where a right is missing', async () => {
    const places = placesIn(
      await folderWith({
        'bin/stat':
          '#!/bin/sh\necho "stat: cannot stat \'/root/x\': Permission denied" >&2; exit 1',
      }),
    );
    const result = await openedCheck(fileOf(places), { path: '/root/x' }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(result.summary).toContain('lacks the right to enter its folder: /root/x. Grant it');
    const none = await openedCheck(fileOf(placesIn(await folderWith())), { path: '/x' }).run();
    expect(none).toMatchObject({ status: 'unknown', reason: 'missing' });
  });

  test('because its file system hangs is critical in time, and asked for once', async () => {
    const folder = await folderWith({});
    const places = placesIn(
      await folderWith({ 'bin/stat': `#!/bin/sh\necho x >> ${folder}/asked; exec /bin/sleep 60` }),
    );
    const check = openedCheck(fileOf(places), { path: '/mnt/x' }, { common: { timeoutMs: 300 } });
    await check.run();
    expect(await check.run()).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect((await judged({ path: join(folder, 'asked') })).summary).toContain('has 2 B');
  });

  test('because stat prints rubbish is no crash', async () => {
    const places = placesIn(await folderWith({ 'bin/stat': '#!/bin/sh\necho what ever' }));
    const result = await openedCheck(fileOf(places), { path: '/x' }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'protocol' });
  });
});

test('Patterns in folders and crossed limits are refused', () => {
  expect(() => openedCheck(file, { path: '/var/*/x' })).toThrow('its last part may hold');
  expect(() => openedCheck(file, { path: 'x' })).toThrow('a path that starts with /');
  expect(() => openedCheck(file, { path: '/x', max_count: 0 })).toThrow('less than min_count');
});
