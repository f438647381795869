import type { CheckResult } from '../../model/result.ts';
import type { AgentView } from '../../model/view.ts';

/** One member of a group, as it is known at this moment. */
export interface Member {
  readonly name: string;
  /** `unseen`: neither is known, since nobody could look yet, or for too long. */
  readonly state: 'up' | 'down' | 'unseen';
  /** Its alert fires, but only as a warning: it still does its work. */
  readonly isAiling: boolean;
  /** Absent before its first look. */
  readonly latest?: CheckResult;
}

export function membersOf(names: readonly string[], view: AgentView): readonly Member[] {
  return names.map((name) => {
    const seen = view.check(name);
    if (seen === undefined) return { name, state: 'unseen', isAiling: false };
    const { phase, up, known, latest } = seen;
    if (!up) return { name, state: 'down', isAiling: false, latest };
    const isAiling = phase === 'firing';
    return { name, state: known ? 'up' : 'unseen', isAiling, latest };
  });
}

/** What a member's latest look told under a name: a figure or a fact; undefined if it told neither. */
export function toldBy({ latest }: Member, name: string): number | string | undefined {
  const figure = latest?.values.find(({ metric }) => metric === name);
  return figure?.value ?? latest?.facts?.find((fact) => fact.name === name)?.text;
}

/** `; down: a, b`, or nothing for nobody. */
export function listed(what: string, members: readonly Member[]): string {
  return members.length === 0 ? '' : `; ${what}: ${namesOf(members)}`;
}

export function namesOf(members: readonly Member[]): string {
  return members.map(({ name }) => name).join(', ');
}

/** What the members say of themselves that are not well, a line for each. */
export function sayingsOf(members: readonly Member[]): readonly string[] {
  return members.flatMap(({ name, state, isAiling, latest }) => {
    if (latest === undefined || (state === 'up' && !isAiling)) return [];
    return [`${name}: ${latest.summary}`];
  });
}
