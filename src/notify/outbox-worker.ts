import type { Cancel, Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Attempt, Delivery, Outcome, OutboxEntry } from '../model/delivery.ts';
import { concurrentSendsMax } from '../model/limits.ts';
import { elapsedMs, type Instant, laterMs } from '../model/time.ts';
import { type RunningAttempt, startAttempt } from './attempt.ts';
import type { OutboxQueue } from './outbox-queue.ts';
import type { RecordOutbox } from './record-outbox.ts';
import { afterAttempt, retryDelayMs } from './retry.ts';

/** What takes deliveries out of the queue and sends them, several at a time. */
export interface OutboxWorker {
  /** Starts what is due and sleeps until the next thing will be. */
  wake(): void;
  /** Begins no more attempts, lets running ones end within `graceMs`, then aborts them. */
  stop(graceMs: number): Promise<void>;
  /** Ids of the deliveries that are being sent right now. */
  sending(): readonly string[];
}

interface Running {
  readonly attempt: RunningAttempt;
  readonly done: Promise<void>;
}

export function createOutboxWorker(options: {
  readonly clock: Clock;
  readonly queue: OutboxQueue;
  readonly record: RecordOutbox;
  readonly send: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
  readonly random: () => number;
  readonly log: Logger;
  readonly onOutcome: (entry: OutboxEntry, attempt: Attempt) => void;
}): OutboxWorker {
  const { clock, queue, record, random } = options;
  const running = new Map<string, Running>();
  let stopping = false;
  let cancelWake: Cancel = () => {};

  const wake = (): void => {
    cancelWake();
    if (stopping) return;
    while (running.size < concurrentSendsMax) {
      const waiting = queue.due(clock.now().steadyMs);
      if (waiting === undefined) break;
      begin(waiting);
    }
    // With every place taken, it is the end of an attempt that wakes the worker.
    if (running.size >= concurrentSendsMax) return;
    const dueAt = queue.nextDueAt();
    if (dueAt === undefined) return;
    cancelWake = clock.after(Math.max(0, dueAt - clock.now().steadyMs), wake);
  };

  const begin = (waiting: OutboxEntry): void => {
    const startedAt = clock.now();
    const attempts = waiting.attempts + 1;
    // Already as if it had failed: a send that takes the process down must not be repeated at once.
    const nextAttemptAt = laterMs(startedAt.steadyMs, retryDelayMs(attempts, random()));
    const entry: OutboxEntry = { ...waiting, attempts, nextAttemptAt };
    queue.begin(entry);
    record([entry]);
    const attempt = startAttempt(entry.delivery, options);
    const done = attempt.outcome.then((outcome) => end(entry, startedAt, outcome));
    running.set(entry.delivery.id, { attempt, done });
  };

  const end = (entry: OutboxEntry, startedAt: Instant, outcome: Outcome): void => {
    const now = clock.now();
    const settled = afterAttempt(entry, outcome, now.steadyMs, random());
    const attempt: Attempt = {
      deliveryId: entry.delivery.id,
      number: entry.attempts,
      atMs: startedAt.wallMs,
      durationMs: elapsedMs(startedAt, now),
      outcome,
    };
    running.delete(entry.delivery.id);
    queue.settle(settled);
    if (outcome.kind === 'passing' && outcome.reason === 'rate_limited')
      queue.holdReceiver(entry.delivery, settled.nextAttemptAt);
    record([settled], attempt);
    tell(options.log, settled, attempt);
    options.onOutcome(settled, attempt);
    wake();
  };

  return {
    wake,
    async stop(graceMs) {
      stopping = true;
      cancelWake();
      const cancelGrace = clock.after(graceMs, () => {
        for (const { attempt } of running.values()) attempt.cutShort('the agent is stopping');
      });
      await Promise.all([...running.values()].map(({ done }) => done));
      cancelGrace();
    },
    sending: () => [...running.keys()],
  };
}

/** Writes what came of an attempt to the log. */
function tell(log: Logger, { delivery }: OutboxEntry, { number, outcome }: Attempt): void {
  const facts = {
    receiver: delivery.receiver,
    integration: delivery.integration,
    delivery: delivery.id,
    attempt: number,
    answer: outcome.detail,
  };
  if (outcome.kind === 'delivered') log.info('Notification delivered', facts);
  else if (outcome.kind === 'passing')
    log.warn('Notification not delivered yet', { ...facts, reason: outcome.reason });
  else log.error('Notification refused for good', { ...facts, reason: outcome.reason });
}
