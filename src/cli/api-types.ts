import type { Status } from '../model/result.ts';

/** The parts of the API's answers (docs/api.md) that the command line shows. */

export interface ResultAnswer {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly status: Status;
  readonly reason?: string;
  readonly summary: string;
}

export interface CheckAnswer {
  readonly name: string;
  readonly type: string;
  readonly target?: string;
  readonly up: boolean | null;
  readonly phase: string;
  readonly flapping: boolean;
  readonly stalledSince: string | null;
  readonly since: string | null;
  readonly rule: string;
  readonly failures: number;
  readonly successes: number;
  readonly runs: number;
  readonly missedRuns: number;
  readonly nextRunAt: string | null;
  readonly latest: ResultAnswer | null;
}

export interface ReceiverAnswer {
  readonly receiver: string;
  readonly integration: string;
  readonly pending: number;
  readonly oldestAgeMs: number;
  readonly lastSuccessAt: string | null;
  readonly failing: { readonly at: string; readonly detail: string } | null;
}

export interface StatusAnswer {
  readonly agent: {
    readonly name: string;
    readonly version: string;
    readonly startedAt: string;
    readonly now: string;
    readonly problems: readonly string[];
  };
  readonly checks: readonly CheckAnswer[];
  readonly receivers: readonly ReceiverAnswer[];
}

export interface NotificationAnswer {
  readonly receiver: string;
  readonly integration: string;
  readonly createdAt: string;
  readonly state: string;
  readonly reason: string;
  readonly status: string;
  readonly attempts: readonly {
    readonly number: number;
    readonly at: string;
    readonly outcome: string;
    readonly reason?: string;
    readonly detail: string;
  }[];
}

export interface SuppressionAnswer {
  readonly at: string;
  readonly receiver: string;
  readonly reason: string;
  readonly by: string;
}

export interface OutlookAnswer {
  readonly kind: 'message' | 'reminder' | 'escalation';
  readonly receiver: string;
  readonly at: string;
  readonly keptBackBy: string | null;
}

export interface WhyAnswer {
  /** Null for alerts that others posted. */
  readonly check: CheckAnswer | null;
  readonly alerts: readonly AlertAnswer[];
  readonly results: readonly ResultAnswer[];
  readonly groups: readonly {
    readonly receiver: string;
    readonly nextFlushAt: string;
    readonly alerts: readonly { readonly alertname: string; readonly mutedBy?: string }[];
  }[];
  readonly notifications: readonly NotificationAnswer[];
  readonly suppressed: readonly SuppressionAnswer[];
  readonly outlook: readonly OutlookAnswer[];
}

export interface AlertAnswer {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly state: 'unprocessed' | 'active' | 'suppressed';
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
  readonly dependsOn: string | null;
  readonly acknowledgement: {
    readonly by: string;
    readonly comment: string;
    readonly at: string;
  } | null;
  readonly receivers: readonly string[];
}

export interface SilenceAnswer {
  readonly id: string;
  readonly state: 'pending' | 'active' | 'expired';
  /** In the notation of matchers: `alertname="gateway"`. */
  readonly matchers: readonly string[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
  readonly untilOk: boolean;
}
