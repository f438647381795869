import type { Delivery, OutboxEntry } from '../model/delivery.ts';
import type { ReceiverSpec } from '../model/route.ts';
import { createComposer } from './compose.ts';
import type { Stopped } from './late-remark.ts';
import { Fallbacks, type OpenAtFallback } from './outbox-fallback.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { OutboxWorker, type WorkerOptions } from './outbox-worker.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';

interface OutboxOptions extends WorkerOptions {
  /** The receivers of the present configuration. */
  readonly receivers: () => readonly ReceiverSpec[];
  /** What fallbacks were told that has not ended, by conversation. */
  readonly open: ReadonlyMap<string, OpenAtFallback>;
  /** Remembers a change of `open` with the next record. */
  readonly keepOpen: (conversation: string, open: OpenAtFallback | undefined) => void;
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
   * failed ones are past, and are best handed over too. `stopped` is when no process ran.
   */
  load(entries: readonly OutboxEntry[], stopped?: Stopped): void;
  /** Takes new deliveries, in the order in which they are to be told; saves them unless they are. */
  add(deliveries: readonly Delivery[], how?: { readonly saved: boolean }): void;
  /** Puts failed deliveries that are at most `maxAgeMs` old back to pending. Gives their number. */
  retryFailed(maxAgeMs: number): number;
  /** Begins no more attempts, lets running ones end within `graceMs`, then aborts them. */
  stop(graceMs: number): Promise<void>;
  snapshot(): OutboxSnapshot;
  /** For how many milliseconds it has not begun what is due; 0 while it works. */
  standstillMs(): number;
}

/**
 * Sends deliveries at its own pace until each is delivered or has failed for good.
 *
 * An attempt is recorded before it begins, as one that failed, and again with its outcome: a
 * process that is killed in between repeats that one attempt, under the same dedup key, and no other.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { clock, receivers, records } = options;
  let stoppedTime: Stopped | undefined;
  // The queue asks for the limits, which ask the queue what is under way.
  const queue = new OutboxQueue({
    closedUntil: (lane, receiver) => limits.closedUntil(lane, receiver),
    onLeave: (place) => fallbacks.leave(place),
  });
  const limits: RateLimits = createRateLimits({
    limitOf: (receiver) => receivers().find(({ name }) => name === receiver)?.rateLimit,
    records,
    load: (receiver) => queue.load(receiver),
  });
  const fallbacks: Fallbacks = new Fallbacks({
    receivers,
    records,
    open: new Map(options.open),
    keep: options.keepOpen,
  });
  const composer = createComposer({ limits, records, stopped: () => stoppedTime });
  const worker = new OutboxWorker({ ...options, queue, limits, fallbacks, composer });

  return {
    load(entries, stopped) {
      stoppedTime = stopped;
      worker.take(entries, true);
      worker.wake();
    },
    add(deliveries, { saved } = { saved: true }) {
      const nextAttemptAt = clock.now().steadyMs;
      const entries = deliveries.map((delivery): OutboxEntry => {
        return { delivery, state: 'pending', attempts: 0, nextAttemptAt };
      });
      if (!saved) worker.save(entries);
      worker.take(entries, false);
      worker.wake();
    },
    retryFailed(maxAgeMs) {
      const { steadyMs } = clock.now();
      const back = queue.putBack(steadyMs - maxAgeMs, steadyMs);
      worker.resume(back);
      worker.wake();
      return back.length;
    },
    stop: (graceMs) => worker.stop(graceMs),
    snapshot: () => ({ entries: queue.entries(), sending: worker.sending() }),
    standstillMs: () => worker.standstillMs(),
  };
}
