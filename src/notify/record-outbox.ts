import type { Attempt, OutboxEntry } from '../model/delivery.ts';

/**
 * What the outbox needs of whoever keeps its entries: to be told where they stand, together with the line
 * of the attempt log where an attempt brought them there. Must not throw; what the disk refuses is the
 * keeper's to repeat. Each entry holds its whole delivery, so that one that could not be saved when it was
 * created is saved with its first attempt.
 */
export type RecordOutbox = (entries: readonly OutboxEntry[], attempt?: Attempt) => void;
