import type { DebouncePolicy } from '../../src/model/check.ts';
import type { Status } from '../../src/model/result.ts';

/** One known outcome of a history, so many milliseconds after its start. */
export interface Seen {
  readonly atMs: number;
  readonly status: Exclude<Status, 'unknown'>;
}

/** What the rules of debounce say after one result. */
export interface Told {
  readonly phase: 'inactive' | 'pending' | 'firing';
  readonly flapping: boolean;
  readonly level: 'warning' | 'critical';
  readonly transition: 'fired' | 'resolved' | 'changed' | undefined;
  /** What would have been told of a check that flaps. */
  readonly spared: 'fired' | 'resolved' | undefined;
}

/**
 * The rules of debounce said a second time, without any counter: each question is answered by looking back
 * over the whole history. Slow, and built to disagree with `judge` wherever that is wrong.
 */
export function oracle(history: readonly Seen[], policy: DebouncePolicy): Told[] {
  const failed = history.map(({ status }) => status !== 'ok');
  const told: Told[] = [];
  /** The outcome before which nothing counts for m of n: the latest end of an alert, told or spared. */
  let counted = 0;
  let firedAt: number | undefined;
  let levelAt = 0;
  let level: Told['level'] = 'critical';
  let flapping = false;
  let believedDown = true;

  const levelOf = (index: number): Told['level'] =>
    history[index]?.status === 'warning' ? 'warning' : 'critical';
  const between = (from: number, to: number): number =>
    (history[to]?.atMs ?? 0) - (history[from]?.atMs ?? 0);
  /** The first outcome of the row of equal ones that ends at `index`. */
  const rowFrom = (index: number): number => {
    let first = index;
    while (first > 0 && failed[first - 1] === failed[index]) first -= 1;
    return first;
  };
  const lastFailures = (index: number, of: number): number =>
    failed.slice(Math.max(counted, index - of + 1), index + 1).filter(Boolean).length;
  const enough = (index: number): boolean => {
    const { failAfter } = policy;
    return failAfter.kind === 'consecutive'
      ? index - rowFrom(index) + 1 >= failAfter.failures
      : lastFailures(index, failAfter.of) >= failAfter.failures;
  };
  /** Whether a success at this place ends being pending. */
  const breaks = (index: number): boolean =>
    !failed[index] &&
    (policy.failAfter.kind === 'consecutive' || lastFailures(index, policy.failAfter.of) === 0);
  const pendingFrom = (index: number): number | undefined => {
    const places = Array.from({ length: index + 1 - counted }, (_, place) => counted + place);
    const broken = places.findLast(breaks) ?? counted - 1;
    return places.find((place) => place > broken && failed[place]);
  };
  const recovered = (index: number): boolean => {
    const first = rowFrom(index);
    return (
      !failed[index] &&
      index - first + 1 >= policy.recoverAfter &&
      between(first, index) >= policy.keepFiringForMs
    );
  };
  const changes = (index: number): number => {
    const { window = 2 } = policy.flap ?? {};
    const last = failed.slice(Math.max(0, index - window + 1), index + 1);
    return last.filter((one, place) => place > 0 && one !== last[place - 1]).length / (window - 1);
  };

  for (let index = 0; index < history.length; index += 1) {
    let transition: Told['transition'];
    let spared: Told['spared'];
    const fire = (): void => {
      transition = 'fired';
      firedAt = index;
      levelAt = index;
      if (failed[index]) level = levelOf(index);
    };
    const end = (): void => {
      transition = 'resolved';
      firedAt = undefined;
      flapping = false;
      counted = index + 1;
    };
    if (flapping) {
      const calm = changes(index) <= (policy.flap?.low ?? 0);
      if (calm && recovered(index)) end();
      else if (calm && failed[index] && enough(index)) {
        flapping = false;
        transition = 'changed';
      } else if (believedDown && recovered(index)) {
        believedDown = false;
        spared = 'resolved';
        counted = index + 1;
      } else if (!believedDown && failed[index] && enough(index)) {
        believedDown = between(rowFrom(index), index) >= policy.forMs;
        if (believedDown) spared = 'fired';
      }
    } else if (policy.flap !== undefined && changes(index) >= policy.flap.high) {
      if (firedAt === undefined) fire();
      else transition = 'changed';
      flapping = true;
      believedDown = true;
    } else if (firedAt === undefined) {
      const since = failed[index] ? pendingFrom(index) : undefined;
      if (since !== undefined && enough(index) && between(since, index) >= policy.forMs) fire();
      else if (since !== undefined) level = levelOf(index);
    } else if (recovered(index)) end();
    else if (failed[index]) {
      const needed = level === 'warning' ? policy.failAfter.failures : policy.recoverAfter;
      const others = history.slice(levelAt + 1, index + 1);
      const same = others.findLastIndex((one) => one.status === level || one.status === 'ok');
      if (others.length - 1 - same >= needed) {
        level = levelOf(index);
        levelAt = index;
        transition = 'changed';
      }
    }
    const pending = firedAt === undefined && transition !== 'resolved' && pendingFrom(index);
    told.push({
      phase:
        firedAt !== undefined ? 'firing' : typeof pending === 'number' ? 'pending' : 'inactive',
      flapping,
      level,
      transition,
      spared,
    });
  }
  return told;
}
