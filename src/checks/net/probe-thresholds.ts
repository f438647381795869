import * as v from 'valibot';
import { formatDuration, humanDuration } from '../../lib/duration.ts';
import { optionalKey, positiveDuration } from '../../lib/schema-atoms.ts';
import { notOk, type CheckResult, type MeasuredValue } from '../../model/result.ts';
import { judgeLimits, type Hold } from '../threshold.ts';

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
  readonly latency?: (ThresholdPair & { readonly clear?: number | undefined }) | undefined;
  readonly certificate?: ThresholdPair | undefined;
}

const latencyMessage = 'a map of warning and critical, such as { warning: 500ms, critical: 2s }';
const certificateMessage = 'a map of warning and critical, such as { warning: 14d, critical: 3d }';

/** Whether each of these is below the next, those that are missing left out. */
function isRising(...list: readonly (number | undefined)[]): boolean {
  const given = list.filter((one) => one !== undefined);
  return given.every((one, index) => index === 0 || (given[index - 1] ?? one) < one);
}

/** The key `latency`, for checks whose probes never see a certificate. */
export const latencyEntries = {
  latency: optionalKey(
    'How long the whole probe may take before the check is in warning or critical.',
    v.pipe(
      v.strictObject(
        {
          warning: v.optional(positiveDuration),
          critical: v.optional(positiveDuration),
          clear: optionalKey(
            'Once the alert fires, it lasts until the probe takes less than this again.',
            positiveDuration,
          ),
        },
        latencyMessage,
      ),
      v.check(({ warning, critical }) => (warning ?? critical) !== undefined, latencyMessage),
      v.check(({ warning, critical }) => isRising(warning, critical), 'a warning below critical'),
      v.check(
        ({ clear, warning, critical }) => isRising(clear, warning ?? critical),
        'a clear below the limits',
      ),
    ),
  ),
};

/** The keys by which a network check judges more than whether its probe succeeded. */
export const thresholdEntries = {
  ...latencyEntries,
  certificate: optionalKey(
    'How soon the first certificate that the server sent may expire before the check is in warning or critical.',
    v.pipe(
      v.strictObject(
        { warning: v.optional(positiveDuration), critical: v.optional(positiveDuration) },
        certificateMessage,
      ),
      v.check(({ warning, critical }) => (warning ?? critical) !== undefined, certificateMessage),
      v.check(
        ({ warning, critical }) => isRising(critical, warning),
        'a warning above critical: more days are left then',
      ),
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
  limits: ThresholdPair & { readonly clear?: number | undefined },
  reaches: (limitMs: number) => boolean,
  isHeld = false,
): Judged | undefined {
  const verdict = judgeLimits(limits, reaches, isHeld);
  if (verdict.status === 'ok') return undefined;
  const { status, limit, held } = verdict;
  if (held) return { status, sentence: `${found}, not yet below ${formatDuration(limit)}` };
  return { status, sentence: `${found}, limit ${formatDuration(limit)} for ${status}` };
}

function judgeLatency(
  tookMs: number,
  limits: NonNullable<ProbeThresholds['latency']>,
  hold: Hold | undefined,
): Judged | undefined {
  const found = `took ${humanDuration(tookMs)}`;
  const verdict = judged(found, limits, (limitMs) => tookMs >= limitMs, hold?.isHeld());
  hold?.note({ status: verdict?.status ?? 'ok' });
  return verdict;
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
 * failed keeps its own verdict. `tookMs` is the whole probe; `hold` remembers whether it took too long.
 */
export function judgeThresholds(
  outcome: CheckResult,
  tookMs: number,
  thresholds: ProbeThresholds,
  hold?: Hold,
): CheckResult {
  const { latency, certificate } = thresholds;
  if (latency === undefined && certificate === undefined) return outcome;
  const values = withLimits(outcome.values, thresholds);
  if (outcome.status !== 'ok') return { ...outcome, values };
  const daysLeft = values.find((value) => value.metric === certificateDaysLeftName)?.value;
  const reached = [
    latency && judgeLatency(tookMs, latency, hold),
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
