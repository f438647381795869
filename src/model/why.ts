import type { AlertView } from './alert-view.ts';
import type { RecordedResult } from './result.ts';
import type { CheckSnapshot, DeliverySnapshot, GroupSnapshot } from './snapshot.ts';
import type { WallMs } from './time.ts';

/** One message that nobody got, and why. */
export interface SuppressionNote {
  readonly at: WallMs;
  readonly alertname: string;
  readonly fingerprint: string;
  readonly receiver: string;
  /** The label of `tocsin_notifications_suppressed_total`. */
  readonly reason: string;
  /** What kept it back, in words: the silence with its comment, the alert that inhibits, the parent. */
  readonly by: string;
}

/** What comes if nothing changes. */
export interface Outlook {
  readonly kind: 'message' | 'reminder' | 'escalation';
  readonly receiver: string;
  readonly at: WallMs;
  /** Why it will not be told, as it stands now: a reason of suppression. */
  readonly keptBackBy?: string;
}

/** Everything that led to the present state of one check or alert, and what comes next. */
export interface WhyReport {
  /** Absent for alerts that others posted, or that the agent raised of itself. */
  readonly check?: CheckSnapshot;
  /** Its alerts that fire. */
  readonly alerts: readonly AlertView[];
  /** Newest first. */
  readonly results: readonly RecordedResult[];
  /** The groups its alerts are in at the moment, with the time of their next message. */
  readonly groups: readonly GroupSnapshot[];
  /** The notifications that named it, newest first. */
  readonly deliveries: readonly DeliverySnapshot[];
  /** The messages that nobody got, newest first, since the agent started. */
  readonly suppressed: readonly SuppressionNote[];
  /** In order of time. */
  readonly outlook: readonly Outlook[];
}
