import * as v from 'valibot';
import {
  defaultedKey,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveNumber,
  wholeNumber,
} from '../lib/schema-atoms.ts';
import { groupSilenceMs } from '../model/limits.ts';
import { failing, notOk, ok, type CheckResult } from '../model/result.ts';
import { elapsedMs, type Instant } from '../model/time.ts';
import type { AgentView } from '../model/view.ts';
import { checkType } from './check-type.ts';
import { judgeAgreement } from './group/agreement.ts';
import { judgeCount, type CountedBy } from './group/count-members.ts';
import { membersOf, sayingsOf } from './group/members.ts';
import { parseNagiosRange } from './nagios-range.ts';
import type { Finding } from './service/finding.ts';

const countMessage =
  'up, { part: NAME } or { value: NAME }, each with as: WORDS; within: RANGE goes with value';
const rangeMessage = 'a range such as 1:3, 5: or ~:10';

const range = v.pipe(
  v.union([v.string(rangeMessage), v.number()], rangeMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const found = parseNagiosRange(String(dataset.value));
    if (found !== undefined) return found;
    addIssue({ message: rangeMessage });
    return NEVER;
  }),
);

const counted = v.pipe(
  v.strictObject(
    {
      part: v.optional(nonEmptyText),
      value: v.optional(nonEmptyText),
      within: v.optional(range),
      as: v.optional(nonEmptyText),
    },
    countMessage,
  ),
  v.rawTransform(({ dataset, addIssue, NEVER }): CountedBy => {
    const { part, value, within, as } = dataset.value;
    if (value !== undefined && part === undefined) {
      return { kind: 'value', value, within, as: as ?? `with ${value}` };
    }
    if (part !== undefined && value === undefined && within === undefined) {
      return { kind: 'part', part, as: as ?? `with ${part} well` };
    }
    addIssue({ message: countMessage });
    return NEVER;
  }),
);

const count = v.union(
  [
    v.pipe(
      v.literal('up'),
      v.transform((): CountedBy => ({ kind: 'up' })),
    ),
    counted,
  ],
  countMessage,
);

const entries = {
  of: v.pipe(
    v.array(nonEmptyText, 'a list of names of checks'),
    v.minLength(1, 'at least one name of a check'),
    v.description('Names of the members.'),
  ),
  min_ok: optionalKey(
    'How many members must count; all of them if neither this, exactly nor agree is given.',
    positiveNumber,
  ),
  exactly: optionalKey(
    'How many members must count, no fewer and no more (one leader, for instance).',
    wholeNumber,
  ),
  count: defaultedKey(
    'What counts: members that are up, of which a part is well, or a figure within a range (not 0).',
    count,
    'up',
  ),
  agree: optionalKey(
    'Figures and facts that must be the same at all members that are up.',
    v.pipe(
      v.array(nonEmptyText, 'a list of names of figures or facts'),
      v.minLength(1, 'at least one name of a figure or a fact'),
    ),
  ),
  disagree: defaultedKey(
    'What it means if one of them is not the same.',
    v.picklist(['warning', 'critical'], 'warning or critical'),
    'warning',
  ),
};

type Options = OutputOf<typeof entries>;

/** Judges other checks together: how many count, by their debounced state or a figure, and what they agree on. */
export const group = checkType({
  entries,
  refuse(options) {
    const wanted = options.min_ok ?? options.exactly ?? 0;
    if (options.min_ok !== undefined && options.exactly !== undefined) {
      return 'min_ok and exactly exclude each other';
    }
    if (new Set(options.of).size < options.of.length) return 'of names a check twice';
    return wanted > options.of.length
      ? `${wanted} members cannot be up, there are only ${options.of.length}`
      : undefined;
  },
  references: (options) => options.of,
  defaults: { intervalMs: 15_000 },
  open(spec, { view }) {
    const patience = createPatience();
    return {
      run: async ({ startedAt }) =>
        judge(spec.options, view, (found) => patience(found, startedAt)),
    };
  },
});

function judge(
  { of, min_ok: minOk, exactly, count: by, agree, disagree }: Options,
  view: AgentView,
  patiently: (findings: readonly Finding[]) => readonly Finding[],
): CheckResult {
  const members = membersOf(of, view);
  const isCounted = agree === undefined || (minOk ?? exactly) !== undefined || by.kind !== 'up';
  const findings = patiently([
    ...(isCounted ? [judgeCount(members, { by, minOk, exactly })] : []),
    ...(agree ?? []).map((name) => judgeAgreement(members, name, disagree)),
  ]);
  const values = findings.flatMap((finding) => finding.values ?? []);
  const notWell = failing(findings);
  const [worst] = notWell;
  if (worst === undefined || worst.status === 'ok') {
    return ok(findings.map(({ sentence }) => sentence).join('; '), { values });
  }
  const summary = notWell.map(({ sentence }) => sentence).join('; ');
  return notOk(worst.status, worst.reason, summary, { values, detail: sayingsOf(members) });
}

/**
 * A member that is up and tells nothing of a figure is mostly one that starts. Only after that is it a fault
 * of the configuration, `missing`, which is told by the watch over checks that are not looked at.
 */
function createPatience() {
  let since: Instant | undefined;
  return (findings: readonly Finding[], now: Instant): readonly Finding[] => {
    if (!findings.some(({ status, reason }) => status === 'unknown' && reason === 'missing')) {
      since = undefined;
      return findings;
    }
    since ??= now;
    if (elapsedMs(since, now) >= groupSilenceMs) return findings;
    return findings.map((one) =>
      one.status === 'unknown' && one.reason === 'missing' ? { ...one, reason: 'stale' } : one,
    );
  };
}
