import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteCode, sqliteCodes } from '../lib/sqlite-code.ts';
import { migrations } from './migrations.ts';
import { databaseFileName } from './open.ts';

/** How the state of an agent that does not run is. */
export type Inspection =
  | { readonly kind: 'absent' }
  | { readonly kind: 'sound' }
  | { readonly kind: 'in use' }
  | { readonly kind: 'newer'; readonly schema: number; readonly known: number }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Looks at the database in `directory` without changing it. Never throws. */
export function inspectDatabase(directory: string): Inspection {
  const path = join(directory, databaseFileName);
  if (!existsSync(path)) return { kind: 'absent' };
  try {
    using database = disposable(new DatabaseSync(path, { readOnly: true }));
    const schema = Number(first(database.open, 'PRAGMA user_version'));
    if (schema > migrations.length) return { kind: 'newer', schema, known: migrations.length };
    const verdict = String(first(database.open, 'PRAGMA quick_check(1)'));
    return verdict === 'ok' ? { kind: 'sound' } : { kind: 'unusable', reason: verdict };
  } catch (error) {
    if (sqliteCode(error) === sqliteCodes.busy) return { kind: 'in use' };
    return { kind: 'unusable', reason: (error as Error).message };
  }
}

function disposable(open: DatabaseSync): { readonly open: DatabaseSync; [Symbol.dispose](): void } {
  return { open, [Symbol.dispose]: () => open.close() };
}

function first(database: DatabaseSync, query: string): unknown {
  return Object.values(database.prepare(query).get() ?? {})[0];
}
