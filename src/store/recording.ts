import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Acknowledgement } from '../model/acknowledgement.ts';
import type { Drawer } from '../model/drawer.ts';
import type { AgentRun, NotificationsPage, Recording, ResultsPage } from '../model/recording.ts';
import { instant, type SteadyMs, type WallMs } from '../model/time.ts';
import { toldOf } from '../model/told.ts';
import { sqliteCode, sqliteCodes } from '../lib/sqlite-code.ts';
import { migrations } from './migrations.ts';
import { databaseFileName, StoreError } from './open.ts';
import { outboxEntry } from './outbox-row.ts';
import { resultFromRow } from './result-row.ts';

/** Under which name the drawer `single` holds the runs of the agent. */
export const runsName = 'runs';

/**
 * The history in a database, read in the order in which it was written. `now` is until when it goes where
 * the agent still runs; by default until the last save.
 */
export function readRecording(database: DatabaseSync, now?: () => RecordingEnd): Recording {
  const anchor = database.prepare('SELECT steady_ms, wall_ms FROM anchor');
  const kept = database.prepare(
    'SELECT name, value FROM kept WHERE drawer = ?1 AND (?2 IS NULL OR name = ?2)',
  );
  const first = database.prepare(
    'SELECT id, wall_ms FROM results WHERE id >= ? ORDER BY id LIMIT 1',
  );
  const last = database.prepare('SELECT max(id) AS id FROM results');
  const results = database.prepare(`
    SELECT results.id, name, wall_ms, steady_ms, duration_us, status, body
    FROM results JOIN check_names ON check_names.id = check_id
    WHERE results.id > ? ORDER BY results.id LIMIT ?`);
  const deliveries = database.prepare(`
    SELECT sequence, delivery, state, attempts, next_attempt_steady_ms
    FROM deliveries JOIN delivery_bodies USING (sequence)
    WHERE sequence > ? AND created_wall_ms >= ? ORDER BY sequence LIMIT ?`);

  return {
    facts() {
      const saved = anchor.get();
      const drawer = (of: Drawer, name: string | null): unknown[] =>
        kept.all(of, name).map((row) => JSON.parse(String(row['value'])));
      const until = now?.() ?? {
        steadyMs: Number(saved?.['steady_ms'] ?? 0),
        wallMs: Number(saved?.['wall_ms'] ?? 0),
      };
      return {
        until: instant(until.steadyMs, until.wallMs),
        runs: drawer('single', runsName).flat() as AgentRun[],
        silences: drawer('silence', null),
        acknowledgements: drawer('acknowledgement', null) as Acknowledgement[],
      };
    },
    beginAt(from) {
      // By halves: there is no index by date, and a week has millions of rows. Dates rise with the ids,
      // but for clocks that jump.
      let low = 0;
      let high = Number(last.get()?.['id'] ?? 0) + 1;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const row = first.get(middle);
        if (row === undefined || Number(row['wall_ms']) >= from) high = middle;
        else low = Number(row['id']) + 1;
      }
      return Math.max(0, low - 1);
    },
    results(after, limit): ResultsPage {
      const rows = results.all(after, limit);
      return {
        results: rows.map((row) => {
          const { check, status, startedAt, durationMs, summary, reason } = resultFromRow(
            String(row['name']),
            row,
          );
          const facts = { check, status, startedAt, durationMs, summary };
          return reason === undefined ? facts : { ...facts, reason };
        }),
        next: rows.length < limit ? undefined : Number(rows.at(-1)?.['id']),
      };
    },
    notifications(from, after, limit) {
      return notificationsPage(deliveries.all(after, from, limit), limit);
    },
  };
}

function notificationsPage(
  rows: readonly Record<string, unknown>[],
  limit: number,
): NotificationsPage {
  return {
    notifications: rows.map(outboxEntry).map(({ delivery, state }) => ({
      ...toldOf(delivery.notification),
      at: delivery.createdAt.wallMs,
      state,
    })),
    next: rows.length < limit ? undefined : Number(rows.at(-1)?.['sequence']),
  };
}

/** Until when a recording goes. */
export interface RecordingEnd {
  readonly steadyMs: SteadyMs;
  readonly wallMs: WallMs;
}

/** Opens the database in a directory to read its history only. Throws `StoreError`. */
export function openRecording(directory: string): Recording & { close(): void } {
  const path = join(directory, databaseFileName);
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version < migrations.length)
      throw new Error('an older tocsin wrote it; start this one once');
    if (version > migrations.length) throw new Error('a newer tocsin wrote it');
    return { ...readRecording(database), close: () => database.close() };
  } catch (error) {
    const isLocked = sqliteCode(error) === sqliteCodes.busy;
    const said = error instanceof Error ? error.message : String(error);
    const why = isLocked ? 'an agent that does not answer at its socket holds it' : said;
    throw new StoreError(`cannot read ${path}: ${why}`, { cause: error });
  }
}
