import {
  notOk,
  ok,
  type CheckResult,
  type FailureReason,
  type MeasuredValue,
  type PartFinding,
  failing,
} from '../../model/result.ts';

/** The parts of an OpenClaw gateway that are looked at without a login … */
export const outerPartNames = [
  'process',
  'health',
  'startup',
  'readiness',
  'event_loop',
  'memory',
  'storage',
  'config',
  'boots',
  'black_box',
  'port',
  'leftovers',
  'cron_jobs',
  'credentials',
] as const;
export type OuterPartName = (typeof outerPartNames)[number];

/** … and those that it is asked for. */
export const innerPartNames = [
  'handshake',
  'ticks',
  'channels',
  'cron',
  'cron_runs',
  'plugins',
  'lanes',
  'tasks',
  'stability',
  'canary',
] as const;
export type InnerPartName = (typeof innerPartNames)[number];

export const partNames = [...outerPartNames, ...innerPartNames] as const;
export type PartName = (typeof partNames)[number];

/** What was found out about one part, before it is known which one. */
export type Found = Omit<PartFinding, 'part'> & {
  /** Parts of which this is only a consequence, if one of them is not well itself. */
  readonly because?: readonly PartName[];
};

/** A part that is well. */
export function well(summary: string, values: readonly MeasuredValue[] = []): Found {
  return { status: 'ok', summary, values };
}

/** A part that is not well; `unknown` where it could not be looked at. */
export function ill(
  status: 'warning' | 'critical' | 'unknown',
  reason: FailureReason,
  summary: string,
  values: readonly MeasuredValue[] = [],
): Found {
  return { status, reason, summary, values };
}

/** The worst of what was found about one part, with all its figures; `healthy` if nothing is wrong. */
export function worstFound(troubles: readonly Found[], healthy: Found): Found {
  const [worst, ...rest] = failing(troubles);
  if (worst === undefined) return healthy;
  const values = [...healthy.values, ...troubles.flatMap((one) => one.values)];
  const summary = [worst, ...rest].map((one) => one.summary).join('; ');
  const facts = [healthy, ...troubles].flatMap((one) => one.facts ?? []);
  const { because, ...found } = worst;
  const isConsequence = because !== undefined && rest.every((one) => one.because !== undefined);
  return { ...found, summary, values, facts, ...(isConsequence ? { because } : {}) };
}

/** One cause is one finding: what follows from a part that is not well is only said, not told again. */
export function quietened(
  found: readonly (Found & { readonly part: PartName })[],
): readonly PartFinding[] {
  const failed = new Set(
    found.filter(({ status }) => status === 'critical').map(({ part }) => part),
  );
  return found.map(({ because = [], ...one }) => {
    const cause = because.find((name) => failed.has(name));
    if (one.status === 'ok' || cause === undefined) return one;
    const { part, summary, values } = one;
    return {
      part,
      status: 'ok',
      summary: `because of ${cause}: ${summary}`,
      values,
      notSeen: true,
    };
  });
}

/** One result of all parts: the worst status, the names of what fails, a line for each. */
export function sumUpParts(
  findings: readonly PartFinding[],
  healthy: string,
  subjectAgeMs: number | undefined,
): CheckResult {
  const notWell = failing(findings);
  const [worst] = notWell;
  const extras = {
    facts: findings.flatMap(({ part, facts = [] }) =>
      facts.map((fact) => ({ ...fact, name: `${part}.${fact.name}` })),
    ),
    findings,
    values: findings.flatMap(({ part, values }) =>
      values.map((value) => ({ ...value, metric: `${part}.${value.metric}` })),
    ),
    ...(subjectAgeMs === undefined ? {} : { subjectAgeMs }),
  };
  if (worst === undefined || worst.status === 'ok') return ok(healthy, extras);
  const names = notWell.map(({ part }) => part).join(', ');
  const summary =
    notWell.length === 1
      ? `${worst.part}: ${worst.summary}`
      : `${worst.part}: ${worst.summary} (not well: ${names})`;
  const detail = notWell.map(({ part, status, summary }) => `${status} ${part}: ${summary}`);
  return notOk(worst.status, worst.reason ?? 'internal', summary, { ...extras, detail });
}
