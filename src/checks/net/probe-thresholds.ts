import * as v from 'valibot';
import { formatDuration, humanDuration } from '../../lib/duration.ts';
import { optionalKey, positiveDuration } from '../../lib/schema-atoms.ts';
import { notOk, type CheckResult, type MeasuredValue } from '../../model/result.ts';
import { judgeLimits } from '../threshold.ts';

/** The figures of a probe that thresholds are for, by their names among the measured values. */
const responseTime = 'response_time';
export const certificateDaysLeftName = 'certificate_days_left';

export const dayMs = 86_400_000;

/** Milliseconds at which something is worth a warning, and at which it is critical. */
export interface ThresholdPair {
  readonly warning?: number | undefined;
  readonly critical?: number | undefined;
}

/** What a check judges beside what its probe judges; absent for what is not watched. */
export interface ProbeThresholds {
  readonly latency?: ThresholdPair | undefined;
  readonly certificate?: ThresholdPair | undefined;
}

/** A map of `warning` and `critical`, of which `isInOrder` says whether the warning comes first. */
function pair(message: string, order: string, isInOrder: (early: number, late: number) => boolean) {
  return v.pipe(
    v.strictObject(
      { warning: v.optional(positiveDuration), critical: v.optional(positiveDuration) },
      message,
    ),
    v.check(({ warning, critical }) => (warning ?? critical) !== undefined, message),
    v.check(
      ({ warning, critical }) =>
        warning === undefined || critical === undefined || isInOrder(warning, critical),
      order,
    ),
  );
}

/** The key `latency`, for checks whose probes never see a certificate. */
export const latencyEntries = {
  latency: optionalKey(
    'How long the whole probe may take before the check is in warning or critical.',
    pair(
      'a map of warning and critical, such as { warning: 500ms, critical: 2s }',
      'a warning below critical',
      (early, late) => early < late,
    ),
  ),
};

/** The keys by which a network check judges more than whether its probe succeeded. */
export const thresholdEntries = {
  ...latencyEntries,
  certificate: optionalKey(
    'How soon the first certificate that the server sent may expire before the check is in warning or critical.',
    pair(
      'a map of warning and critical, such as { warning: 14d, critical: 3d }',
      'a warning above critical: more days are left then',
      (early, late) => early > late,
    ),
  ),
};

interface Judged {
  readonly status: 'warning' | 'critical';
  readonly sentence: string;
}

/** What a limit that is reached makes of what was found. */
function judged(
  found: string,
  limits: ThresholdPair,
  reaches: (limitMs: number) => boolean,
): Judged | undefined {
  const verdict = judgeLimits(limits, reaches, false);
  if (verdict.status === 'ok') return undefined;
  const { status, limit } = verdict;
  return { status, sentence: `${found}, limit ${formatDuration(limit)} for ${status}` };
}

function judgeLatency(tookMs: number, limits: ThresholdPair): Judged | undefined {
  return judged(`took ${humanDuration(tookMs)}`, limits, (limitMs) => tookMs >= limitMs);
}

function judgeCertificate(daysLeft: number | undefined, limits: ThresholdPair): Judged | undefined {
  // A watch that silently watches nothing would be the worst of all answers.
  if (daysLeft === undefined) {
    return {
      status: 'warning',
      sentence: 'saw no certificate, wanted one whose expiry it can judge',
    };
  }
  const leftMs = daysLeft * dayMs;
  const left = leftMs < 0 ? `${humanDuration(-leftMs)} ago` : `in ${humanDuration(leftMs)}`;
  return judged(`saw a certificate that expires ${left}`, limits, (limitMs) => leftMs <= limitMs);
}

function textsOf({ warning, critical }: ThresholdPair): Partial<MeasuredValue> {
  return {
    ...(warning === undefined ? {} : { warning: formatDuration(warning) }),
    ...(critical === undefined ? {} : { critical: formatDuration(critical) }),
  };
}

/** The measured values, with the limits that they were judged by. */
function withLimits(
  values: readonly MeasuredValue[],
  { latency, certificate }: ProbeThresholds,
): readonly MeasuredValue[] {
  return values.map((value) => {
    if (value.metric === responseTime && latency) return { ...value, ...textsOf(latency) };
    if (value.metric !== certificateDaysLeftName || !certificate) return value;
    return { ...value, ...textsOf(certificate) };
  });
}

/**
 * Judges what a probe found well by the limits of its check. The worse of two decides; a probe that
 * failed keeps its own verdict. `tookMs` is the whole probe.
 */
export function judgeThresholds(
  outcome: CheckResult,
  tookMs: number,
  thresholds: ProbeThresholds,
): CheckResult {
  const { latency, certificate } = thresholds;
  if (latency === undefined && certificate === undefined) return outcome;
  const values = withLimits(outcome.values, thresholds);
  if (outcome.status !== 'ok') return { ...outcome, values };
  const daysLeft = values.find((value) => value.metric === certificateDaysLeftName)?.value;
  const reached = [
    latency && judgeLatency(tookMs, latency),
    certificate && judgeCertificate(daysLeft, certificate),
  ].filter((one) => one !== undefined);
  if (reached.length === 0) return { ...outcome, values };
  const status = reached.some((one) => one.status === 'critical') ? 'critical' : 'warning';
  const sentences = reached.map(({ sentence }) => sentence);
  const { detail, families, phases } = outcome;
  const summary = `the probe ${sentences.join(', and ')}`;
  return notOk(status, 'threshold', summary, {
    detail: [...detail, outcome.summary],
    families,
    phases,
    values,
  });
}
