import type { Alert, AlertStatus } from './alert.ts';
import type { Labels } from './labels.ts';
import type { Instant, SteadyMs, WallMs } from './time.ts';

export const integrationNames = [
  'slack',
  'pagerduty',
  'email',
  'webhook',
  'alertmanager',
  'terminal',
] as const;
export type IntegrationName = (typeof integrationNames)[number];

/** Why a notification is sent; the names of Alertmanager's decision table. */
export const notifyReasons = [
  'first notification',
  'new alerts added',
  'all alerts resolved',
  'some alerts resolved',
  'repeat interval elapsed',
  /** Somebody has taken it on; told to receivers that show it, such as PagerDuty. */
  'acknowledged',
  /** Nobody has taken it on in time: the next step of the route's `escalate`. */
  'escalated',
  /** Of the agent itself: a receiver that does not work, what a rate limit held back, the end of a silence. */
  'report',
  'test',
] as const;
export type NotifyReason = (typeof notifyReasons)[number];

/** Why one alert is taken for the cause of the others; the rules are in `routing/likely-root.ts`. */
export type RootReason = 'dependency' | 'uplink' | 'resource' | 'earliest';

/** What a receiver is told: one aggregation group at one moment. Rendering happens at each send. */
export interface Notification {
  readonly receiver: string;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  readonly status: AlertStatus;
  readonly reason: NotifyReason;
  /** Firing first, each kind ordered by labels. */
  readonly alerts: readonly Alert[];
  readonly truncatedAlerts: number;
  /** What has to be said beside the alerts: "told late, the network was out". Sentences, without markup. */
  readonly remarks?: readonly string[];
  /** Fingerprint of the alert that probably caused the others. */
  readonly likelyRoot?: string;
  /** Which rule says so: set exactly with `likelyRoot`. */
  readonly likelyRootReason?: RootReason;
  /** While it fires, the receiver hears of it again within this time; only where it has to. */
  readonly toldAgainWithinMs?: number;
  /** Who has taken it on. */
  readonly acknowledgedBy?: string;
}

/** One durable order to tell one integration of one receiver. */
export interface Delivery {
  readonly id: string;
  readonly receiver: string;
  readonly integration: IntegrationName;
  /** Position among the receiver's integrations of this kind. */
  readonly index: number;
  /** The same for every repeat and for the resolve, so that a receiver can merge them. */
  readonly dedupKey: string;
  readonly notification: Notification;
  readonly createdAt: Instant;
}

/** What came of one attempt to send. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly detail: string }
  | {
      readonly kind: 'passing';
      readonly reason: SendFailure;
      readonly detail: string;
      /** How long the receiver asked us to wait. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'permanent'; readonly reason: SendFailure; readonly detail: string };

/** Why a send failed: a closed list, exported as the label `reason`. */
export const sendFailures = [
  'resolve',
  'connect',
  'tls',
  'timeout',
  'rate_limited',
  'auth',
  'not_found',
  'client_error',
  'server_error',
  'protocol',
  'secret',
  'internal',
] as const;
export type SendFailure = (typeof sendFailures)[number];

/** Where a delivery stands in the outbox. */
export interface OutboxEntry {
  readonly delivery: Delivery;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  /** When the next attempt is due; meaningless once delivered or failed. */
  readonly nextAttemptAt: SteadyMs;
}

/** One line of the attempt log. */
export interface Attempt {
  readonly deliveryId: string;
  readonly number: number;
  readonly atMs: WallMs;
  readonly durationMs: number;
  readonly outcome: Outcome;
}
