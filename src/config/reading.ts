import type { Problem } from '../model/config.ts';
import type { Secret } from '../model/secret.ts';
import { problemAt } from './problem.ts';
import type { Surroundings } from './reference.ts';
import type { ScalarTree, Tree } from './tree.ts';

/** What one load collects on its way: every step adds, none stops at the first problem. */
export interface Reading extends Surroundings {
  readonly problems: Problem[];
  /** What is allowed and probably not meant. */
  readonly warnings: Problem[];
  /** Secret values met so far, for whoever searches output for them. */
  readonly secrets: Secret[];
  /** Scalars of secret fields: their text is never shown. */
  readonly hidden: Set<ScalarTree>;
  /** Trees with a problem of their own: what a schema says of their stand-in would be noise. */
  readonly refused: Set<Tree>;
}

export function createReading(around: Surroundings): Reading {
  return {
    ...around,
    problems: [],
    warnings: [],
    secrets: [],
    hidden: new Set(),
    refused: new Set(),
  };
}

/** Notes a problem with a value. The message must not hold a secret. */
export function refuse(reading: Reading, tree: Tree, message: string): void {
  reading.problems.push(problemAt(tree.place, message));
  reading.refused.add(tree);
}

/** Notes something that is allowed and probably not meant. The message must not hold a secret. */
export function warn(reading: Reading, tree: Tree, message: string): void {
  reading.warnings.push(problemAt(tree.place, message));
}
