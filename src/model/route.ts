import type { Labels } from './labels.ts';
import type { CheckSchedule } from './check.ts';
import type { IntegrationName } from './delivery.ts';
import type { WallMs } from './time.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** One label matcher. A missing label counts as the empty value; regular expressions are anchored. */
export interface Matcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
  readonly matches: (labels: Labels) => boolean;
}

/** A named set of times, such as nights and week-ends. */
export interface TimeInterval {
  readonly name: string;
  readonly contains: (atMs: WallMs) => boolean;
}

/**
 * While an alert that matches `sourceMatchers` fires, those that match `targetMatchers` and have the same
 * values for the labels `equal` are not told. A label that both lack counts as equal.
 */
export interface InhibitRule {
  readonly name?: string;
  readonly sourceMatchers: readonly Matcher[];
  readonly targetMatchers: readonly Matcher[];
  readonly equal: readonly string[];
}

/** Tells a receiver of an alert that nobody has taken on so long after it was first told. */
export interface EscalationStep {
  readonly afterMs: number;
  readonly receiver: string;
}

/** A node of the routing tree with every inherited setting filled in. */
export interface Route {
  readonly receiver: string;
  /** Label names, or `'...'` alone for all labels. */
  readonly groupBy: readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  /** By which the interval grows with every reminder; 1 or more. */
  readonly repeatFactor: number;
  /** The longest interval between two reminders; infinite where none is set. */
  readonly repeatIntervalMaxMs: number;
  /** Who is told when nobody has taken an alert on, the earliest first. */
  readonly escalate: readonly EscalationStep[];
  readonly matchers: readonly Matcher[];
  readonly continue: boolean;
  /** Nothing is told while inside any of these, nor while outside all of `activeTimeIntervals`. */
  readonly muteTimeIntervals: readonly TimeInterval[];
  /** Empty means always. */
  readonly activeTimeIntervals: readonly TimeInterval[];
  readonly routes: readonly Route[];
}

/** One way of reaching people within a receiver. `options` is read by the integration of that name. */
export interface IntegrationSpec<Options = unknown> {
  readonly integration: IntegrationName;
  readonly index: number;
  readonly sendResolved: boolean;
  /** Each alert of a group becomes a delivery, and a dedup key, of its own. */
  readonly splitsAlerts: boolean;
  /** It forgets what it is not told again: how often it hears of what still fires, whatever the route says. */
  readonly refreshMs?: number;
  /** Whether it hears that somebody has taken on what it was told. */
  readonly tellsAcknowledgement: boolean;
  readonly options: Options;
}

/** So many messages in any time of that length. */
export interface RateLimit {
  readonly count: number;
  readonly perMs: number;
}

export interface ReceiverSpec {
  readonly name: string;
  readonly integrations: readonly IntegrationSpec[];
  /** Who is told once this receiver has failed for `afterMs`. */
  readonly fallback?: { readonly receiver: string; readonly afterMs: number };
  /** For each of its integrations. */
  readonly rateLimit?: RateLimit;
  /** When it is proved to work, by a test. */
  readonly proof?: CheckSchedule;
}
