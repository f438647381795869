import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDiskRefusal } from '../lib/disk-refusal.ts';
import { sqliteCode, sqliteCodes } from '../lib/sqlite-code.ts';
import { migrations } from './migrations.ts';
import { createSpareRoom, type SpareRoom } from './spare-room.ts';

export const databaseFileName = 'tocsin.db';

/** Why the state could not be opened, as a sentence for the person who starts the agent. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /** Whether the disk refuses, and may take it later: no other configuration would help. */
  readonly passing: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly passing?: boolean }) {
    super(message, options);
    this.passing = options.passing ?? false;
  }
}

export interface Opened {
  readonly database: DatabaseSync;
  readonly path: string;
  /** Where a damaged database was set aside, if there was one. */
  readonly setAside?: string;
  /** To be given up when the disk is full. */
  readonly spareRoom?: SpareRoom;
  /** The disk was full, and the spare room had to be given up to open it at all. */
  readonly isCramped?: boolean;
}

/**
 * Opens the database in `directory`, making both if needed. A damaged file is set aside under a name with
 * `stamp` and a new one begun. Throws `StoreError` when the directory cannot be written, another agent
 * holds the database, or a newer version of the agent wrote it.
 */
export function openDatabase(directory: string, stamp: string): Opened {
  const path = join(directory, databaseFileName);
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StoreError(
      `cannot write to the data directory ${directory}: ${describe(error)}; ` +
        'make it writable for this user or set agent.data_dir to another one',
      { cause: error, passing: isDiskRefusal(error) },
    );
  }
  try {
    return { database: connect(path), path, spareRoom: createSpareRoom(directory) };
  } catch (error) {
    if (isDiskFull(error)) return openCramped(directory, path, error);
    if (!isDamage(error)) throw explained(error, path);
    const setAside = putAside(path, stamp);
    return {
      database: connect(path),
      path,
      setAside,
      spareRoom: createSpareRoom(directory),
    };
  }
}

/** Opens it in the room that was kept for the time of a full disk. Throws what `openDatabase` does. */
function openCramped(directory: string, path: string, error: unknown): Opened {
  const spareRoom = createSpareRoom(directory);
  if (!spareRoom.give()) throw explained(error, path);
  try {
    return { database: connect(path), path, spareRoom, isCramped: true };
  } catch (again) {
    throw explained(again, path);
  }
}

/**
 * Makes the directory and what is missing above it. Node's own recursive call never returns where a
 * directory that exists refuses with ENOENT, as /proc does.
 */
function makeDirectory(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw new Error(`${directory} is no directory`);
  makeDirectory(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

/** A database that lives in memory only: for tests, and for an agent told to keep nothing. */
export function openMemory(): DatabaseSync {
  return prepare(new DatabaseSync(':memory:'));
}

function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    return prepare(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: DatabaseSync, path?: string): DatabaseSync {
  // Exclusive: two agents on one state would tell everything twice. It also saves the shared memory file.
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec('PRAGMA foreign_keys = ON');
  database.exec('PRAGMA cache_size = -1000');
  database.exec('PRAGMA wal_autocheckpoint = 200');
  migrate(database, path);
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') throw new DamagedError(String(verdict));
  if (database.prepare(unreadable).get() !== undefined) throw new DamagedError('a row is no JSON');
  return database;
}

function migrate(database: DatabaseSync, path?: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) throw new NewerError(version);
  if (path !== undefined && version > 0 && version < migrations.length) {
    keepFormer(database, `${path}.schema-${version}`);
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN EXCLUSIVE; ${step} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
  // Takes the lock at once even when there was nothing to migrate.
  if (version === migrations.length) database.exec('BEGIN EXCLUSIVE; COMMIT');
}

/** A copy in the form that the version before knows, for a way back: `install.sh` puts it in place. */
function keepFormer(database: DatabaseSync, copy: string): void {
  try {
    rmSync(copy, { force: true });
    database.prepare('VACUUM INTO ?').run(copy);
  } catch {
    // A full disk, say. To watch is more than to be able to go back, and half a copy is worse than none.
    rmSync(copy, { force: true });
  }
}

/** A row that the start could not read: SQLite does not notice when a text in a page has changed. */
const unreadable = `
  SELECT 1 FROM tracks WHERE NOT json_valid(track)
  UNION ALL SELECT 1 FROM groups WHERE NOT json_valid(saved)
  UNION ALL SELECT 1 FROM notification_log WHERE NOT json_valid(entry)
  UNION ALL SELECT 1 FROM heartbeats WHERE NOT json_valid(record)
  UNION ALL SELECT 1 FROM kept WHERE NOT json_valid(value)
  UNION ALL SELECT 1 FROM delivery_bodies WHERE NOT json_valid(delivery)
  LIMIT 1`;

class DamagedError extends Error {}

class NewerError extends Error {
  readonly version: number;
  constructor(version: number) {
    super(`schema ${version}`);
    this.version = version;
  }
}

/** SQLite's result codes for a file that is no database, or no longer a whole one. */
const damageCodes: ReadonlySet<number> = new Set([sqliteCodes.corrupt, sqliteCodes.notADatabase]);

/** Whether the error says that the database file itself is damaged. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedError || damageCodes.has(sqliteCode(error));
}

/** Whether the error says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return sqliteCode(error) === sqliteCodes.full;
}

/** SQLite's result codes for a disk that refuses: read-only, error of input or output, full, cannot be opened. */
const refusalCodes: ReadonlySet<number> = new Set([
  sqliteCodes.readOnly,
  sqliteCodes.inputOutput,
  sqliteCodes.full,
  sqliteCodes.cantOpen,
]);

function explained(error: unknown, path: string): StoreError {
  if (error instanceof NewerError) {
    return new StoreError(
      `${path} was written by a newer tocsin (schema ${error.version}, this one knows ` +
        `${migrations.length}); run that version, or move the file away to begin anew`,
      { cause: error },
    );
  }
  if (sqliteCode(error) === sqliteCodes.busy) {
    return new StoreError(
      `${path} is in use by another tocsin; stop that one, or give this one its own agent.data_dir`,
      { cause: error },
    );
  }
  return new StoreError(`cannot open ${path}: ${describe(error)}`, {
    cause: error,
    passing: refusalCodes.has(sqliteCode(error)),
  });
}

function putAside(path: string, stamp: string): string {
  const aside = `${path}.damaged-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
