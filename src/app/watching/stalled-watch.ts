import { isStalled, stalledAlert, type Unseen } from '../../alerts/stalled.ts';
import type { AlertOrigin } from '../../alerts/track.ts';
import type { Cancel, Clock } from '../../lib/clock.ts';
import type { CheckSpec } from '../../model/check.ts';
import { stalledLookMs } from '../../model/limits.ts';
import type { RecordedResult } from '../../model/result.ts';
import { elapsedMs, type Instant, type WallMs } from '../../model/time.ts';
import type { OwnAlerts } from './own-alerts.ts';

export interface StalledWatchOptions {
  readonly clock: Clock;
  readonly alerts: OwnAlerts;
  readonly origin: () => Pick<AlertOrigin, 'labels' | 'generatorURL'>;
  /** When a check runs next, for those with a cron schedule. */
  readonly nextRunAt: (check: string) => WallMs | undefined;
}

interface Watched {
  spec: CheckSpec;
  since: Instant;
  /** Reading of the waking time at `since`. */
  sinceMs: number;
  said: string | undefined;
  /** Regular times of a cron schedule that have passed, and the next one as last seen. */
  passed: number;
  nextRunAt: WallMs | undefined;
}

/**
 * Watches that every check is really looked at. Time counts only as far as this watch itself could look:
 * when the process was stopped or starved, checks could not run either, and that is not their fault.
 */
export class StalledWatch {
  readonly #options: StalledWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #after = 0;
  #awakeMs = 0;
  #lookedAt: Instant;
  #cancel: Cancel | undefined;

  constructor(options: StalledWatchOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.now();
  }

  /** Takes the checks of a configuration; `after` is in intervals, 0 never raises anything. */
  set(specs: ReadonlyMap<string, CheckSpec>, after: number): void {
    const now = this.#options.clock.now();
    this.#after = after;
    for (const name of this.#watched.keys()) if (!specs.has(name)) this.#watched.delete(name);
    for (const spec of specs.values()) {
      const known = this.#watched.get(spec.name);
      if (known?.spec === spec) continue;
      this.#watched.set(spec.name, this.#begin(spec, now));
    }
    for (const name of this.#options.alerts.names()) {
      const check = checkOf(name);
      if (check === undefined || (after > 0 && specs.has(check))) continue;
      this.#options.alerts.end(name, 'no longer watched for', now, true);
    }
    this.#cancel ??= this.#arm();
  }

  /** Notes that a run has ended. A run that says `unknown` has not looked. */
  finished({ check, status, reason, summary }: RecordedResult): void {
    const watched = this.#watched.get(check);
    if (watched === undefined) return;
    // The members of a group tell by themselves that nobody can look at them, but not what they do not tell.
    const isToldElsewhere = watched.spec.type === 'group' && reason !== 'missing';
    if (status === 'unknown' && !isToldElsewhere) {
      watched.said = summary;
      return;
    }
    const now = this.#options.clock.now();
    this.#watched.set(check, this.#begin(watched.spec, now));
    this.#options.alerts.end(alertName(check), `looked at again: ${summary}`, now);
  }

  /** Since when a check has not been looked at, if it counts as stalled. */
  since(check: string): WallMs | undefined {
    return this.#options.alerts.get(alertName(check))?.startsAt;
  }

  /** Names of stalled checks of which no run has ended at all: nothing runs them. */
  notRun(): string[] {
    const stalled = [...this.#watched.values()].filter(({ said }) => said === undefined);
    return stalled.map(({ spec }) => spec.name).filter((name) => this.since(name) !== undefined);
  }

  stop(): void {
    this.#cancel?.();
  }

  #begin(spec: CheckSpec, now: Instant): Watched {
    return {
      spec,
      since: now,
      sinceMs: this.#awakeAt(now),
      said: undefined,
      passed: 0,
      nextRunAt: undefined,
    };
  }

  /** The waking time so far: of a pause much longer than planned only the planned part counts. */
  #awakeAt(now: Instant): number {
    return this.#awakeMs + Math.min(elapsedMs(this.#lookedAt, now), 2 * stalledLookMs);
  }

  #arm(): Cancel {
    return this.#options.clock.after(stalledLookMs, () => {
      const now = this.#options.clock.now();
      this.#awakeMs = this.#awakeAt(now);
      this.#lookedAt = now;
      for (const watched of this.#watched.values()) this.#look(watched);
      this.#cancel = this.#arm();
    });
  }

  #look(watched: Watched): void {
    const unseen = this.#unseen(watched);
    if (!isStalled(watched.spec, unseen, this.#after)) return;
    const { alerts, origin } = this.#options;
    const name = alertName(watched.spec.name);
    // The text counts on while it lasts, but what was told is not told again for that.
    if (alerts.get(name) === undefined) {
      alerts.raise(name, stalledAlert(watched.spec, origin(), unseen));
    }
  }

  #unseen(watched: Watched): Unseen {
    const { spec, since, sinceMs, said } = watched;
    const waitedMs = this.#awakeMs - sinceMs;
    const seen = { since, waitedMs, ...(said === undefined ? {} : { said }) };
    const { schedule } = spec;
    if (schedule.kind === 'interval') {
      return { ...seen, intervals: Math.floor(waitedMs / schedule.intervalMs) };
    }
    const next = this.#options.nextRunAt(spec.name);
    if (watched.nextRunAt !== undefined && next !== watched.nextRunAt) watched.passed += 1;
    watched.nextRunAt = next;
    return { ...seen, intervals: watched.passed };
  }
}

function alertName(check: string): string {
  return `stalled ${check}`;
}

function checkOf(name: string): string | undefined {
  return name.startsWith('stalled ') ? name.slice('stalled '.length) : undefined;
}
