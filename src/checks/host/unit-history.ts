import { humanDuration } from '../../lib/duration.ts';
import { type MeasuredValue, fromWorst } from '../../model/result.ts';
import { judgeFigure, type FigureLimits } from '../service/figure.ts';
import type { UnitFinding } from './systemd-unit.ts';

interface Wishes {
  readonly restarts: FigureLimits;
  readonly restart_window: number;
  readonly last_run?: FigureLimits | undefined;
  /** Restarts within the window; undefined while that is not known. */
  readonly within: number | undefined;
}

/** Adds to the state of a unit how often it was restarted lately, and how long ago a timer ran. */
export function judgeHistory(
  found: UnitFinding,
  { restarts, restart_window: windowMs, last_run: lastRun, within = 0 }: Wishes,
  nowMs: number,
): UnitFinding & { readonly values: readonly MeasuredValue[] } {
  const { unit } = found;
  const values: MeasuredValue[] = [];
  const findings: Pick<UnitFinding, 'status' | 'reason' | 'sentence'>[] = [found];
  if (found.restarts !== undefined) {
    values.push({ metric: `restarts ${unit}`, value: found.restarts, unit: 'c' });
    const times = within === 1 ? 'once' : `${within} times`;
    const sentence = `${unit} was restarted ${times} within ${humanDuration(windowMs)}`;
    const metric = `recent_restarts ${unit}`;
    const { values: judged = [], ...finding } = judgeFigure(
      { metric, value: within, sentence },
      restarts,
    );
    values.push(...judged);
    findings.push(finding);
  }
  if (unit.endsWith('.timer') && found.triggeredMs !== undefined) {
    const ageMs = Math.max(0, nowMs - found.triggeredMs);
    const sentence = `${unit} ran last ${humanDuration(ageMs)} ago`;
    const figure = { metric: `last_run_seconds ${unit}`, value: ageMs / 1000, unit: 's', sentence };
    const { values: judged = [], ...finding } = judgeFigure(figure, lastRun);
    values.push(...judged);
    findings.push(finding);
  }
  const [worst = found] = fromWorst(findings);
  return { ...found, status: worst.status, reason: worst.reason, sentence: worst.sentence, values };
}
