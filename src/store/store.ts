import type { DatabaseSync } from 'node:sqlite';
import type { Attempt, OutboxEntry } from '../model/delivery.ts';
import type { Recording } from '../model/recording.ts';
import type { RecordedResult } from '../model/result.ts';
import type { Instant, SteadyMs, WallMs } from '../model/time.ts';
import type { HeartbeatRecord } from '../model/view.ts';
import { drawers, type Drawer } from '../model/drawer.ts';
import { outboxEntry } from './outbox-row.ts';
import { readRecording, type RecordingEnd } from './recording.ts';
import { resultFromRow, rowFromResult } from './result-row.ts';
import { prepareStatements, type Statements } from './statements.ts';

/** Time, as it stood at the last save: where the steady clock of the next process continues. */
export interface Anchor {
  readonly steadyMs: SteadyMs;
  readonly wallMs: WallMs;
}

/**
 * Everything one transaction saves. Values are stored as JSON under their keys; what they contain is the
 * business of whoever hands them in.
 */
export interface Batch {
  readonly at: Instant;
  readonly results: readonly RecordedResult[];
  readonly tracks: ReadonlyMap<string, unknown>;
  readonly removedTracks: readonly string[];
  readonly groups: ReadonlyMap<string, unknown>;
  readonly removedGroups: readonly string[];
  readonly log: ReadonlyMap<string, unknown>;
  readonly removedLog: readonly string[];
  readonly heartbeats: ReadonlyMap<string, HeartbeatRecord>;
  /** What changed in the drawers; `undefined` takes a value out. */
  readonly kept: readonly KeptChange[];
  /** New deliveries and those that moved; an entry that is not known yet is added. */
  readonly outbox: readonly OutboxEntry[];
  readonly attempts: readonly Attempt[];
}

/** One value put into a drawer, or taken out of it. */
export interface KeptChange {
  readonly drawer: Drawer;
  readonly name: string;
  readonly value: unknown;
  /** It must survive a power cut: somebody else has been told that it is kept. */
  readonly durable?: true;
}

/** What an earlier process left. */
export interface Saved {
  readonly anchor?: Anchor;
  readonly tracks: ReadonlyMap<string, unknown>;
  readonly groups: readonly unknown[];
  readonly log: ReadonlyMap<string, unknown>;
  readonly heartbeats: ReadonlyMap<string, HeartbeatRecord>;
  /** The values of each drawer by name; a drawer that is empty is absent. */
  readonly kept: ReadonlyMap<Drawer, ReadonlyMap<string, unknown>>;
  /** From the oldest one that is not delivered on, oldest first. */
  readonly outbox: readonly OutboxEntry[];
}

export interface Store {
  load(): Saved;
  /** Saves all or nothing. Throws when the disk or the database refuses. */
  commit(batch: Batch): void;
  /** The latest results of a check, oldest first; of sound ones only status, time and duration. */
  results(check: string, limit: number): RecordedResult[];
  /** The latest deliveries with their attempts, newest first. */
  deliveries(limit: number): { entry: OutboxEntry; attempts: Attempt[] }[];
  /** Everything that was found and told, to be read in order; it goes until `now`. */
  recording(now: () => RecordingEnd): Recording;
  /** Forgets results, and deliveries that are done with, from before `before`. Bounded work a call. */
  prune(before: WallMs): void;
  close(): void;
}

export function createStore(database: DatabaseSync): Store {
  const sql = prepareStatements(database);
  return {
    load: () => load(sql),
    commit(batch) {
      const durable = batch.outbox.some(isMilestone) || batch.kept.some((change) => change.durable);
      if (durable) database.exec('PRAGMA synchronous = FULL');
      database.exec('BEGIN IMMEDIATE');
      try {
        write(sql, batch);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      } finally {
        if (durable) relax(database);
      }
    },
    results: (check, limit) =>
      sql.resultsOfCheck
        .all(check, limit)
        .map((row) => resultFromRow(check, row))
        .toReversed(),
    deliveries: (limit) =>
      sql.latestDeliveries.all(limit).map((row) => ({
        entry: outboxEntry(row),
        attempts: sql.attemptsOf
          .all(String(row['id']))
          .map((attempt) => parse(attempt['attempt']) as Attempt),
      })),
    recording: (now) => readRecording(database, now),
    prune(before) {
      sql.pruneResults.run(before, pruneRowsMax);
      sql.pruneDeliveries.run(before, pruneRowsMax);
    },
    close() {
      // One that was given up as damaged is closed already.
      if (database.isOpen) database.close();
    },
  };
}

