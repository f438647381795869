import type { DatabaseSync } from 'node:sqlite';
import type { AgentRun, Recording, ResultsPage } from '../model/recording.ts';
import { instant, type SteadyMs, type WallMs } from '../model/time.ts';
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
  const runs = database.prepare("SELECT value FROM kept WHERE drawer = 'single' AND name = ?");
  const first = database.prepare('SELECT id, wall_ms FROM results WHERE id >= ? ORDER BY id LIMIT 1');
  const last = database.prepare('SELECT max(id) AS id FROM results');
  const results = database.prepare(`
    SELECT results.id, name, wall_ms, steady_ms, duration_us, status, body
    FROM results JOIN check_names ON check_names.id = check_id
    WHERE results.id > ? ORDER BY results.id LIMIT ?`);
  const deliveries = database.prepare(`
    SELECT sequence, delivery, state, attempts, next_attempt_steady_ms FROM deliveries
    WHERE sequence > ? AND created_wall_ms >= ? ORDER BY sequence LIMIT ?`);

  return {
    facts() {
      const saved = anchor.get();
      const kept = runs.get(runsName)?.['value'];
      const until = now?.() ?? {
        steadyMs: Number(saved?.['steady_ms'] ?? 0),
        wallMs: Number(saved?.['wall_ms'] ?? 0),
      };
      return {
        until: instant(until.steadyMs, until.wallMs),
        runs: typeof kept === 'string' ? (JSON.parse(kept) as AgentRun[]) : [],
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
    deliveries(from, after, limit) {
      const rows = deliveries.all(after, from, limit);
      return {
        entries: rows.map(outboxEntry),
        next: rows.length < limit ? undefined : Number(rows.at(-1)?.['sequence']),
      };
    },
  };
}

interface RecordingEnd {
  readonly steadyMs: SteadyMs;
  readonly wallMs: WallMs;
}
