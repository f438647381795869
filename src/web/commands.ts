import type { AlertPost, PostAnswer } from '../model/alert-post.ts';
import type { IntegrationName, Outcome } from '../model/delivery.ts';
import type { AlertLink, LinkVerdict } from '../model/alert-link.ts';
import type { AlertGroupView, AlertView } from '../model/alert-view.ts';
import type { Labels } from '../model/labels.ts';
import type { Recording } from '../model/recording.ts';
import type { RecordedResult } from '../model/result.ts';
import type { Silence, SilenceAnswer, SilenceRequest } from '../model/silence.ts';
import type { DeliverySnapshot } from '../model/snapshot.ts';
import type { WhyReport } from '../model/why.ts';

/** What a job reports to `/ping/NAME`. */
export interface PingReport {
  readonly kind: 'success' | 'start' | 'fail' | 'exit';
  /** Set exactly when the kind is `exit`; 0 to 255. */
  readonly exitCode?: number;
  /** What the job sent as body, cut at `pingBodyBytesMax`; absent when it sent none. */
  readonly output?: string;
}

/** Who reports: judge it with `mayPing`. */
export interface PingCaller {
  /** The token the caller named; absent if none. */
  readonly token?: string;
  /** Whether the caller may change state without a token: loopback, the Unix socket, or a user. */
  readonly trusted: boolean;
}

/** The answer of one integration to a test notification. */
export interface TestOutcome {
  readonly receiver: string;
  readonly integration: IntegrationName;
  readonly index: number;
  readonly outcome: Outcome;
}

/** Somebody takes on an alert. */
export interface AcknowledgeRequest {
  /** A fingerprint, or the name of a check: all its firing alerts. */
  readonly alert: string;
  readonly by: string;
  readonly comment: string;
}

export interface RoutingSummary {
  /** Names, in the order of the configuration. */
  readonly receivers: readonly string[];
  /** The sections that Alertmanager has too, in its format, with every secret masked. */
  readonly longForm: string;
  readonly resolveTimeoutMs: number;
}

type MaybePromise<Value> = Value | Promise<Value>;

/** What the web server may ask of the agent, beside the snapshot. None of them throws for bad input. */
export interface WebCommands {
  /** Reads the configuration again. The problems are sentences with file, line and column. */
  reload(): Promise<
    { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] }
  >;
  /** Takes the report of a job; `unknown` when no heartbeat has this name. */
  ping(
    name: string,
    report: PingReport,
    caller: PingCaller,
  ): MaybePromise<'ok' | 'unknown' | 'forbidden'>;
  /** At most `limit` results of a check, newest first; undefined for an unknown check. */
  history(check: string, limit: number): MaybePromise<readonly RecordedResult[] | undefined>;
  /** At most `limit` notifications, newest first. */
  deliveries(limit: number): MaybePromise<readonly DeliverySnapshot[]>;
  /** What was found and told, to be read in order. */
  recording(): Recording;
  /** Of a check, or an alert by name or fingerprint; undefined for what nobody knows. */
  why(name: string): MaybePromise<WhyReport | undefined>;
  /** Sends a marked test to one receiver, or to all; undefined for an unknown receiver. */
  testReceiver(receiver?: string): Promise<readonly TestOutcome[] | undefined>;
  /** Every alert that fires, ordered by fingerprint. */
  alerts(): readonly AlertView[];
  alertGroups(): readonly AlertGroupView[];
  /** Silences that are pending, active, or over but still kept. */
  silences(): readonly Silence[];
  /** Begins a silence or changes one; it is saved before this answers. */
  putSilence(request: SilenceRequest): SilenceAnswer;
  /** Ends a silence now; `over` says that it had ended already. */
  expireSilence(id: string): 'expired' | 'unknown' | 'over';
  /** Notes who has taken on a firing alert, or all that a check has; saved before this answers. */
  acknowledge(request: AcknowledgeRequest): 'acknowledged' | 'unknown' | 'not firing';
  /** Takes alerts of others; those that can be taken are, whatever the rest is like. */
  postAlerts(posts: readonly AlertPost[]): PostAnswer;
  /** What there is of routing in the present configuration. */
  routing(): RoutingSummary;
  /** Whether a link in a message may be used, and for how long. */
  judgeLink(link: AlertLink): LinkVerdict;
  /** The receivers that an alert with these labels would reach, in order, without doubles. */
  routesTest(labels: Labels): readonly string[];
}
