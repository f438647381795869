import { statuses, type CheckResult, type RecordedResult } from '../model/result.ts';
import { instant } from '../model/time.ts';

/*
 * Results as rows. Most results are sound and there are millions of them: of those only the numbers are
 * kept. Whatever was not sound keeps its sentence, its reason and what explains it, but no metric families.
 */

type Body = Pick<CheckResult, 'reason' | 'summary' | 'detail' | 'phases' | 'values'>;

const soundBody: Body = { summary: 'ok', detail: [], phases: [], values: [] };

/** The parameters of `addResult`. */
export function rowFromResult(
  result: RecordedResult,
): [
  check: string,
  wallMs: number,
  steadyMs: number,
  us: number,
  status: number,
  body: string | null,
] {
  const { check, startedAt, durationMs, status, reason, summary, detail, phases, values } = result;
  const body: Body = {
    summary,
    detail,
    phases,
    values,
    ...(reason === undefined ? {} : { reason }),
  };
  return [
    check,
    Math.round(startedAt.wallMs),
    Math.round(startedAt.steadyMs),
    Math.round(durationMs * 1000),
    statuses.indexOf(status),
    status === 'ok' ? null : JSON.stringify(body),
  ];
}

export function resultFromRow(check: string, row: Record<string, unknown>): RecordedResult {
  const { body } = row;
  return {
    check,
    status: statuses[Number(row['status'])] ?? 'unknown',
    startedAt: instant(Number(row['steady_ms']), Number(row['wall_ms'])),
    durationMs: Number(row['duration_us']) / 1000,
    families: [],
    ...(typeof body === 'string' ? (JSON.parse(body) as Body) : soundBody),
  };
}
