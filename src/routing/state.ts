import type { InhibitRule, ReceiverSpec, Route } from '../model/route.ts';
import type { LogEntry } from './decide.ts';
import type { SavedGroup } from './group.ts';
import type { SavedRow } from './saved-rows.ts';

/** Where alerts go: the tree, and who is behind its receivers' names. */
export interface RoutingTable {
  readonly root: Route;
  readonly receivers: readonly ReceiverSpec[];
  readonly inhibitRules?: readonly InhibitRule[];
  /** Sets this agent's groups apart from those of other hosts that tell the same receiver. */
  readonly origin: string;
}

/** Everything routing remembers. */
export interface SavedRouting {
  readonly groups: readonly SavedGroup[];
  /** By `logKey`. */
  readonly log: ReadonlyMap<string, LogEntry>;
}

/** What changed since the last time it was asked, for the store. */
export interface RoutingChanges {
  /** Rows of groups and of their alerts, by key. */
  readonly groups: readonly SavedRow[];
  readonly removedGroups: readonly string[];
  readonly log: readonly (readonly [string, LogEntry])[];
  readonly removedLog: readonly string[];
}
