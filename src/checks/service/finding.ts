import {
  notOk,
  ok,
  type CheckResult,
  type Fact,
  type FailureReason,
  type MeasuredValue,
  type Phase,
  type Status,
  failing,
} from '../../model/result.ts';
import type { Failure } from '../net/failure.ts';

/** What was found out about one aspect of a service. */
export interface Finding {
  readonly status: Status;
  /** Used unless the status is `ok`. */
  readonly reason: FailureReason;
  readonly sentence: string;
  readonly values?: readonly MeasuredValue[];
}

/** An aspect that a service failed in, or that could not be looked at. */
export function findingOf({ reason, summary, unknown }: Failure): Finding {
  return { status: unknown ? 'unknown' : 'critical', reason, sentence: summary };
}

interface Sum {
  /** What is said while all is well. */
  readonly healthy: string;
  readonly findings: readonly Finding[];
  readonly phases?: readonly Phase[];
  readonly values?: readonly MeasuredValue[];
  readonly facts?: readonly Fact[];
  /** Milliseconds since the service was started. */
  readonly subjectAgeMs?: number | undefined;
}

/** One result of all that was found about a service, named after the worst of it. */
export function sumUp({
  healthy,
  findings,
  phases = [],
  values = [],
  facts,
  subjectAgeMs,
}: Sum): CheckResult {
  const notWell = failing(findings);
  const extras = {
    phases,
    values: [...values, ...findings.flatMap((finding) => finding.values ?? [])],
    detail: notWell.length > 1 ? notWell.map(({ sentence }) => sentence) : [],
    ...(facts === undefined ? {} : { facts }),
    ...(subjectAgeMs === undefined ? {} : { subjectAgeMs }),
  };
  const [worst] = notWell;
  if (worst === undefined || worst.status === 'ok') return ok(healthy, extras);
  const others = notWell.length > 1 ? `, and ${notWell.length - 1} more in trouble` : '';
  return notOk(worst.status, worst.reason, `${worst.sentence}${others}`, extras);
}
