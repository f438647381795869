import type { AlertPhase, AlertStatus } from './alert.ts';
import type { Config } from './config.ts';
import type { NotifyReason } from './delivery.ts';
import type { Labels } from './labels.ts';
import type { FailureReason, Status } from './result.ts';
import type { Matcher } from './route.ts';
import type { WallMs } from './time.ts';

/** One story to be played through a configuration, and what people ought to hear of it. */
export interface Scenario {
  readonly name: string;
  /** Where it stands, for people: `file:line`. */
  readonly place: string;
  readonly config: Config;
  /** The date at which it begins; every other time counts in milliseconds from there. */
  readonly startsAt: WallMs;
  readonly lengthMs: number;
  /** By name of the check; checks that are not named are not watched. */
  readonly results: ReadonlyMap<string, readonly ScriptedResults[]>;
  /** By time. */
  readonly events: readonly ScenarioEvent[];
  /** Every message there ought to be, and no other; undefined asks for none in particular. */
  readonly notifications?: readonly ExpectedNotification[];
  readonly phases: readonly ExpectedPhase[];
}

/** What a check finds, so many times in a row, one run after the other. */
export interface ScriptedResults {
  /** When the first of these runs is; by default when the check's schedule has it. */
  readonly atMs?: number;
  /** `none`: the run does not report. */
  readonly status: Status | 'none';
  readonly times: number;
  readonly summary?: string;
  readonly reason?: FailureReason;
}

export type ScenarioEvent = { readonly atMs: number } & (
  | {
      readonly kind: 'silence';
      readonly matchers: readonly Matcher[];
      readonly lastsMs: number;
      readonly comment: string;
      readonly untilOk: boolean;
    }
  | { readonly kind: 'acknowledge'; readonly alertname: string; readonly by: string }
  | {
      readonly kind: 'post';
      readonly labels: Labels;
      readonly annotations: Labels;
      readonly resolved: boolean;
    }
  | { readonly kind: 'reload'; readonly config: Config }
);

/** What is not given is not compared. */
export interface ExpectedNotification {
  readonly place: string;
  readonly atMs?: number;
  readonly receiver?: string;
  readonly status?: AlertStatus;
  readonly reason?: NotifyReason;
  /** Names of all its alerts, of those that fire, and of those that have resolved; in any order. */
  readonly alerts?: readonly string[];
  readonly firing?: readonly string[];
  readonly resolved?: readonly string[];
  /** What its text holds. */
  readonly text?: readonly string[];
}

export interface ExpectedPhase {
  readonly place: string;
  readonly atMs: number;
  readonly check: string;
  readonly phase: AlertPhase;
}
