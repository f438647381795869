import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Attempt, Delivery, Outcome, OutboxEntry } from '../model/delivery.ts';
import { createOutboxQueue } from './outbox-queue.ts';
import { createOutboxWorker } from './outbox-worker.ts';
import type { RecordOutbox } from './record-outbox.ts';

interface OutboxOptions {
  readonly clock: Clock;
  readonly record: RecordOutbox;
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
}

export interface Outbox {
  /**
   * Takes over what an earlier process left, oldest first. Delivered entries among them only tell which
   * failed ones are past, and are best handed over too.
   */
  load(entries: readonly OutboxEntry[]): void;
  /** Takes new deliveries, in the order in which they are to be told. */
  add(deliveries: readonly Delivery[]): void;
  /** Puts failed deliveries that are at most `maxAgeMs` old back to pending. Gives their number. */
  retryFailed(maxAgeMs: number): number;
  /** Begins no more attempts, lets running ones end within `graceMs`, then aborts them. */
  stop(graceMs: number): Promise<void>;
  snapshot(): OutboxSnapshot;
}

/**
 * Sends deliveries at its own pace until each is delivered or has failed for good.
 *
 * An attempt is recorded before it begins, as one that failed, and again with its outcome: a
 * process that is killed in between repeats that one attempt, under the same dedup key, and no other.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { clock, log, record } = options;
  const queue = createOutboxQueue();
  const worker = createOutboxWorker({ ...options, queue });

  const take = (entries: readonly OutboxEntry[]): void => {
    const gaveWay = entries.flatMap((entry) => queue.add(entry));
    if (gaveWay.length > 0) {
      record(gaveWay);
      log.info('Reminders gave way to newer messages', { reminders: gaveWay.length });
    }
    worker.wake();
  };

  return {
    load: take,
    add(deliveries) {
      const nextAttemptAt = clock.now().steadyMs;
      take(
        deliveries.map((delivery) => ({ delivery, state: 'pending', attempts: 0, nextAttemptAt })),
      );
    },
    retryFailed(maxAgeMs) {
      const now = clock.now().steadyMs;
      const back = queue.putBack(now - maxAgeMs, now);
      if (back.length > 0) record(back);
      worker.wake();
      return back.length;
    },
    stop: (graceMs) => worker.stop(graceMs),
    snapshot: () => ({
      entries: queue.entries(),
      sending: worker.sending(),
    }),
  };
}
