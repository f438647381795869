import type { Cancel, Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Attempt, Delivery, Outcome, OutboxEntry, SendFailure } from '../model/delivery.ts';
import { concurrentSendsMax } from '../model/limits.ts';
import { elapsedMs, type Instant, laterMs, type SteadyMs } from '../model/time.ts';
import { type RunningAttempt, startAttempt } from './attempt.ts';
import type { Composer, Parcel } from './compose.ts';
import type { Fallbacks } from './outbox-fallback.ts';
import type { OutboxQueue } from './outbox-queue.ts';
import { type Place, receiverKey } from './place.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ReceiverRecords } from './receiver-record.ts';
import type { RecordOutbox } from './record-outbox.ts';
import { afterAttempt, retryDelayMs } from './retry.ts';

export interface WorkerOptions {
  readonly clock: Clock;
  readonly record: RecordOutbox;
  readonly send: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
  readonly random: () => number;
  readonly log: Logger;
  readonly records: ReceiverRecords;
  readonly onOutcome: (entry: OutboxEntry, attempt: Attempt) => void;
  /** Called once for each delivery that is not told by itself: held back, or told in another message. */
  readonly onSuppressed: (delivery: Delivery, reason: 'rate_limit' | 'grouped') => void;
}

interface Running {
  readonly attempt: RunningAttempt;
  readonly startedAt: SteadyMs;
  readonly done: Promise<void>;
}

/** Failures after which a receiver surely has not taken the message. */
const surelyNotTaken: ReadonlySet<SendFailure> = new Set([
  'resolve',
  'connect',
  'rate_limited',
  'auth',
  'not_found',
  'client_error',
  'secret',
]);

interface WorkerParts {
  readonly queue: OutboxQueue;
  readonly limits: RateLimits;
  readonly fallbacks: Fallbacks;
  readonly composer: Composer;
}

/** What takes deliveries out of the queue and sends them, several at a time. */
export class OutboxWorker {
  readonly #options: WorkerOptions & WorkerParts;

  constructor(options: WorkerOptions & WorkerParts) {
    this.#options = options;
  }

  readonly #running = new Map<string, Running>();
  readonly #changed = new Map<string, OutboxEntry>();
  #attempts: Attempt[] = [];
  #stopping = false;
  #isStepPlanned = false;
  #cancelWake: Cancel = () => {};

