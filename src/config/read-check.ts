import type { CheckSpec } from '../model/check.ts';
import type { Tree } from './tree.ts';

/** A check that was read, and what else has to be known of it to judge all of them together. */
export interface ReadCheck {
  readonly tree: Tree;
  /** The list its dependencies come from, its own or that of `defaults`. */
  readonly parents: Tree | undefined;
  readonly spec: CheckSpec;
  readonly enabled: boolean;
  /** Checks its options speak of. */
  readonly references: readonly string[];
}
