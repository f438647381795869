import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { Exchange, Table } from './openclaw-exchange.ts';
import { startGateway, type StandInGateway } from './openclaw-gateway.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'openclaw');

/** What a real gateway said in one state; `npm run test:openclaw -- --record` records it. */
export function readExchange(name: string): Exchange {
  return JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')) as Exchange;
}

/** A stand-in that says, frame by frame, what a real gateway said, over databases made as its own were. */
export async function startRecordedGateway(name: string): Promise<StandInGateway> {
  const exchange = readExchange(name);
  const gateway = await startGateway();
  for (const [path, { status, body }] of Object.entries(exchange.http)) {
    gateway.answer(path, { status, body });
  }
  gateway.frames.set('connect', exchange.hello as object | null);
  for (const [method, frame] of Object.entries(exchange.answers)) {
    gateway.frames.set(method, frame as object | null);
  }
  // What was never recorded is not made up: such a call is refused.
  gateway.calls.clear();
  const {
    pid: _pid,
    startTime: _startTime,
    port: _port,
    stateDir: _stateDir,
    ...lock
  } = exchange.lock;
  await gateway.lock(lock);
  for (const [path, tables] of Object.entries(exchange.databases)) {
    const file = join(gateway.stateFolder, path);
    const isShared = path.startsWith('state');
    const database = isShared ? gateway.database : openDatabase(file);
    if (tables === null) destroy(database, file);
    else for (const table of tables) fill(database, table);
  }
  return gateway;
}

function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  onTestFinished(() => database.close());
  return database;
}

function fill(database: DatabaseSync, { name, sql, rows }: Table): void {
  database.exec(`DROP TABLE IF EXISTS ${name}; ${sql}`);
  for (const row of rows) {
    const columns = Object.keys(row);
    const places = columns.map(() => '?').join(', ');
    database
      .prepare(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${places})`)
      .run(...Object.values(row));
  }
}

/** Overwrites the beginning of a database that is open, as it was done to the recorded one. */
function destroy(database: DatabaseSync, path: string): void {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, 0, 8192));
}
