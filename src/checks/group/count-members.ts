import type { MeasuredValue } from '../../model/result.ts';
import type { NagiosRange } from '../nagios-range.ts';
import type { Finding } from '../service/finding.ts';
import { listed, namesOf, toldBy, type Member } from './members.ts';

/** What makes a member count. */
export type CountedBy =
  | { readonly kind: 'up' }
  /** This part of it was found to be well. */
  | { readonly kind: 'part'; readonly part: string; readonly as: string }
  /** This figure of it lies within the range, or is not 0 where there is none. */
  | {
      readonly kind: 'value';
      readonly value: string;
      readonly within: NagiosRange | undefined;
      readonly as: string;
    };

export interface CountRule {
  readonly by: CountedBy;
  readonly minOk: number | undefined;
  readonly exactly: number | undefined;
}

type Standing = 'counted' | 'other' | 'down' | 'unseen' | 'silent';

/**
 * How one member stands. One that is down and tells nothing does not count, for it does nothing either; one
 * that is up and tells nothing (`silent`) might.
 */
function standingOf(member: Member, by: CountedBy): Standing {
  const { state } = member;
  if (by.kind === 'up') return state === 'up' ? 'counted' : state;
  if (state === 'unseen') return 'unseen';
  const counts = by.kind === 'part' ? hasWell(member, by.part) : isWithin(member, by);
  if (counts === undefined) return state === 'down' ? 'down' : 'silent';
  return counts ? 'counted' : 'other';
}

function hasWell({ latest }: Member, part: string): boolean | undefined {
  const found = latest?.findings?.find((one) => one.part === part);
  if (found === undefined || found.notSeen === true || found.status === 'unknown') return undefined;
  return found.status === 'ok' || found.status === 'warning';
}

function isWithin(
  member: Member,
  { value, within }: CountedBy & { readonly kind: 'value' },
): boolean | undefined {
  const told = toldBy(member, value);
  if (typeof told !== 'number') return undefined;
  return within === undefined ? told !== 0 : !within.alertsOn(told);
}

/** Judges how many members count. `unknown` where those that cannot be seen decide. */
export function judgeCount(members: readonly Member[], rule: CountRule): Finding {
  const { by, minOk, exactly } = rule;
  const of = (...wanted: readonly Standing[]): readonly Member[] =>
    members.filter((member) => wanted.includes(standingOf(member, by)));
  const counted = of('counted');
  const possible = of('counted', 'unseen', 'silent').length;
  const atLeast = exactly ?? minOk ?? members.length;
  const atMost = exactly ?? members.length;
  const areTooMany = counted.length > atMost;
  const facts = describe(members, by, of, { areTooMany });
  const brief = describe(members, by, of, { isWell: true });
  const values = valuesOf(members, by, of);
  if (possible < atLeast || areTooMany) {
    const wanted = exactly === undefined ? `at least ${atLeast}` : `exactly ${exactly}`;
    const sentence = `${facts}, wanted ${wanted}`;
    return { status: 'critical', reason: 'threshold', sentence, values };
  }
  if (counted.length < atLeast || possible > atMost) {
    // Who cannot be looked at says so by itself; who tells nothing does not.
    const reason = of('silent').length > 0 ? 'missing' : 'stale';
    return { status: 'unknown', reason, sentence: facts, values };
  }
  if (exactly === undefined && of('other', 'down').length > 0) {
    const spare = counted.length - atLeast;
    const left = spare === 0 ? 'no spare left' : `${spare} to spare`;
    return { status: 'warning', reason: 'threshold', sentence: `${facts}, ${left}`, values };
  }
  return { status: 'ok', reason: 'threshold', sentence: brief, values };
}

type Selection = (...wanted: readonly Standing[]) => readonly Member[];

function describe(
  members: readonly Member[],
  by: CountedBy,
  of: Selection,
  { isWell = false, areTooMany = false } = {},
): string {
  const counted = of('counted');
  const unseen = of('unseen');
  const begun = unseen.filter(({ latest }) => latest !== undefined);
  const isObvious = by.kind === 'up' && !areTooMany;
  const names = isObvious || counted.length === 0 ? '' : ` (${namesOf(counted)})`;
  const [as, told] =
    by.kind === 'up' ? ['up', ''] : [by.as, by.kind === 'part' ? by.part : by.value];
  return [
    `${counted.length} of ${members.length} ${as}${names}`,
    listed('not', isWell ? [] : of('other')),
    listed('down', of('down')),
    listed('in warning', by.kind === 'up' ? counted.filter(({ isAiling }) => isAiling) : []),
    listed(
      'not looked at yet',
      unseen.filter(({ latest }) => latest === undefined),
    ),
    listed('cannot be looked at', begun),
    listed(`nothing is told of ${told} by`, of('silent')),
  ].join('');
}

function valuesOf(
  members: readonly Member[],
  by: CountedBy,
  of: Selection,
): readonly MeasuredValue[] {
  const up = members.filter(({ state }) => state === 'up').length;
  const all = [
    { metric: 'members_up', value: up },
    { metric: 'members', value: members.length },
  ];
  if (by.kind === 'up') return all;
  return [
    ...all,
    { metric: 'members_counted', value: of('counted').length },
    ...of('counted').map(({ name }) => ({ metric: `counted ${name}`, value: 1 })),
    ...of('other', 'down').map(({ name }) => ({ metric: `counted ${name}`, value: 0 })),
  ];
}
