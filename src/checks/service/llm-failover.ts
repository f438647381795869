import { type CheckResult, type MeasuredValue, fromWorst } from '../../model/result.ts';
import { sumUp, type Finding } from './finding.ts';

/** What was found of one profile. */
interface LookedAt {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/**
 * One result of all profiles, in the order in which they stand in for each other. One alone is as it was
 * found; of several each that fails is a warning, until none works.
 */
export function sumUpProfiles(
  profiles: readonly LookedAt[],
  values: readonly MeasuredValue[] = [],
): CheckResult {
  const [first] = profiles;
  const working = profiles.filter(({ findings }) => !findings.some(isFailing));
  if (first !== undefined && profiles.length === 1) {
    const healthy = healthySentence(first);
    return sumUp({ healthy, findings: first.findings.map(once()), values });
  }
  const counted = [
    ...values,
    { metric: 'profiles', value: profiles.length },
    { metric: 'profiles_working', value: working.length },
  ];
  const findings = profiles.flatMap(({ name, findings: found }) =>
    found.map(once()).map((finding) => ({
      ...finding,
      values:
        finding.values?.map((value) => ({ ...value, metric: `${value.metric} ${name}` })) ?? [],
    })),
  );
  if (working.length === 0) {
    const none = fromWorst(findings).map((finding, at) =>
      at === 0
        ? {
            ...finding,
            sentence: `none of ${profiles.length} profiles works: ${finding.sentence}`,
          }
        : finding,
    );
    return sumUp({ healthy: '', findings: none, values: counted });
  }
  const names = working.map(({ name }) => name).join(', ');
  let isFirst = true;
  const softened = findings.map((finding): Finding => {
    if (!isFailing(finding)) return finding;
    const remain = isFirst
      ? `; ${working.length} of ${profiles.length} profiles remain: ${names}`
      : '';
    isFirst = false;
    return { ...finding, status: 'warning', sentence: `${finding.sentence}${remain}` };
  });
  const healthy = `all ${profiles.length} profiles work: ${names}`;
  return sumUp({ healthy, findings: softened, values: counted });
}

function healthySentence({ name, findings }: LookedAt): string {
  const told = findings.map(({ sentence }) => sentence.replace(`${name}: `, ''));
  return told.join('; ');
}

function isFailing({ status }: Finding): boolean {
  return status === 'critical' || status === 'unknown';
}

/** The list and the call may both tell of a quota: the list is asked at each run, and counts. */
function once(): (finding: Finding) => Finding {
  const seen = new Set<string>();
  return (finding) => {
    const values = finding.values?.filter(({ metric }) => !seen.has(metric)) ?? [];
    for (const { metric } of values) seen.add(metric);
    return { ...finding, values };
  };
}
