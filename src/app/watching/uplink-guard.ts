import { failuresNeeded } from '../../alerts/debounce.ts';
import { cameThrough, looksAtNetwork, uplinkAlert } from '../../alerts/uplink.ts';
import type { AlertOrigin } from '../../alerts/track.ts';
import type { Cancel, Clock } from '../../lib/clock.ts';
import { leadsOutside } from '../../lib/outside-host.ts';
import { uplinkAlertname, type Alert, type AlertPhase } from '../../model/alert.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import {
  uplinkRetryMs,
  uplinkSettleMs,
  uplinkVerdictGraceMs,
  uplinkVerdictMaxMs,
} from '../../model/limits.ts';
import type { CheckResult, RecordedResult } from '../../model/result.ts';
import { elapsedMs, type Instant, type WallMs } from '../../model/time.ts';
import type { KeptChange } from '../../store/store.ts';
import type { OwnAlerts } from './own-alerts.ts';

export interface UplinkGuardOptions {
  readonly clock: Clock;
  readonly alerts: OwnAlerts;
  readonly origin: () => Pick<AlertOrigin, 'labels' | 'generatorURL'>;
  /** Looks at a reference once; never rejects. */
  readonly look: (reference: CheckSpec) => Promise<CheckResult>;
  readonly phaseOf: (check: string) => AlertPhase;
  readonly runSoon: (check: string) => void;
  /** Has the groups of these checks' alerts looked at now: what kept them back is over. */
  readonly hasten: (checks: readonly string[]) => void;
  readonly keep: (change: KeptChange) => void;
}

/** What the guard remembers over a restart. */
interface Kept {
  /** Set while the uplink is down. */
  readonly downSince?: WallMs;
  /** Checks that are told only if they still fail now that the uplink is back, and how often they did. */
  readonly owed: Readonly<Record<string, number>>;
}

/** The latest look of a check at its target. */
interface Look {
  readonly through: boolean;
  readonly at: Instant;
  /** When the present row of looks that did not come through began. */
  readonly failingSince: WallMs;
}

type Connectivity = NonNullable<Config['agent']['connectivity']>;

/**
 * The guard of the agent's own connectivity.
 *
 * up         Something outside answers. The first check that does not come through makes it suspicious.
 * suspicious The references are looked at. If one answers, all is as usual. If none does, every other
 *            outside check runs at once: one that comes through ends the suspicion, and when none does, the
 *            uplink is down. Checks that failed meanwhile wait for the verdict.
 * down       Outside checks are measured, but not told; one alert stands for all of them, from the moment
 *            the first of them would have been told. The first answer of anything outside ends it.
 *
 * After that, checks whose alerts are open are told only once they have failed as often again as it takes
 * to fire: those that were sound all along are not told at all.
 */
export class UplinkGuard {
  readonly #options: UplinkGuardOptions;
  readonly #looks = new Map<string, Look>();
  #specs: ReadonlyMap<string, CheckSpec> = new Map();
  #connectivity: Connectivity | undefined;
  #kept: Kept;
  /** Since when the guard is suspicious. */
  #suspiciousSince: Instant | undefined;
  /** Checks whose latest result does not tell whether anything was reached. */
  readonly #mute = new Set<string>();
  /** Checks that would have been told, but wait for the verdict. */
  readonly #waiting = new Set<string>();
  /** Outside checks answered although no reference did. */
  #referencesFailAlone = false;
  #cancelVerdict: Cancel | undefined;
  #cancelLook: Cancel | undefined;
  /** Until what happened last has lasted for long enough to be told. */
  #cancelChange: Cancel | undefined;
  /** Whether the uplink has been down for long enough. */
  #mayTell = false;
  #stopped = false;

  /** `saved` is what the drawer `single` holds under `uplink`. */
  constructor(options: UplinkGuardOptions, saved: unknown) {
    this.#options = options;
    this.#kept = (saved as Kept | undefined) ?? { owed: {} };
  }

