import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Attempt, Delivery, Outcome, OutboxEntry } from '../model/delivery.ts';

/**
 * What the outbox needs of the store. Every method may throw; the outbox then goes on in memory and
 * repeats the call later, in order. Each entry holds its whole delivery, so that one which could not be
 * saved when it was created is saved with its first attempt.
 */
export interface OutboxStore {
  /** An attempt is about to begin; `entry.attempts` counts it already. */
  recordStart(entry: OutboxEntry): void;
  /** An attempt is over: its line of the log, and where the delivery stands now. */
  recordAttempt(entry: OutboxEntry, attempt: Attempt): void;
  /** Deliveries that no attempt moved: put back after a reload, or given up to make room. */
  recordStates(entries: readonly OutboxEntry[]): void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  readonly store: OutboxStore;
  /** Sends once. `signal` aborts at the deadline of the attempt and when the agent stops. */
  readonly send: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
  /** Evenly distributed in [0, 1), for the jitter. */
  readonly random: () => number;
  readonly log: Logger;
  /** Called after each attempt with where the delivery stands now. */
  readonly onOutcome: (entry: OutboxEntry, attempt: Attempt) => void;
}

export interface OutboxSnapshot {
  /** Pending and failed deliveries, oldest first; delivered ones are forgotten. */
  readonly entries: readonly OutboxEntry[];
  /** Ids of the deliveries that are being sent right now. */
  readonly sending: readonly string[];
  /** Whether the store has refused what it was last given. */
  readonly storeFailing: boolean;
}

export interface Outbox {
  /** Takes over what an earlier process left, oldest first. */
  load(entries: readonly OutboxEntry[]): void;
  /** Takes new deliveries, in the order in which they are to be told. */
  add(deliveries: readonly Delivery[]): void;
  /** Puts failed deliveries that are at most `maxAgeMs` old back to pending. Gives their number. */
  retryFailed(maxAgeMs: number): number;
  /** Begins no more attempts, lets running ones end within `graceMs`, then aborts them. */
  stop(graceMs: number): Promise<void>;
  snapshot(): OutboxSnapshot;
}

export function createOutbox(options: OutboxOptions): Outbox {
  throw new Error(`not built yet, at ${options.clock.now().wallMs}`);
}
