import { counted } from '../model/counted.ts';
import type { Alert } from '../model/alert.ts';
import type { CheckSpec } from '../model/check.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { withoutEmpty } from '../model/labels.ts';
import { stalledMinMs, stalledRunGraceMs } from '../model/limits.ts';
import { rfc3339, type Instant } from '../model/time.ts';
import type { AlertOrigin } from './track.ts';

/*
 * A check that has not finished for so many of its intervals, or has only said `unknown` for that long,
 * raises an alert of its own: a check that is not looked at looks sound for ever.
 */

/** How long a check has not been looked at, by the time during which the agent could have run it. */
export interface Unseen {
  /** The latest run that could look, or the moment from which one was expected. */
  readonly since: Instant;
  readonly waitedMs: number;
  /** Regular times that have passed since. */
  readonly intervals: number;
  /** What the latest `unknown` result said; absent when no run has ended. */
  readonly said?: string;
}

/** Whether a check counts as stalled. `after` is in intervals; 0 is never. */
export function isStalled(spec: CheckSpec, unseen: Unseen, after: number): boolean {
  if (after === 0 || unseen.intervals < after) return false;
  const intervalMs = spec.schedule.kind === 'interval' ? spec.schedule.intervalMs : 0;
  // A run may begin at the end of an interval and take all of its time: that is not stalled yet.
  const aRunMs = intervalMs + spec.timeoutMs + stalledRunGraceMs;
  return unseen.waitedMs >= Math.max(aRunMs, stalledMinMs);
}

/** The alert about a stalled check: named after it, under its labels, always a warning. */
export function stalledAlert(
  spec: CheckSpec,
  origin: Pick<AlertOrigin, 'labels' | 'generatorURL'>,
  { since, intervals, said }: Unseen,
): Alert {
  const labels = withoutEmpty({
    ...origin.labels,
    ...spec.labels,
    alertname: `${spec.name} stalled`,
    check: spec.name,
    type: spec.type,
    severity: 'warning',
    ...(spec.target === undefined ? {} : { target: spec.target }),
  });
  const host = origin.labels['host'] ?? '';
  const why = said === undefined ? 'no run has ended' : `the latest run says: ${said}`;
  const when = rfc3339(since.wallMs).slice(0, 16).replace('T', ' ');
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations: withoutEmpty({
      summary: `${spec.name} is not being looked at${host === '' ? '' : ` on ${host}`}`,
      description: `tocsin has not been able to look at ${spec.name} since ${when} UTC (${counted(intervals, 'interval')}): ${why}`,
      runbook_url: spec.annotations['runbook_url'] ?? '',
    }),
    detail: [],
    startsAt: since.wallMs,
    generatorURL: origin.generatorURL,
    revision: 0,
    dependsOn: spec.dependsOn,
  };
}
