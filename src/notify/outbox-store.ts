import type { Attempt, OutboxEntry } from '../model/delivery.ts';

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
