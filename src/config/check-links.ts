import type { CheckSpec } from '../model/check.ts';
import { noSuchName } from './check-name.ts';
import type { ReadCheck } from './read-check.ts';
import { refuse, type Reading } from './reading.ts';
import { itemsOf, type Tree } from './tree.ts';

/** The specs of the checks, those that are switched off apart. */
export interface LinkedChecks {
  readonly checks: readonly CheckSpec[];
  readonly switchedOff: readonly CheckSpec[];
}

/**
 * The specs of all checks, after telling of every name that leads nowhere or back to where it came from. A
 * dependency on a check that is switched off is dropped: it never fires.
 */
export function linked(
  reading: Reading,
  checks: readonly ReadCheck[],
  names: ReadonlySet<string>,
): LinkedChecks {
  const switchedOff = checks.filter(({ enabled }) => !enabled).map(({ spec }) => spec);
  const off = new Set(switchedOff.map(({ name }) => name));
  for (const { tree, parents, spec, references } of checks) {
    for (const name of spec.dependsOn) {
      const at = itemNamed(parents, name) ?? tree;
      if (!names.has(name)) refuse(reading, at, noSuchName('check', name, names));
    }
    for (const name of references) {
      const at = referenceNamed(tree, name) ?? tree;
      if (!names.has(name)) refuse(reading, at, noSuchName('check', name, names));
      else if (off.has(name))
        refuse(reading, at, `the check ${JSON.stringify(name)} is switched off`);
    }
  }
  refuseCycles(reading, checks, 'depends on', ({ spec }) => spec.dependsOn);
  refuseCycles(reading, checks, 'refers to', ({ references }) => references);
  const on = checks
    .filter(({ enabled }) => enabled)
    .map(({ spec }) => ({ ...spec, dependsOn: spec.dependsOn.filter((name) => !off.has(name)) }));
  return { checks: on, switchedOff };
}

/** The item of a list that is this name. */
function itemNamed(list: Tree | undefined, name: string): Tree | undefined {
  return itemsOf(list).find((item) => item.kind === 'scalar' && item.text === name);
}

/** Where a check writes the name of another one among the keys of its type. */
function referenceNamed(tree: Tree, name: string): Tree | undefined {
  const entries = tree.kind === 'map' ? [...tree.entries] : [];
  const lists = entries.filter(([key]) => key !== 'depends_on').map(([, { value }]) => value);
  return lists.map((list) => itemNamed(list, name)).find((item) => item !== undefined);
}

/** Tells of each cycle once, at the first of its checks. */
function refuseCycles(
  reading: Reading,
  checks: readonly ReadCheck[],
  does: string,
  next: (check: ReadCheck) => readonly string[],
): void {
  const byName = new Map(checks.toReversed().map((check) => [check.spec.name, check]));
  const done = new Set<string>();
  for (const start of checks) {
    // Depth first without recursion: a chain of thousands of checks is no reason to run out of stack.
    const path: string[] = [];
    const open: { name: string; depth: number }[] = [{ name: start.spec.name, depth: 0 }];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const { name, depth } = at;
      path.length = depth;
      const turn = path.indexOf(name);
      if (turn !== -1) {
        const round = [...path.slice(turn), name].join(' → ');
        refuse(reading, byName.get(name)?.tree ?? start.tree, `${does} itself: ${round}`);
        continue;
      }
      if (done.has(name)) continue;
      path.push(name);
      done.add(name);
      const check = byName.get(name);
      for (const other of check === undefined ? [] : next(check)) {
        open.push({ name: other, depth: depth + 1 });
      }
    }
  }
}