/** Goes back to saving faster. If that fails, what was saved is saved nevertheless, and the next is slower. */
function relax(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA synchronous = NORMAL');
  } catch {
    // The next transaction that matters tries again.
  }
}

/**
 * What was planned, promised or done with must survive a power cut. Plain results need not, nor the beginning
 * of an attempt: without it, that attempt is made once more.
 */
function isMilestone({ state, attempts }: OutboxEntry): boolean {
  return attempts === 0 || state !== 'pending';
}

/** Rows one pruning removes at the most, so that it never holds up the agent. */
const pruneRowsMax = 10_000;

function load(sql: Statements): Saved {
  const anchor = sql.anchor.get();
  return {
    ...(anchor === undefined
      ? {}
      : {
          anchor: {
            steadyMs: Number(anchor['steady_ms']) as SteadyMs,
            wallMs: Number(anchor['wall_ms']) as WallMs,
          },
        }),
    tracks: new Map(
      sql.allTracks.all().map((row) => [String(row['check_name']), parse(row['track'])]),
    ),
    groups: sql.allGroups.all().map((row) => parse(row['saved'])),
    log: new Map(sql.allLog.all().map((row) => [String(row['log_key']), parse(row['entry'])])),
    heartbeats: new Map(
      sql.allHeartbeats
        .all()
        .map((row) => [String(row['check_name']), parse(row['record']) as HeartbeatRecord]),
    ),
    kept: loadKept(sql),
    outbox: sql.outbox.all().map(outboxEntry),
  };
}

function loadKept(sql: Statements): Saved['kept'] {
  const kept = new Map<Drawer, Map<string, unknown>>();
  for (const row of sql.allKept.all()) {
    const drawer = drawers.find((one) => one === row['drawer']);
    // A drawer of an older version, given up since.
    if (drawer === undefined) continue;
    const values = kept.get(drawer) ?? new Map<string, unknown>();
    kept.set(drawer, values.set(String(row['name']), parse(row['value'])));
  }
  return kept;
}

function write(sql: Statements, batch: Batch): void {
  sql.putAnchor.run(batch.at.steadyMs, batch.at.wallMs);
  for (const name of new Set(batch.results.map(({ check }) => check))) sql.nameCheck.run(name);
  for (const result of batch.results) sql.addResult.run(...rowFromResult(result));
  for (const [name, track] of batch.tracks) sql.putTrack.run(name, JSON.stringify(track));
  for (const name of batch.removedTracks) sql.removeTrack.run(name);
  for (const [key, group] of batch.groups) sql.putGroup.run(key, JSON.stringify(group));
  for (const key of batch.removedGroups) sql.removeGroup.run(key);
  for (const [key, entry] of batch.log) sql.putLog.run(key, JSON.stringify(entry));
  for (const key of batch.removedLog) sql.removeLog.run(key);
  for (const [name, record] of batch.heartbeats) sql.putHeartbeat.run(name, JSON.stringify(record));
  for (const { drawer, name, value } of batch.kept) {
    if (value === undefined) sql.removeKept.run(drawer, name);
    else sql.putKept.run(drawer, name, JSON.stringify(value));
  }
  for (const { delivery, state, attempts, nextAttemptAt } of batch.outbox) {
    const { id, createdAt } = delivery;
    if (sql.moveDelivery.run(state, attempts, nextAttemptAt, id).changes > 0) continue;
    const at = createdAt.wallMs;
    const added = sql.addDelivery.run(id, at, state, attempts, nextAttemptAt);
    sql.addDeliveryBody.run(added.lastInsertRowid, JSON.stringify(delivery));
  }
  for (const attempt of batch.attempts) {
    sql.putAttempt.run(attempt.deliveryId, attempt.number, JSON.stringify(attempt));
  }
}

/** Reads back what `write` wrote; the shapes are those of the code that handed them in. */
function parse(text: unknown): unknown {
  return JSON.parse(String(text));
}
