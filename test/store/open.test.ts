import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { migrations } from '../../src/store/migrations.ts';
import { isDamage, openDatabase, StoreError, type Opened } from '../../src/store/open.ts';
import { createStore } from '../../src/store/store.ts';
import { batch, result } from '../support/batch.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function opened(directory: string): Opened {
  const result = openDatabase(directory, '2025');
  onTestFinished(() => {
    if (result.database.isOpen) result.database.close();
  });
  return result;
}

describe('opening the state', () => {
  test('makes the directory, for its owner only', async () => {
    const directory = join(temporaryFolder(), 'a', 'b');
    opened(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('a file that is no database is set aside, and a new one begun', async () => {
    const directory = temporaryFolder();
    await writeFile(
      join(directory, 'tocsin.db'),
      'not a database, but long enough to be looked at'.repeat(50),
    );
    const { setAside, database } = opened(directory);
    expect(setAside).toBe(join(directory, 'tocsin.db.damaged-2025'));
    expect(existsSync(setAside ?? '')).toBe(true);
    createStore(database).commit(batch({ results: [result('a', 1)] }));
  });

  test('a database with overwritten pages is set aside', async () => {
    const directory = temporaryFolder();
    const first = opened(directory);
    const results = Array.from({ length: 500 }, (_, second) => result('a', second));
    createStore(first.database).commit(batch({ results }));
    first.database.close();
    const file = await open(first.path, 'r+');
    await file.write(Buffer.alloc(8192, 0xa5), 0, 8192, 4096);
    await file.close();
    expect(opened(directory).setAside).toBeDefined();
  });

  test('an empty file is a new database', async () => {
    const directory = temporaryFolder();
    await writeFile(join(directory, 'tocsin.db'), '');
    expect(opened(directory).setAside).toBeUndefined();
  });

  test('a database of a newer version is refused and left alone', async () => {
    const directory = temporaryFolder();
    const newer = new DatabaseSync(join(directory, 'tocsin.db'));
    newer.exec(`PRAGMA user_version = ${migrations.length + 4}`);
    newer.close();
    expect(() => openDatabase(directory, 'now')).toThrow(
      `was written by a newer tocsin (schema ${migrations.length + 4}, this one knows ${migrations.length})`,
    );
    expect(await readdir(directory)).toEqual(['tocsin.db']);
  });

  test('before a database gets a newer form, a copy is kept that the version before can read', () => {
    const directory = temporaryFolder();
    const path = join(directory, 'tocsin.db');
    const older = new DatabaseSync(path);
    older.exec(`${migrations[0]} PRAGMA user_version = 1`);
    older.exec(`INSERT INTO heartbeats VALUES ('job', '{}')`);
    older.close();
    opened(directory);
    using copy = new DatabaseSync(`${path}.schema-1`);
    expect(copy.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    expect(copy.prepare('SELECT check_name FROM heartbeats').get()).toEqual({ check_name: 'job' });
    expect(() => copy.prepare('SELECT * FROM kept')).toThrow('no such table');
  });

  test('a database that another process holds is refused', async () => {
    const directory = temporaryFolder();
    opened(directory);
    const script = `
      import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/open.ts'))};
      try { openDatabase(${JSON.stringify(directory)}, 'now'); } catch (error) { console.log(error.message); }`;
    const second = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(second.stdout).toContain('is in use by another tocsin');
  });

  test('a directory that cannot be written is refused with the way out', async () => {
    const blocked = join(temporaryFolder(), 'file');
    await writeFile(blocked, '');
    expect(() => openDatabase(join(blocked, 'state'), 'now')).toThrow(StoreError);
    expect(() => openDatabase(join(blocked, 'state'), 'now')).toThrow(/set agent\.data_dir/);
  });

  test('only damage counts as damage', () => {
    expect(
      isDamage(Object.assign(new Error('database disk image is malformed'), { errcode: 11 })),
    ).toBe(true);
    expect(isDamage(Object.assign(new Error('database or disk is full'), { errcode: 13 }))).toBe(
      false,
    );
    expect(isDamage(new Error('anything else'))).toBe(false);
  });
});
