import {
  alertOf,
  expired,
  faultOf,
  merged,
  postedAlert,
  sameForRouting,
  type PostedAlert,
} from '../../alerts/posted-alerts.ts';
import type { Clock } from '../../lib/clock.ts';
import { DueQueue } from '../../model/due-queue.ts';
import type { Alert } from '../../model/alert.ts';
import type { AlertPost, PostAnswer } from '../../model/alert-post.ts';
import type { Labels } from '../../model/labels.ts';
import {
  postedAlertsMax,
  postedEndKeptMs,
  postedLengthMax,
  postedRefusalReportedMs,
} from '../../model/limits.ts';
import { elapsedMs, laterMs, type Instant, type SteadyMs } from '../../model/time.ts';
import type { AlertSource } from '../pipeline/alert-source.ts';
import type { Journal } from '../pipeline/journal.ts';

export interface PostedAlertsOptions {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'keep' | 'flushKept' | 'failure'>;
  /** Lets routing hear of alerts. */
  readonly offer: (alerts: readonly Alert[]) => void;
  /** How long an alert fires that is posted without an end. */
  readonly resolveTimeoutMs: () => number;
  /** Whether these labels are those of a check of this agent, of which nobody else may tell. */
  readonly isOwn: (labels: Labels) => boolean;
  /** Called after each request, with what came of its alerts and the reasons against invalid ones. */
  readonly onPosted: (counts: PostedCounts, faults: readonly string[]) => void;
}

/** How many alerts of a request fire or have ended, are invalid, or were too many. */
interface PostedCounts {
  readonly firing: number;
  readonly resolved: number;
  readonly invalid: number;
  readonly refused: number;
}

/**
 * The alerts that others post. One fires until it is posted with an end, or until nobody has posted it
 * again in time, which counts by the steady clock and only while the agent runs: neither a step of the
 * date nor a restart resolves anything.
 *
 * Nothing here looks at all alerts in turn: a post costs what its own alerts cost.
 */
export class PostedAlerts implements AlertSource {
  readonly #options: PostedAlertsOptions;
  readonly #firing = new Map<string, PostedAlert>();
  /** Ends are remembered for a while, oldest first: they may be posted again, and merge. */
  readonly #ended = new Map<string, PostedAlert>();
  readonly #due = new DueQueue<string>();
  #length = 0;
  #refusedAt: Instant | undefined;

  /** `pausedMs` is how long nothing could be posted, since the process that saved `saved` ended. */
  constructor(
    options: PostedAlertsOptions,
    saved: ReadonlyMap<string, unknown> | undefined,
    pausedMs: number,
  ) {
    this.#options = options;
    const alerts = [...(saved?.values() ?? [])] as PostedAlert[];
    for (const alert of alerts.toSorted((a, b) => a.expiresAt - b.expiresAt)) {
      if (alert.ended) this.#ended.set(alert.fingerprint, alert);
      else this.#fire({ ...alert, expiresAt: laterMs(alert.expiresAt, pausedMs) });
    }
  }

