import { detailLinesMax, excerptLengthMax, lineLengthMax } from '../../model/limits.ts';
import { notOk, ok, type CheckResult, type MetricFamily } from '../../model/result.ts';
import type { Failure } from './failure.ts';
import { info } from './families.ts';
import type { ProbeContext, ProbeOutcome } from './probe.ts';
import { certificateDaysLeft, evidenceFamilies, type TlsEvidence } from './tls/tls-evidence.ts';

/** A probe under way: its log so far, and the time since it began. */
export interface ProbeRecord {
  /** As the probe's own, but remembering the latest lines. */
  readonly context: ProbeContext;
  readonly lines: string[];
  elapsedMs(): number;
  /**
   * The outcome: failed for a reason, or well with a summary. What the last TLS handshake showed is added
   * to what was found.
   */
  finish(
    verdict: Failure | string,
    found: Pick<CheckResult, 'families' | 'phases'> &
      Partial<Pick<CheckResult, 'values' | 'facts'>>,
  ): ProbeOutcome;
}

export function startRecord(context: ProbeContext): ProbeRecord {
  const startMs = context.clock.now().steadyMs;
  const lines: string[] = [];
  let evidence: TlsEvidence | undefined;
  const elapsedMs = (): number => context.clock.now().steadyMs - startMs;
  return {
    context: {
      ...context,
      log(line) {
        const bounded = plainLine(line);
        if (lines.length >= detailLinesMax) lines.shift();
        lines.push(bounded);
        context.log(bounded);
      },
      sawTls(seen) {
        evidence = seen;
      },
    },
    lines,
    elapsedMs,
    finish(verdict, { families, phases, values = [], facts }) {
      const nowMs = context.clock.now().wallMs;
      const responseTime = { metric: 'response_time', value: elapsedMs() / 1000, unit: 's' };
      const daysLeft = evidence === undefined ? [] : certificateDaysLeft(evidence, nowMs);
      const own = values.filter(({ metric }) => daysLeft.every((one) => one.metric !== metric));
      const shown = evidence === undefined ? [] : evidenceFamilies(evidence);
      const extras = {
        detail: lines,
        families: [...families, ...shown],
        phases,
        values: [responseTime, ...own, ...daysLeft],
        ...(facts === undefined ? {} : { facts }),
      };
      if (typeof verdict === 'string') return ok(verdict, extras);
      const status = verdict.unknown ? 'unknown' : 'critical';
      const explained = { ...extras, families: [...extras.families, failureFamily(verdict)] };
      return notOk(status, verdict.reason, plainLine(verdict.summary), explained);
    },
  };
}

/** Why the probe failed, which blackbox_exporter does not tell. */
function failureFamily({ reason }: Failure): MetricFamily {
  return info('probe_failure_reason', 'Why the probe failed, as a label.', { reason });
}

/** A bounded line that quotes a peer, such as a name in a DNS answer, without what upsets a terminal. */
function plainLine(text: string): string {
  return text
    .slice(0, lineLengthMax)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** The beginning of a text from outside on one line, without what would upset a terminal. */
export function excerpt(text: string): string {
  const oneLine = text
    .slice(0, excerptLengthMax)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return text.length > excerptLengthMax ? `${oneLine} …` : oneLine;
}
