import { grantsOf, powerfulGrants, type GrantName } from '../checks/grants.ts';
import type { Config } from '../model/config.ts';

export interface NeededGrant {
  readonly grant: GrantName;
  /** Whether it reaches far beyond the one thing to look at. */
  readonly powerful: boolean;
  /** The checks that need it. */
  readonly checks: readonly string[];
}

/** The rights that the checks of a configuration need beyond the sandbox of the unit, by name. */
export function neededGrants({ checks }: Config): readonly NeededGrant[] {
  const needed = new Map<GrantName, string[]>();
  for (const spec of checks) {
    for (const name of grantsOf(spec)) needed.set(name, [...(needed.get(name) ?? []), spec.name]);
  }
  return [...needed]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([grant, names]) => ({ grant, powerful: powerfulGrants.has(grant), checks: names }));
}
