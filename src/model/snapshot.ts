import type { AlertPhase } from './alert.ts';
import type { CheckSpec } from './check.ts';
import type { Attempt, IntegrationName, NotifyReason, OutboxEntry } from './delivery.ts';
import type { AlertStatus } from './alert.ts';
import type { Labels } from './labels.ts';
import type { RecordedResult } from './result.ts';
import type { WallMs } from './time.ts';

/** What the page, the API and the command line show: plain data, read in one go, no secrets. */

export interface CheckSnapshot {
  readonly spec: CheckSpec;
  readonly phase: AlertPhase;
  /** The severity with which its alert fires; absent while it does not. */
  readonly firingAs?: string;
  /** False while its alert fires, but for one that is only a warning. */
  readonly up: boolean;
  readonly flapping: boolean;
  /** Since when it has not been looked at, if that is longer than it should be. */
  readonly stalledSince?: WallMs;
  /** Since when the alert is in its phase; absent while inactive. */
  readonly since?: WallMs;
  /** Which rule held back or fired at the last result, as a sentence. */
  readonly rule: string;
  readonly failures: number;
  readonly successes: number;
  /** Newest last, at most `recentResultsMax`; empty before the first run. */
  readonly recent: readonly RecordedResult[];
  readonly running: boolean;
  readonly nextRunAt?: WallMs;
  readonly runs: number;
  readonly missedRuns: number;
}

export interface ReceiverSnapshot {
  readonly receiver: string;
  readonly integration: IntegrationName;
  readonly index: number;
  readonly pending: number;
  readonly oldestAgeMs: number;
  readonly lastSuccessAt?: WallMs;
  /** The latest test that it took. */
  readonly lastProofAt?: WallMs;
  /** Its rate limit is reached: what waits is held back, not undeliverable. */
  readonly limited?: true;
  /** The latest failure, if nothing was delivered since. */
  readonly failing?: { readonly at: WallMs; readonly detail: string };
}

/** A group of alerts waiting for its next message. */
export interface GroupSnapshot {
  readonly key: string;
  readonly receiver: string;
  readonly labels: Labels;
  readonly alerts: readonly {
    readonly alertname: string;
    readonly fingerprint: string;
    readonly status: AlertStatus;
    /** Why it is not told at the moment. */
    readonly mutedBy?: string;
  }[];
  readonly nextFlushAt: WallMs;
}

/** One notification with everything that was tried to deliver it. */
export interface DeliverySnapshot {
  readonly entry: OutboxEntry;
  readonly reason: NotifyReason;
  readonly attempts: readonly Attempt[];
}

export interface AgentSnapshot {
  readonly name: string;
  readonly version: string;
  readonly node: string;
  readonly startedAt: WallMs;
  readonly now: WallMs;
  readonly configFiles: readonly string[];
  readonly dataDir: string;
  readonly lastReload: {
    readonly successful: boolean;
    readonly at: WallMs;
    readonly error?: string;
  };
  readonly ready: boolean;
  /** In the order of the configuration. */
  readonly checks: readonly CheckSnapshot[];
  readonly groups: readonly GroupSnapshot[];
  readonly receivers: readonly ReceiverSnapshot[];
  /** Newest first. */
  readonly deliveries: readonly DeliverySnapshot[];
  /** Whether nothing outside can be reached; absent where nobody guards the uplink. */
  readonly uplinkDown?: boolean;
  /** What is wrong with the agent itself. */
  readonly problems: readonly string[];
}
