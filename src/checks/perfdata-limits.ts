import * as v from 'valibot';
import type { MeasuredValue, Status } from '../model/result.ts';
import { parseNagiosRange } from './nagios-range.ts';

const message = 'a range such as 10, 10:, ~:10 or @10:20';

const range = v.pipe(
  v.union([v.string(message), v.number(message)], message),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const found = parseNagiosRange(String(dataset.value));
    if (found !== undefined) return found;
    addIssue({ message });
    return NEVER;
  }),
);

const bothMessage = 'a map of warning and critical, each a range such as 10 or @10:20';

/** Limits by the name of a value, in the notation of plugins. */
export const perfdataLimits = v.record(
  v.string(),
  v.strictObject({ warning: v.optional(range), critical: v.optional(range) }, bothMessage),
  'a map of names of values to their limits',
);

type PerfdataLimits = v.InferOutput<typeof perfdataLimits>;

interface PerfdataVerdict {
  readonly values: readonly MeasuredValue[];
  /** Sentences about values beyond their limits, or that were not printed. */
  readonly findings: readonly { readonly status: Status; readonly sentence: string }[];
}

/** Judges what a plugin measured by limits of one's own, which take the place of those it printed. */
export function judgePerfdata(
  values: readonly MeasuredValue[],
  limits: PerfdataLimits,
): PerfdataVerdict {
  const findings: { status: Status; sentence: string }[] = [];
  const judged = values.map((value) => {
    const own = Object.hasOwn(limits, value.metric) ? limits[value.metric] : undefined;
    if (own === undefined) return value;
    const { warning, critical } = own;
    const said = `${value.metric} is ${value.value}${value.unit ?? ''}`;
    if (critical?.alertsOn(value.value) === true) {
      findings.push({ status: 'critical', sentence: `${said}, limit ${critical.text}` });
    } else if (warning?.alertsOn(value.value) === true) {
      findings.push({ status: 'warning', sentence: `${said}, limit ${warning.text}` });
    }
    return {
      ...value,
      ...(warning === undefined ? {} : { warning: warning.text }),
      ...(critical === undefined ? {} : { critical: critical.text }),
    };
  });
  const printed = new Set(values.map(({ metric }) => metric));
  for (const metric of Object.keys(limits)) {
    if (printed.has(metric)) continue;
    findings.push({ status: 'unknown', sentence: `it printed no value ${metric} to judge` });
  }
  return { values: judged, findings };
}
