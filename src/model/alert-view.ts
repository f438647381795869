import type { Acknowledgement } from './acknowledgement.ts';
import type { Alert } from './alert.ts';
import type { Labels } from './labels.ts';
import type { WallMs } from './time.ts';

/** An alert with everything that decides whether it is told; what `/api/v2/alerts` and `tocsin alerts` show. */
export interface AlertView {
  readonly alert: Alert;
  /** `unprocessed` until a group has looked at it for the first time. */
  readonly state: 'unprocessed' | 'active' | 'suppressed';
  /** Ids of silences. */
  readonly silencedBy: readonly string[];
  /** Fingerprints of the alerts that inhibit it. */
  readonly inhibitedBy: readonly string[];
  /** Names of time intervals that keep it back on every route it takes. */
  readonly mutedBy: readonly string[];
  /** The failing check that it depends on, or the alert about the uplink, if that keeps it back. */
  readonly dependsOn?: string;
  readonly acknowledgement?: Acknowledgement;
  /** Names of receivers, in the order of the routes. */
  readonly receivers: readonly string[];
  readonly updatedAt: WallMs;
  /** When it ends unless it is posted again; absent on alerts of the agent's own checks. */
  readonly until?: WallMs;
}

/** Alerts that are told together. */
export interface AlertGroupView {
  readonly labels: Labels;
  readonly receiver: string;
  readonly alerts: readonly AlertView[];
}
