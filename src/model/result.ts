import type { Labels } from './labels.ts';
import type { Instant } from './time.ts';

/** What one run of a check found. `unknown` means the agent could not look; it is never "down". */
export const statuses = ['ok', 'warning', 'critical', 'unknown'] as const;
export type Status = (typeof statuses)[number];

/** Why a run was not ok: the closed list that metric labels, alerts and logs share. */
export const failureReasons = [
  'resolve',
  'connect',
  'tls',
  'timeout',
  'status',
  'header',
  'body',
  'auth',
  'permission',
  'threshold',
  'missing',
  'stale',
  'protocol',
  'command',
  'internal',
] as const;
export type FailureReason = (typeof failureReasons)[number];

/** A named part of a run (`resolve`, `connect`, `tls`, …) and the milliseconds it took. */
export interface Phase {
  readonly name: string;
  readonly ms: number;
}

/** One gauge family of the Prometheus text format, as measured by a run. Values in base units. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[];
}

/**
 * A figure with the limits it was judged by, in the shape of Nagios performance data. Exported as
 * `tocsin_check_value{metric}`; `warning` and `critical` are in the notation of the check.
 */
export interface MeasuredValue {
  readonly metric: string;
  readonly value: number;
  /** `s`, `%`, `B`, `c` or empty, as in the Nagios plugin contract. */
  readonly unit?: string;
  readonly warning?: string;
  readonly critical?: string;
}

/** Something that a check found and that is no number: a version, a checksum. Groups compare them. */
export interface Fact {
  readonly name: string;
  readonly text: string;
}

/** What was found out about one part of a service that a single check looks at as a whole. */
export interface PartFinding {
  /** Its name in metrics and in the configuration, such as `cron`. */
  readonly part: string;
  readonly status: Status;
  /** Set exactly when the status is not `ok`. */
  readonly reason?: FailureReason;
  readonly summary: string;
  /** Their metrics begin with the name of the part and a full stop. */
  readonly values: readonly MeasuredValue[];
  /** Named in the same way. */
  readonly facts?: readonly Fact[];
  /** Nobody looked at it this time: its status says nothing. */
  readonly notSeen?: true;
}

export interface CheckResult {
  readonly status: Status;
  /** One sentence for people: what was found, with the measured value and the limit. */
  readonly summary: string;
  /** Set exactly when the status is not `ok`. */
  readonly reason?: FailureReason;
  /** Lines that explain it: the command's long output, the log of the probe. Bounded. */
  readonly detail: readonly string[];
  readonly phases: readonly Phase[];
  readonly families: readonly MetricFamily[];
  readonly values: readonly MeasuredValue[];
  readonly facts?: readonly Fact[];
  /** One for each part, where the check looks at several; exported as `tocsin_check_part_status`. */
  readonly findings?: readonly PartFinding[];
  /** Milliseconds since what is watched was started, where the check can know: for `start_period`. */
  readonly subjectAgeMs?: number;
  /** Units of systemd in which what fails runs, where the check knows and does not tell their log itself. */
  readonly units?: readonly string[];
}

/** A result together with when it was measured and how long the run took. */
export interface RecordedResult extends CheckResult {
  readonly check: string;
  readonly startedAt: Instant;
  readonly durationMs: number;
}

type Extras = Partial<
  Pick<
    CheckResult,
    'detail' | 'phases' | 'families' | 'values' | 'facts' | 'findings' | 'subjectAgeMs' | 'units'
  >
>;

export function ok(summary: string, extras: Extras = {}): CheckResult {
  return { status: 'ok', summary, detail: [], phases: [], families: [], values: [], ...extras };
}

export function notOk(
  status: Exclude<Status, 'ok'>,
  reason: FailureReason,
  summary: string,
  extras: Extras = {},
): CheckResult {
  return { status, reason, summary, detail: [], phases: [], families: [], values: [], ...extras };
}

const severityOrder: Record<Status, number> = { critical: 0, warning: 1, unknown: 2, ok: 3 };

/** Sorts the worst first: critical, warning, unknown, ok. */
export function byWorst(a: Status, b: Status): number {
  return severityOrder[a] - severityOrder[b];
}

/** Findings with the worst first; those of one status stay in their order. */
export function fromWorst<Finding extends { readonly status: Status }>(
  findings: readonly Finding[],
): Finding[] {
  return findings.toSorted((a, b) => byWorst(a.status, b.status));
}

/** The findings that are not ok, the worst first. */
export function failing<Finding extends { readonly status: Status }>(
  findings: readonly Finding[],
): Finding[] {
  return fromWorst(findings).filter(({ status }) => status !== 'ok');
}

/** The worst of several statuses; `ok` for none. */
export function worstOf(list: readonly Status[]): Status {
  return list.toSorted(byWorst)[0] ?? 'ok';
}