  #note(entry: OutboxEntry, attempt?: Attempt): void {
    this.#changed.set(entry.delivery.id, entry);
    if (attempt !== undefined) this.#attempts.push(attempt);
  }

  #save(): void {
    if (this.#changed.size === 0) return;
    const changes = { entries: [...this.#changed.values()], attempts: this.#attempts };
    this.#changed.clear();
    this.#attempts = [];
    this.#options.record(changes);
  }

  /** Takes entries in, oldest first; `inherited` ones were left by an earlier process. */
  take(entries: readonly OutboxEntry[], inherited: boolean): void {
    const now = this.#options.clock.now();
    const left = new Map(entries.map((entry) => [entry.delivery.id, entry]));
    for (const entry of entries) {
      const { place, gaveWay } = this.#options.queue.add(entry, inherited);
      for (const reminder of gaveWay) {
        this.#note(reminder);
        this.#suppressed(reminder.delivery, 'grouped');
      }
      if (place === undefined || entry.state !== 'pending') continue;
      if (inherited) this.#recognise(place, left);
      this.#redirect(this.#options.fallbacks.enter(place, now));
      this.#handOverBlocked(place, now);
    }
  }

  /** Remembers what an earlier process was about to do with this place. */
  #recognise(place: Place, left: ReadonlyMap<string, OutboxEntry>): void {
    this.#options.fallbacks.recognise(place, left);
    const { digest } = this.#options.records.get(place.receiver);
    place.held = digest?.includes(place.entry.delivery.id) ?? false;
  }

  /** Takes in what a fallback is to be told; it is saved together with what caused it. */
  #redirect(deliveries: readonly Delivery[]): void {
    if (deliveries.length === 0) return;
    const nextAttemptAt = this.#options.clock.now().steadyMs;
    const entries = deliveries.map((delivery): OutboxEntry => {
      return { delivery, state: 'pending', attempts: 0, nextAttemptAt };
    });
    for (const entry of entries) this.#note(entry);
    for (const { receiver, id } of deliveries) {
      this.#options.log.warn('Notification handed over to a fallback', { receiver, delivery: id });
    }
    this.take(entries, false);
  }

  /** What waits behind something that a broken receiver does not take need not fail there itself. */
  #handOverBlocked(place: Place, now: Instant): void {
    const [head] = this.#options.queue.beside(place);
    if (head === undefined || head === place || head.entry.attempts === 0) return;
    if (this.#options.fallbacks.isOverdue(place, now)) this.#handOver([place], now);
  }

  #handOver(places: readonly Place[], now: Instant): void {
    this.#redirect(this.#options.fallbacks.handOver(places, now));
    for (const place of places) this.#giveUpTest(place);
  }

  /** A receiver that did not take its test in time has failed it: to try again proves nothing new. */
  #giveUpTest(place: Place): void {
    const { state, delivery } = place.entry;
    if (!isTest(place) || state !== 'pending' || this.#running.has(delivery.id)) return;
    place.entry = { ...place.entry, state: 'failed' };
    this.#options.queue.withdraw(place);
    this.#note(place.entry);
  }

  #handOverDue(now: Instant): void {
    for (const place of this.#options.fallbacks.due(now))
      this.#handOver([...this.#options.queue.beside(place)], now);
  }

  #reportHeld(now: Instant): void {
    for (const place of this.#options.queue.newlyHeld(now.steadyMs)) {
      const { delivery } = place.entry;
      const detail = this.#options.limits.heldRemark(place, now);
      this.#note(
        place.entry,
        logLine(delivery, 0, now, { kind: 'passing', reason: 'rate_limited', detail }),
      );
      this.#suppressed(delivery, 'rate_limit');
    }
  }

  #suppressed(delivery: Delivery, reason: 'rate_limit' | 'grouped'): void {
    const { receiver, id } = delivery;
    this.#options.log.info('notification suppressed', { receiver, delivery: id, reason });
    this.#options.onSuppressed(delivery, reason);
  }

  /** Saves what changed, starts what is due and sleeps until the next thing will be. */
  wake(): void {
    this.#cancelWake();
    if (this.#stopping) return;
    const now = this.#options.clock.now();
    this.#handOverDue(now);
    const begun: (() => void)[] = [];
    while (this.#running.size + begun.length < concurrentSendsMax) {
      const places = this.#options.queue.due(now.steadyMs);
      if (places.length === 0) break;
      const parcel = this.#options.composer.compose(places);
      if (parcel === undefined) this.#settleAsPast(places, now);
      else begun.push(this.#begin(parcel, now));
    }
    this.#reportHeld(now);
    this.#save();
    for (const start of begun) start();
    this.#sleep();
  }

  #sleep(): void {
    // With every place taken, it is the end of an attempt that wakes the worker.
    const full = this.#running.size >= concurrentSendsMax;
    const times = [
      full ? undefined : this.#options.queue.nextDueAt(),
      this.#options.fallbacks.nextDueAt(),
    ];
    const dueAt = Math.min(...times.map((time) => time ?? Infinity));
    if (dueAt === Infinity) return;
    this.#cancelWake = this.#options.clock.after(
      Math.max(0, dueAt - this.#options.clock.now().steadyMs),
      () => this.wake(),
    );
  }

  /** Notes that the parcel is about to be sent; what it gives sends it, once that is saved. */
  #begin(parcel: Parcel, startedAt: Instant): () => void {
    const { places, delivery } = parcel;
    const tried = Math.max(...places.map(({ entry }) => entry.attempts)) + 1;
    // Already as if it had failed: a send that takes the process down must not be repeated at once.
    const nextAttemptAt = laterMs(startedAt.steadyMs, retryDelayMs(tried, this.#options.random()));
    for (const place of places) {
      place.entry = { ...place.entry, attempts: tried, nextAttemptAt };
      this.#note(place.entry);
    }
    if (parcel.isDigest) {
      const ids = places.map(({ entry }) => entry.delivery.id);
      this.#options.records.noteDigest(receiverKey(delivery), ids);
    }
    this.#options.queue.begin(places);
    const sent = this.#options.composer.finish(parcel, startedAt);
    return () => {
      const attempt = startAttempt(sent, this.#options);
      const done = attempt.outcome.then((outcome) => this.#end(parcel, startedAt, outcome));
      this.#running.set(delivery.id, { attempt, startedAt: startedAt.steadyMs, done });
    };
  }

  #end({ places, delivery }: Parcel, startedAt: Instant, outcome: Outcome): void {
    const now = this.#options.clock.now();
    const chance = this.#options.random();
    const newest = places.at(-1);
    if (newest === undefined) return;
    for (const place of places) {
      place.entry = afterAttempt(place.entry, outcome, now.steadyMs, chance);
      if (outcome.kind === 'passing' && !surelyNotTaken.has(outcome.reason))
        place.maybeTaken = true;
    }
    const attempt = logLine(newest.entry.delivery, newest.entry.attempts, startedAt, outcome, now);
    this.#running.delete(delivery.id);
    this.#options.records.note(delivery, attempt, now);
    this.#options.queue.settle(places);
    if (outcome.kind === 'passing' && outcome.reason === 'rate_limited') {
      this.#options.queue.holdReceiver(delivery, newest.entry.nextAttemptAt);
    }
    this.#note(newest.entry, attempt);
    for (const place of places.slice(0, -1)) this.#note(place.entry, mergedLine(place, attempt));
    this.#afterwards(places, outcome, now);
    tell(this.#options.log, newest.entry, attempt);
    this.#options.onOutcome({ ...newest.entry, delivery }, attempt);
    this.#planStep();
  }

  #afterwards(places: readonly Place[], outcome: Outcome, now: Instant): void {
    if (outcome.kind === 'delivered') {
      for (const place of places) {
        this.#options.fallbacks.told(place.entry.delivery);
        this.#redirect(this.#options.fallbacks.proved(place, now));
      }
      // What a limit held back was counted when it was.
      for (const { held, entry } of places.slice(0, -1)) {
        if (!held) this.#suppressed(entry.delivery, 'grouped');
      }
    } else if (outcome.kind === 'permanent') {
      this.#handOver(places, now);
      for (const place of places) this.#options.fallbacks.leave(place);
    } else {
      const overdue = places.filter(
        (place) => place.standIns.size > 0 || this.#options.fallbacks.isOverdue(place, now),
      );
      for (const place of overdue) this.#handOver([...this.#options.queue.beside(place)], now);
    }
  }

  /** Ends of attempts at the same moment are saved together, with what begins because of them. */
  #planStep(): void {
    if (this.#isStepPlanned) return;
    this.#isStepPlanned = true;
    queueMicrotask(() => {
      this.#isStepPlanned = false;
      if (this.#stopping) this.#save();
      else this.wake();
    });
  }

  /** What a fallback has told is over, and the receiver never heard of it: there is nothing to tell. */
  #settleAsPast(places: readonly Place[], now: Instant): void {
    this.#options.queue.begin(places);
    const detail = 'not sent here: the fallback has told it, and it is over';
    for (const place of places) {
      place.entry = { ...place.entry, state: 'delivered' };
      const { delivery, attempts: number } = place.entry;
      this.#note(place.entry, logLine(delivery, number + 1, now, { kind: 'delivered', detail }));
    }
    this.#options.queue.settle(places);
  }

  /** Saves these entries with the next step. */
  save(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) this.#note(entry);
  }

  /** Goes on with places that were put back. */
  resume(places: readonly Place[]): void {
    for (const place of places) {
      this.#note(place.entry);
      this.#redirect(this.#options.fallbacks.enter(place, this.#options.clock.now()));
    }
  }

  /** Begins no more attempts, lets running ones end within `graceMs`, then aborts them. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#cancelWake();
    const cancelGrace = this.#options.clock.after(graceMs, () => {
      for (const { attempt } of this.#running.values()) attempt.cutShort('the agent is stopping');
    });
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    cancelGrace();
    this.#save();
  }

  /**
   * For how many milliseconds something has been due and was not begun, or, with every place taken, how long
   * the oldest attempt has been going on; 0 while all is in time.
   */
  standstillMs(): number {
    const full = this.#running.size >= concurrentSendsMax;
    const since = full
      ? Math.min(...[...this.#running.values()].map(({ startedAt }) => startedAt))
      : (this.#options.queue.nextDueAt() ?? Infinity);
    return Math.max(0, this.#options.clock.now().steadyMs - since);
  }

  /** Ids of the deliveries that are being sent right now. */
  sending(): readonly string[] {
    return [...this.#running.keys()];
  }
}

function isTest({ entry }: Place): boolean {
  return entry.delivery.notification.reason === 'test';
}

/** A line of the attempt log for an attempt that began at `startedAt` and ended at `now`. */
function logLine(
  { id }: Delivery,
  number: number,
  startedAt: Instant,
  outcome: Outcome,
  now: Instant = startedAt,
): Attempt {
  const durationMs = elapsedMs(startedAt, now);
  return { deliveryId: id, number, atMs: startedAt.wallMs, durationMs, outcome };
}

/** The line of a delivery that was sent as part of a newer one. */
function mergedLine({ entry }: Place, attempt: Attempt): Attempt {
  const { outcome, deliveryId } = attempt;
  const detail = `merged into ${deliveryId}: ${outcome.detail}`;
  return {
    ...attempt,
    deliveryId: entry.delivery.id,
    number: entry.attempts,
    outcome: { ...outcome, detail },
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
