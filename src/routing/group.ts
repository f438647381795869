import type { Alert } from '../model/alert.ts';
import { alertStatus } from '../model/alert.ts';
import { labelNames, type Labels } from '../model/labels.ts';
import type { SteadyMs } from '../model/time.ts';
import type { Hours, MuteReason } from './mute.ts';
import { groupLabels, type MatchedRoute } from './route-tree.ts';

/** Alerts that are told together, and when the next message about them is due. */
export interface Group {
  /** Receiver and key: a changed route may keep its key and lead to somebody else. */
  readonly id: string;
  readonly key: string;
  readonly receiver: string;
  readonly labels: Labels;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  /** By fingerprint. */
  readonly alerts: Map<string, Alert>;
  nextFlushAt: SteadyMs;
  /**
   * Fingerprints of alerts that the routes no longer lead here. The receiver was told of them and hears
   * of their end, but of nothing else.
   */
  readonly departed: Set<string>;
  /** When its route tells nothing. */
  readonly hours: Hours;
  /** Fingerprints whose being muted has been reported, with the reason that was given. */
  readonly reportedMuted: Map<string, MuteReason>;
}

export function groupId(receiver: string, key: string): string {
  return `${receiver}\n${key}`;
}

/** An empty group for alerts of this route that share these labels. */
export function newGroup(
  { route }: MatchedRoute,
  key: string,
  labels: Labels,
  nextFlushAt: SteadyMs,
): Group {
  return {
    id: groupId(route.receiver, key),
    key,
    receiver: route.receiver,
    labels: groupLabels(route, labels),
    groupIntervalMs: route.groupIntervalMs,
    repeatIntervalMs: route.repeatIntervalMs,
    alerts: new Map(),
    nextFlushAt,
    departed: new Set(),
    hours: route,
    reportedMuted: new Map(),
  };
}

/** A group as it is saved. */
export interface SavedGroup {
  readonly id: string;
  readonly key: string;
  readonly receiver: string;
  readonly labels: Labels;
  readonly alerts: readonly Alert[];
  readonly nextFlushAt: SteadyMs;
  readonly departed: readonly string[];
}

export function savedGroup(group: Group): SavedGroup {
  const { id, key, receiver, labels, nextFlushAt, alerts, departed } = group;
  return {
    id,
    key,
    receiver,
    labels,
    nextFlushAt,
    alerts: [...alerts.values()],
    departed: [...departed],
  };
}

/** Identity of what is told of an alert: its fingerprint, and a count where something new has to be. */
export function toldId(alert: Alert): string {
  return alert.revision === 0 ? alert.fingerprint : `${alert.fingerprint}/${alert.revision}`;
}

export function fingerprintOf(id: string): string {
  return id.split('/', 1)[0] ?? id;
}

/** Firing before resolved, then by `job`, `instance` and the remaining labels, as Alertmanager orders. */
export function orderForTelling(alerts: Iterable<Alert>): Alert[] {
  return [...alerts].toSorted(
    (a, b) =>
      alertStatus(a).localeCompare(alertStatus(b)) ||
      compare(orderKey(a.labels), orderKey(b.labels)),
  );
}

function orderKey(labels: Labels): string {
  const rest = labelNames(labels).map((name) => `${name}\0${labels[name] ?? ''}`);
  return [labels['job'] ?? '', labels['instance'] ?? '', ...rest].join('\0');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
