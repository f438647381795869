import type { Finding } from '../service/finding.ts';
import { namesOf, toldBy, type Member } from './members.ts';

/**
 * Judges whether the members that are up tell the same under a name. Who is down is compared again when it
 * is back; who is up and tells nothing leaves it unknown, unless the others differ already.
 */
export function judgeAgreement(
  members: readonly Member[],
  name: string,
  status: 'warning' | 'critical',
): Finding {
  const up = members.filter(({ state }) => state === 'up');
  const told = new Map<number | string, Member[]>();
  const silent: Member[] = [];
  for (const member of up) {
    const value = toldBy(member, name);
    if (value === undefined) silent.push(member);
    else told.set(value, [...(told.get(value) ?? []), member]);
  }
  const unseen = members.filter(({ state }) => state === 'unseen');
  const finding = (found: Omit<Finding, 'values'>): Finding => ({
    ...found,
    values: [{ metric: `agree ${name}`, value: told.size > 1 ? 0 : 1 }],
  });
  if (told.size > 1) return finding({ status, reason: 'status', sentence: differing(name, told) });
  if (silent.length > 0) {
    const sentence = `nothing is told of ${name} by: ${namesOf(silent)}`;
    return { status: 'unknown', reason: 'missing', sentence };
  }
  const [value] = told.keys();
  if (value === undefined || unseen.length > 0) {
    const sentence =
      unseen.length > 0
        ? `${name} cannot be compared: nobody could look at ${namesOf(unseen)}`
        : `${name} cannot be compared: no member is up`;
    return { status: 'unknown', reason: 'stale', sentence };
  }
  return finding({ status: 'ok', reason: 'status', sentence: `${name} is ${value}` });
}

/** Who has something else than most. Where no value is that of most, who has what. */
function differing(name: string, told: ReadonlyMap<number | string, readonly Member[]>): string {
  const [most, second, ...rest] = [...told].toSorted(([, a], [, b]) => b.length - a.length);
  if (most === undefined || second === undefined) return '';
  const has = ([value, who]: typeof most): string =>
    `${namesOf(who)} ${who.length === 1 ? 'has' : 'have'} ${value}`;
  const [value, agreed] = most;
  if (agreed.length === second[1].length) {
    return `${name} differs: ${[most, second, ...rest].map(has).join('; ')}`;
  }
  const few = [second, ...rest].map(has).join('; ');
  return `${name} differs: ${few}; the other ${agreed.length} have ${value}`;
}
