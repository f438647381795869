import type { Attempt, OutboxEntry } from '../model/delivery.ts';

/** What changed in the outbox in one step: all of it is saved together. */
interface OutboxChanges {
  readonly entries: readonly OutboxEntry[];
  /** Lines of the attempt log. */
  readonly attempts: readonly Attempt[];
}

/**
 * What the outbox needs of whoever keeps its entries: to be told where they stand, together with the lines
 * of the attempt log that brought them there. Must not throw; what the disk refuses is the keeper's to
 * repeat. Each entry holds its whole delivery, so that one that could not be saved when it was created is
 * saved with its first attempt.
 */
export type RecordOutbox = (changes: OutboxChanges) => void;