  /** Takes what can be taken of one request. */
  post(posts: readonly AlertPost[]): PostAnswer {
    const { clock, journal, offer, resolveTimeoutMs, onPosted } = this.#options;
    const now = clock.now();
    const offers: Alert[] = [];
    const faults: string[] = [];
    let tooMany = 0;
    let resolved = 0;
    for (const post of posts) {
      const next = postedAlert(post, now, resolveTimeoutMs());
      const fault = faultOf(next) ?? this.#ownFault(next);
      if (fault !== undefined) faults.push(fault);
      else if (this.#isTooMany(next)) tooMany += 1;
      else {
        if (next.ended) resolved += 1;
        offers.push(...this.#put(next, post.startsAt !== undefined, now));
      }
    }
    const firing = posts.length - faults.length - tooMany - resolved;
    onPosted({ firing, resolved, invalid: faults.length, refused: tooMany }, faults);
    if (tooMany > 0) this.#refusedAt = now;
    if (offers.length > 0) offer(offers);
    // That alerts go on need not be on disk before the answer: they are posted again every minute.
    const mustSave = offers.length > 0 || journal.failure !== undefined;
    return { faults, tooMany, saved: !mustSave || journal.flushKept() };
  }

  /** Ends what nobody has posted again in time, and forgets ends that are long past. */
  expire(now: Instant): readonly Alert[] {
    const ended: Alert[] = [];
    for (;;) {
      const name = this.#due.take(now.steadyMs);
      if (name === undefined) break;
      const alert = this.#firing.get(name);
      if (alert === undefined) continue;
      // It was posted again after it was put into the queue.
      if (alert.expiresAt > now.steadyMs) this.#due.put(name, alert.expiresAt);
      else ended.push(this.#end(expired(alert, now), now));
    }
    this.#forget(now);
    return ended;
  }

  /** When `expire` has something to do; it may turn out that it has not. */
  nextExpiryAt(): SteadyMs | undefined {
    return this.#due.nextAt();
  }

  /** What fires and what has ended of late: routing may have been saved before it heard of either. */
  known(): Alert[] {
    return [...this.#ended.values(), ...this.#firing.values()].map(alertOf);
  }

  /** One that fires. */
  get(fingerprint: string): PostedAlert | undefined {
    return this.#firing.get(fingerprint);
  }

  /** What is wrong, as a sentence: alerts that others post were refused a short while ago. */
  problem(now: Instant): string | undefined {
    if (this.#refusedAt === undefined) return undefined;
    if (elapsedMs(this.#refusedAt, now) > postedRefusalReportedMs) return undefined;
    return `alerts that others post are refused: ${this.#firing.size} fire already`;
  }

  /** Saves everything again, for a database that has begun anew. */
  resave(): void {
    for (const [name, alert] of [...this.#ended, ...this.#firing]) {
      this.#keep(name, alert, false);
    }
  }

  /** `isNews` when a power cut must not take it away. */
  #keep(name: string, value: PostedAlert | undefined, isNews: boolean): void {
    const change = { drawer: 'posted_alert', name, value } as const;
    this.#options.journal.keep(isNews ? { ...change, durable: true } : change);
  }

  #ownFault({ labels }: PostedAlert): string | undefined {
    if (!this.#options.isOwn(labels)) return undefined;
    return `these are the labels of the check ${labels['check']} of this agent`;
  }

  #isTooMany(next: PostedAlert): boolean {
    if (next.ended || this.#firing.has(next.fingerprint)) return false;
    return this.#firing.size >= postedAlertsMax || this.#length >= postedLengthMax;
  }

  #put(next: PostedAlert, hasOwnStart: boolean, now: Instant): Alert[] {
    const { fingerprint } = next;
    const known = this.#firing.get(fingerprint) ?? this.#ended.get(fingerprint);
    // The end of something that nobody has told of is no news, and nothing to remember.
    if (known === undefined && next.ended) return [];
    const alert = known === undefined ? next : merged(known, next, hasOwnStart);
    if (alert === known) return [];
    const isNews = known === undefined || !sameForRouting(known, alert);
    if (alert.ended) {
      const ended = this.#end(alert, now);
      return isNews ? [ended] : [];
    }
    this.#fire(alert);
    this.#keep(fingerprint, alert, isNews);
    return isNews ? [alertOf(alert)] : [];
  }

  #fire(alert: PostedAlert): void {
    const { fingerprint, expiresAt } = alert;
    const known = this.#firing.get(fingerprint);
    this.#ended.delete(fingerprint);
    this.#firing.set(fingerprint, alert);
    this.#length += lengthOf(alert) - (known === undefined ? 0 : lengthOf(known));
    // One that was moved back is looked at when its former time has come: no need to search for it.
    if (known === undefined || expiresAt < known.expiresAt) this.#due.put(fingerprint, expiresAt);
  }

  #end(alert: PostedAlert, now: Instant): Alert {
    const { fingerprint } = alert;
    const known = this.#firing.get(fingerprint);
    if (known !== undefined) this.#length -= lengthOf(known);
    this.#firing.delete(fingerprint);
    this.#due.remove(fingerprint);
    const kept = { ...alert, expiresAt: laterMs(now.steadyMs, postedEndKeptMs) };
    this.#ended.delete(fingerprint);
    this.#ended.set(fingerprint, kept);
    this.#keep(fingerprint, kept, known !== undefined);
    return alertOf(alert);
  }

  #forget(now: Instant): void {
    for (const [fingerprint, { expiresAt }] of this.#ended) {
      if (expiresAt > now.steadyMs && this.#ended.size <= postedAlertsMax) return;
      this.#ended.delete(fingerprint);
      this.#keep(fingerprint, undefined, false);
    }
  }
}

function lengthOf({ labels, annotations }: PostedAlert): number {
  const texts = [...Object.entries(labels), ...Object.entries(annotations)].flat();
  return texts.reduce((sum, text) => sum + text.length, 0);
}