  /** Takes a configuration. Without `connectivity` there is no guard, and whatever it held back is told. */
  set(specs: ReadonlyMap<string, CheckSpec>, connectivity: Connectivity | undefined): void {
    const outside = [...specs.values()].filter(isOutside);
    this.#specs = new Map(
      connectivity === undefined ? [] : outside.map((spec) => [spec.name, spec]),
    );
    this.#connectivity = connectivity;
    for (const name of this.#looks.keys()) if (!this.#specs.has(name)) this.#looks.delete(name);
    if (this.#specs.size === 0) this.#forget();
    // A restart may have come between a change and the moment at which it is told.
    else if (this.#kept.downSince !== undefined) this.#tellLater();
    else if (this.sentence !== undefined) this.#endLater();
    this.#arm();
  }

  /** Whether the uplink is down; undefined where nothing guards it. */
  get isDown(): boolean | undefined {
    if (this.#connectivity === undefined) return undefined;
    return this.#kept.downSince !== undefined;
  }

  /** What is told while it is down. */
  get sentence(): string | undefined {
    return this.#options.alerts.get('uplink')?.annotations['description'];
  }

  /** What is wrong with the references, as a sentence. */
  get problem(): string | undefined {
    if (!this.#referencesFailAlone) return undefined;
    return `${this.#names().join(', ')} (agent.connectivity) cannot be reached although checks reach others`;
  }

  /** The name of the uplink's alert if that keeps back the alert of a check. */
  mutes({ labels: { check = '', alertname } }: Alert): string | undefined {
    if (check !== alertname || !this.#specs.has(check)) return undefined;
    const { downSince, owed } = this.#kept;
    const waits = this.#suspiciousSince !== undefined && this.#looks.get(check)?.through === false;
    if (waits) this.#waiting.add(check);
    return downSince !== undefined || waits || owed[check] !== undefined
      ? uplinkAlertname
      : undefined;
  }

  /** Hears of a result before its check is judged by it. */
  before(result: RecordedResult): void {
    const spec = this.#specs.get(result.check);
    if (spec === undefined) return;
    const through = cameThrough(spec, result);
    if (through === undefined) {
      this.#mute.add(spec.name);
      if (this.#suspiciousSince !== undefined) this.#conclude();
      return;
    }
    this.#mute.delete(spec.name);
    const now = this.#options.clock.now();
    const known = this.#looks.get(spec.name);
    const failingSince = known?.through === false ? known.failingSince : result.startedAt.wallMs;
    this.#looks.set(spec.name, { through, at: now, failingSince });
    if (through) {
      this.#answered();
    } else if (this.#kept.downSince === undefined) {
      if (this.#suspiciousSince === undefined) void this.#suspect(now);
      else this.#conclude();
    }
  }

  /** Hears of a result once its check has been judged by it. */
  after({ check, status }: RecordedResult): void {
    const spec = this.#specs.get(check);
    if (spec === undefined) return;
    const phase = this.#options.phaseOf(check);
    if (this.#kept.downSince !== undefined) {
      if (phase === 'firing') this.#tell();
      return;
    }
    const failures = this.#kept.owed[check];
    if (failures === undefined || status === 'unknown') return;
    const again = status === 'ok' ? failures : failures + 1;
    const settled = phase === 'inactive' || again >= failuresNeeded(spec.debounce);
    const { [check]: _, ...others } = this.#kept.owed;
    this.#keep({ owed: settled ? others : { ...others, [check]: again } });
    if (settled) this.#options.hasten([check]);
  }

  resave(): void {
    this.#keep(this.#kept);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelLook?.();
    this.#cancelVerdict?.();
    this.#cancelChange?.();
  }

  /** Something does not come through: is it alone? */
  async #suspect(now: Instant): Promise<void> {
    this.#suspiciousSince = now;
    const reached = await this.#reachesReference();
    if (this.#suspiciousSince !== now || this.#stopped) return;
    if (reached) {
      this.#referencesFailAlone = false;
      this.#trust();
      return;
    }
    const others = [...this.#specs.values()].filter((spec) => !this.#failsNow(spec.name));
    // References that fail while others answer prove nothing; these others are not hurried each time.
    if (this.#referencesFailAlone && others.some(({ name }) => this.#looks.get(name)?.through)) {
      this.#trust();
      return;
    }
    for (const { name } of others) this.#options.runSoon(name);
    const longestMs = Math.max(...[...this.#specs.values()].map(({ timeoutMs }) => timeoutMs));
    const waitMs = Math.min(longestMs + uplinkVerdictGraceMs, uplinkVerdictMaxMs);
    this.#cancelVerdict = this.#options.clock.after(waitMs, () => this.#trust());
    this.#conclude();
  }

  /** Down, once every check has looked since the suspicion began and none came through. */
  #conclude(): void {
    const names = [...this.#specs.keys()].filter((name) => this.#tells(name));
    if (this.#cancelVerdict === undefined || !names.every((name) => this.#failsNow(name))) return;
    const since = Math.min(...names.map((name) => this.#looks.get(name)?.failingSince ?? Infinity));
    this.#endSuspicion();
    this.#keep({ downSince: since as WallMs, owed: {} });
    this.#arm();
    this.#tellLater();
  }

  /**
   * A loss as short as this is not told: looks that had to confirm it have brought the checks closer to
   * firing than they would have been.
   */
  #tellLater(): void {
    this.#mayTell = false;
    this.#cancelChange?.();
    this.#cancelChange = this.#options.clock.after(uplinkSettleMs, () => {
      this.#mayTell = true;
      const phases = [...this.#specs.keys()].map((name) => this.#options.phaseOf(name));
      if (phases.includes('firing')) this.#tell();
    });
  }

  /** Something outside came through. */
  #answered(): void {
    if (this.#kept.downSince !== undefined) this.#back();
    if (this.#suspiciousSince === undefined) return;
    this.#referencesFailAlone = this.#cancelVerdict !== undefined;
    this.#trust();
  }

  /** The uplink is up: whoever waited for the verdict is told as usual. */
  #trust(): void {
    const waiting = [...this.#waiting];
    this.#endSuspicion();
    this.#options.hasten(waiting);
  }

  #endSuspicion(): void {
    this.#suspiciousSince = undefined;
    this.#waiting.clear();
    this.#cancelVerdict?.();
    this.#cancelVerdict = undefined;
  }

  #back(): void {
    const open = [...this.#specs.keys()].filter(
      (name) => this.#options.phaseOf(name) !== 'inactive',
    );
    this.#keep({ owed: Object.fromEntries(open.map((name) => [name, 0])) });
    for (const name of open) this.#options.runSoon(name);
    this.#endLater();
    this.#arm();
  }

  /** Ends the alert unless the uplink goes down again at once: one that comes and goes is one story. */
  #endLater(): void {
    const { clock, alerts, origin } = this.#options;
    const backAt = clock.now();
    this.#cancelChange?.();
    this.#cancelChange = clock.after(uplinkSettleMs, () => {
      const host = origin().labels['host'] ?? 'this host';
      alerts.end('uplink', `${host} reaches the outside again`, backAt);
    });
  }

  #tell(): void {
    const { alerts, origin } = this.#options;
    const { downSince: since } = this.#kept;
    if (since === undefined || !this.#mayTell || alerts.get('uplink') !== undefined) return;
    const checks = [...this.#specs.keys()].filter(
      (name) => this.#looks.get(name)?.through === false,
    );
    alerts.raise('uplink', uplinkAlert(origin(), { checks, since, references: this.#names() }));
  }

  /** Nobody guards any more. */
  #forget(): void {
    const { alerts, clock } = this.#options;
    this.#endSuspicion();
    this.#cancelChange?.();
    this.#referencesFailAlone = false;
    alerts.end('uplink', 'no longer watched for', clock.now(), true);
    if (this.#kept.downSince !== undefined || Object.keys(this.#kept.owed).length > 0) {
      this.#keep({ owed: {} });
    }
  }

  /** Looks at the references now and then, and often while the uplink is down. */
  #arm(): void {
    this.#cancelLook?.();
    if (this.#connectivity === undefined || this.#specs.size === 0) return;
    const isDown = this.#kept.downSince !== undefined;
    const delayMs = isDown ? uplinkRetryMs : this.#connectivity.intervalMs;
    this.#cancelLook = this.#options.clock.after(delayMs, () => void this.#lookAgain());
  }

  async #lookAgain(): Promise<void> {
    const reached = await this.#reachesReference();
    if (this.#stopped) return;
    if (reached) {
      this.#referencesFailAlone = false;
      if (this.#kept.downSince !== undefined) this.#back();
    } else if (this.#kept.downSince === undefined && this.#suspiciousSince === undefined) {
      this.#referencesFailAlone = [...this.#looks.values()].some(({ through }) => through);
    }
    this.#arm();
  }

  async #reachesReference(): Promise<boolean> {
    const references = this.#connectivity?.references ?? [];
    const looks = references.map(async (spec) => cameThrough(spec, await this.#options.look(spec)));
    return (await Promise.all(looks)).some((through) => through === true);
  }

  /** Whether a check has looked since the suspicion began, and did not come through. */
  #failsNow(check: string): boolean {
    const look = this.#looks.get(check);
    if (look === undefined || look.through || this.#suspiciousSince === undefined) return false;
    return elapsedMs(this.#suspiciousSince, look.at) >= 0;
  }

  /** A check of which every result is `unknown`, or that wants its target down, tells nothing. */
  #tells(check: string): boolean {
    return !this.#mute.has(check) && this.#specs.get(check)?.expect !== 'down';
  }

  #names(): string[] {
    return this.#connectivity?.references.map(({ target = '' }) => target) ?? [];
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    this.#options.keep({ drawer: 'single', name: 'uplink', value: kept });
  }
}

/** Whether a check looks outside of this host and its network. */
export function isOutside(spec: CheckSpec): boolean {
  if (spec.outside !== undefined) return spec.outside;
  return looksAtNetwork(spec) && spec.target !== undefined && leadsOutside(spec.target);
}
