import type { Cancel, Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { Attempt, OutboxEntry } from '../../model/delivery.ts';
import { journalDelayMs, journalResultsMax, journalRetryMs } from '../../model/limits.ts';
import type { RecordedResult } from '../../model/result.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import type { HeartbeatRecord } from '../../model/view.ts';
import type { RoutingChanges } from '../../routing/state.ts';
import type { Track } from '../../alerts/track.ts';
import { isDiskFull } from '../../store/open.ts';
import type { SpareRoom } from '../../store/spare-room.ts';
import type { Batch, KeptChange, Store } from '../../store/store.ts';

/** Everything that is not saved yet. The latest value under a key replaces an earlier one. */
interface Unsaved {
  results: RecordedResult[];
  readonly tracks: Map<string, Track | undefined>;
  readonly groups: Map<string, unknown>;
  readonly log: Map<string, unknown>;
  readonly heartbeats: Map<string, HeartbeatRecord>;
  /** By drawer and name. */
  readonly kept: Map<string, KeptChange>;
  readonly outbox: Map<string, OutboxEntry>;
  readonly attempts: Map<string, Attempt>;
}

function nothing(): Unsaved {
  return {
    results: [],
    tracks: new Map(),
    groups: new Map(),
    log: new Map(),
    heartbeats: new Map(),
    kept: new Map(),
    outbox: new Map(),
    attempts: new Map(),
  };
}

export interface JournalOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: Store;
  /** What is given up when the disk is full, for what has to be told. */
  readonly spareRoom?: SpareRoom | undefined;
  /** The spare room had to be given up to open the database. */
  readonly isCramped?: boolean;
  /**
   * The database turned out to be damaged: gives a new store to go on with, or undefined when none can be
   * had. Whatever the agent still knows must be put into the journal again.
   */
  readonly replaceStore: (error: unknown) => Store | undefined;
}

/**
 * Collects what has to be saved and saves it in one transaction: at once when something is to be told,
 * within `journalDelayMs` otherwise. When the disk refuses, everything is kept, the agent goes on, and the
 * next attempt saves it; only plain results are bounded. When the disk is full, a spare room is given up for
 * everything but plain results, which wait until the disk has room again.
 */
