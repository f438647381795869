import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { DatabaseSync } from 'node:sqlite';
import * as v from 'valibot';
import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import {
  openclawDatabaseReadMsMax,
  openclawDatabaseRest,
  openclawReadStandsMs,
  openclawUnseenMs,
} from '../../model/openclaw-limits.ts';
import { sqliteCode, sqliteCodes } from '../../lib/sqlite-code.ts';
import type { SteadyMs } from '../../model/time.ts';
import type { Unreadable } from '../host/host-file.ts';
import { isThere } from '../host/look-at-files.ts';
import { ill, well, type Found } from './part.ts';
import { whyNot } from './small-file.ts';

/** What came of looking into a database of the gateway. */
export type DatabaseAnswer<Row> =
  | { readonly kind: 'read'; readonly rows: readonly Row[] }
  /** There is no such database or table: another version. */
  | { readonly kind: 'absent' }
  /** Not this time: the gateway was writing just then, or its disk is slow. Not for so long by now. */
  | { readonly kind: 'later'; readonly why: string; readonly forMs: number }
  | { readonly kind: 'broken'; readonly message: string }
  | ({ readonly kind: 'unreadable' } & Unreadable);

/** Reads the databases of one gateway, and remembers which of them are slow or damaged. */
export interface DatabaseReader {
  /** The rows of a query, each as `row` says; one row at a time, so that it can be given up. */
  read<Row>(
    path: string,
    query: string,
    row: v.GenericSchema<unknown, Row>,
  ): Promise<DatabaseAnswer<Row>>;
  /** What SQLite said of a database that it found damaged when it was last read. */
  damage(path: string): string | undefined;
}

/** What SQLite says of one query; `cut` if it took too long and was given up between two rows. */
type Outcome<Row> =
  | Exclude<DatabaseAnswer<Row>, { kind: 'later' }>
  | { readonly kind: 'busy' }
  | { readonly kind: 'cut' };

/**
 * Opens no database yet. Reading stops all of the agent, so it is bounded: nobody is waited for, a query
 * is given up between two rows once it has taken `openclawDatabaseReadMsMax`, and one that took so long
 * as only a sick disk can make it is not asked again for a hundred times as long.
 */
export function createDatabaseReader(clock: Clock): DatabaseReader {
  const restsUntil = new Map<string, number>();
  const unseenSince = new Map<string, SteadyMs>();
  /** By query: what was read last stands while the gateway writes, or findings would come and go. */
  const latest = new Map<string, readonly unknown[]>();
  /** By query: one may go through whole pages only. */
  const damaged = new Map<string, { readonly path: string; readonly message: string }>();
  return {
    async read(path, query, row) {
      const key = `${path}\n${query}`;
      const startMs = clock.now().steadyMs;
      const later = (why: string) => {
        const since = unseenSince.get(key) ?? startMs;
        unseenSince.set(key, since);
        const forMs = startMs - since;
        const rows = latest.get(key);
        if (rows === undefined || forMs >= openclawReadStandsMs) {
          return { kind: 'later', why, forMs } as const;
        }
        // The key is that of the query, and so the rows are of its kind.
        return { kind: 'read', rows: rows as never } as const;
      };
      if (startMs < (restsUntil.get(key) ?? 0)) return later(`reading ${path} took too long`);
      const outcome = await look(path, (database) => rowsOf(database, query, row, clock));
      const tookMs = clock.now().steadyMs - startMs;
      if (tookMs > openclawDatabaseReadMsMax) {
        restsUntil.set(key, startMs + tookMs * openclawDatabaseRest);
      }
      if (outcome.kind === 'busy') return later('the gateway was writing');
      if (outcome.kind === 'cut') {
        return later(`reading ${path} took over ${humanDuration(openclawDatabaseReadMsMax)}`);
      }
      unseenSince.delete(key);
      if (outcome.kind === 'broken') damaged.set(key, { path, message: outcome.message });
      else damaged.delete(key);
      if (outcome.kind === 'read') latest.set(key, outcome.rows);
      else latest.delete(key);
      return outcome;
    },
    damage: (path) => [...damaged.values()].find((one) => one.path === path)?.message,
  };
}

function rowsOf<Row>(
  database: DatabaseSync,
  query: string,
  row: v.GenericSchema<unknown, Row>,
  clock: Clock,
): Outcome<Row> {
  const startMs = clock.now().steadyMs;
  const rows: Row[] = [];
  for (const one of database.prepare(query).iterate()) {
    rows.push(v.parse(row, one));
    if (clock.now().steadyMs - startMs > openclawDatabaseReadMsMax) return { kind: 'cut' };
  }
  return { kind: 'read', rows };
}

/**
 * Looks into a database without touching it: no write, no checkpoint, no wait, and no file beside it
 * that the gateway could not open (`readonly_shm`; `immutable` where it was closed cleanly). Source:
 * SQLite, "Write-Ahead Logging", read-only databases, and "Uniform Resource Identifiers".
 */
async function look<Row>(
  path: string,
  read: (database: DatabaseSync) => Outcome<Row>,
): Promise<Outcome<Row>> {
  try {
    await stat(path);
  } catch (error) {
    return whyNot(path, error);
  }
  const url = pathToFileURL(path);
  const hasLog = await isThere(`${path}-wal`);
  if (hasLog && !(await isThere(`${path}-shm`))) return { kind: 'busy' };
  url.search = hasLog ? 'readonly_shm=1' : 'immutable=1';
  const { DatabaseSync } = await import('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(url, { readOnly: true, timeout: 0 });
    return read(database);
  } catch (error) {
    const why = whyNotRead(path, error);
    // One that was opened for writing meanwhile is only read in between two states.
    const isNewlyOpen = why.kind === 'broken' && !hasLog && (await isThere(`${path}-wal`));
    return isNewlyOpen ? { kind: 'busy' } : why;
  } finally {
    database?.close();
  }
}

function whyNotRead(path: string, error: unknown): Outcome<never> {
  const { message } = error as Error;
  const code = sqliteCode(error);
  if (/^no such (?:table|column)/.test(message)) return { kind: 'absent' };
  if (code === sqliteCodes.busy || code === sqliteCodes.locked) return { kind: 'busy' };
  if (code === sqliteCodes.corrupt || code === sqliteCodes.notADatabase)
    return { kind: 'broken', message };
  if (code === sqliteCodes.cantOpen) {
    const unreadable = `the user of the agent may not open ${path}: run the agent as the user of the gateway, or grant it with an ACL (setfacl -R -m u:USER:rX)`;
    return { kind: 'unreadable', reason: 'permission', unreadable };
  }
  return { kind: 'unreadable', reason: 'internal', unreadable: `${path}: ${message}` };
}

/** What a part says where its database did not answer. */
export function notRead(
  answer: Exclude<DatabaseAnswer<never>, { kind: 'read' }>,
  path: string,
): Found {
  if (answer.kind === 'absent') return well('this version does not offer that');
  if (answer.kind === 'unreadable') return ill('unknown', answer.reason, answer.unreadable);
  if (answer.kind === 'later') {
    if (answer.forMs < openclawUnseenMs) return well(`${answer.why}; looked at again next time`);
    const what = `nothing could be read from ${path} for ${humanDuration(answer.forMs)}: ${answer.why}`;
    return ill('unknown', 'timeout', what);
  }
  const what = `${path} is damaged: ${answer.message}`;
  return { ...ill('critical', 'body', what), because: ['storage'] };
}