export class Journal {
  readonly #options: JournalOptions;
  #store: Store;
  #unsaved = nothing();
  #timer: Cancel | undefined;
  #failure: string | undefined;
  #failedAt: Instant | undefined;
  /** Since when the spare room is used up; plain results wait until it can be had again. */
  #crampedSince: Instant | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#store = options.store;
    if (options.isCramped === true) this.#crampedSince = options.clock.now();
  }

  /** Why the last save failed; undefined while saving works. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get store(): Store {
    return this.#store;
  }

  result(result: RecordedResult): void {
    const { results } = this.#unsaved;
    results.push(result);
    if (results.length > journalResultsMax) results.shift();
    this.#flushSoon();
  }

  /** `undefined` forgets the check. */
  track(check: string, track: Track | undefined): void {
    this.#unsaved.tracks.set(check, track);
    this.#flushSoon();
  }

  routing(changes: RoutingChanges): void {
    for (const [key, row] of changes.groups) this.#unsaved.groups.set(key, row);
    for (const key of changes.removedGroups) this.#unsaved.groups.set(key, undefined);
    for (const [key, entry] of changes.log) this.#unsaved.log.set(key, entry);
    for (const key of changes.removedLog) this.#unsaved.log.set(key, undefined);
    this.#flushSoon();
  }

  heartbeat(check: string, record: HeartbeatRecord): void {
    this.#unsaved.heartbeats.set(check, record);
    this.#flushSoon();
  }

  /** Puts a value into a drawer; `undefined` takes it out. */
  keep(change: KeptChange): void {
    this.#unsaved.kept.set(`${change.drawer}\n${change.name}`, change);
    this.#flushSoon();
  }

  outbox(entries: readonly OutboxEntry[], attempts: readonly Attempt[] = []): void {
    for (const entry of entries) this.#unsaved.outbox.set(entry.delivery.id, entry);
    for (const attempt of attempts) {
      this.#unsaved.attempts.set(`${attempt.deliveryId}/${attempt.number}`, attempt);
    }
  }

  /** Saves everything now. Says whether it is on disk. */
  flush(): boolean {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#triedJustNow()) {
      this.#flushSoon();
      return false;
    }
    this.#leaveSpareRoom();
    const { results } = this.#unsaved;
    try {
      const isCramped = this.#crampedSince !== undefined;
      this.#store.commit(
        this.#batch(isCramped ? { ...this.#unsaved, results: [] } : this.#unsaved),
      );
    } catch (error) {
      if (isDiskFull(error) && this.#options.spareRoom?.give() === true) {
        this.#crampedSince = this.#options.clock.now();
        return this.flush();
      }
      return this.#failed(error);
    }
    this.#unsaved = nothing();
    this.#failedAt = undefined;
    if (this.#crampedSince !== undefined) {
      this.#unsaved.results = results;
      this.#sayFailure('the disk is full; what has to be told is kept in the last spare room');
      this.#flushSoon();
      return true;
    }
    if (this.#failure !== undefined) this.#options.log.info('state can be saved again');
    this.#failure = undefined;
    return true;
  }

  /**
   * Saves what is in the drawers now and leaves the rest for the next save: for what somebody waits for, and
   * from which the rest follows again after a crash. Says whether it is on disk.
   */
  flushKept(): boolean {
    if (this.#failure !== undefined) return this.flush();
    const { kept } = this.#unsaved;
    try {
      this.#store.commit(this.#batch({ ...nothing(), kept }));
    } catch {
      return this.flush();
    }
    kept.clear();
    return true;
  }

  /** Takes the spare room again once the disk has it, at most every `journalRetryMs`. */
  #leaveSpareRoom(): void {
    const { clock, spareRoom } = this.#options;
    const now = clock.now();
    if (this.#crampedSince === undefined) return;
    if (elapsedMs(this.#crampedSince, now) < journalRetryMs) return;
    this.#crampedSince = spareRoom?.restore() === true ? undefined : now;
  }

  close(): void {
    this.#failedAt = undefined;
    this.flush();
    this.#timer?.();
    this.#store.close();
  }

  /** A disk that refuses is asked again after a while: each try writes everything that waits. */
  #triedJustNow(): boolean {
    if (this.#failedAt === undefined) return false;
    return elapsedMs(this.#failedAt, this.#options.clock.now()) < journalRetryMs;
  }

  #flushSoon(): void {
    this.#timer ??= this.#options.clock.after(journalDelayMs, () => {
      this.#timer = undefined;
      this.flush();
    });
  }

  #failed(error: unknown): boolean {
    const replacement = this.#options.replaceStore(error);
    if (replacement !== undefined) {
      this.#store = replacement;
      return this.flush();
    }
    const reason = error instanceof Error ? error.message : String(error);
    this.#sayFailure(reason);
    this.#failedAt = this.#options.clock.now();
    this.#flushSoon();
    return false;
  }

  #sayFailure(reason: string): void {
    if (this.#failure === undefined) {
      this.#options.log.error('cannot save state; going on in memory', { reason });
    }
    this.#failure = reason;
  }

  #batch(unsaved: Unsaved): Batch {
    const { results, tracks, groups, log, heartbeats, kept, outbox, attempts } = unsaved;
    return {
      at: this.#options.clock.now(),
      results,
      tracks: present(tracks),
      removedTracks: absent(tracks),
      groups: present(groups),
      removedGroups: absent(groups),
      log: present(log),
      removedLog: absent(log),
      heartbeats,
      kept: [...kept.values()],
      outbox: [...outbox.values()],
      attempts: [...attempts.values()],
    };
  }
}

function present(map: ReadonlyMap<string, unknown>): Map<string, unknown> {
  return new Map([...map].filter(([, value]) => value !== undefined));
}

function absent(map: ReadonlyMap<string, unknown>): string[] {
  return [...map].flatMap(([key, value]) => (value === undefined ? [key] : []));
}
