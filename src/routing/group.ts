import type { Alert } from '../model/alert.ts';
import { alertStatus } from '../model/alert.ts';
import { labelNames, type Labels } from '../model/labels.ts';
import type { EscalationStep } from '../model/route.ts';
import type { SteadyMs } from '../model/time.ts';
import type { Hours, MuteReason } from './mute.ts';
import { groupLabels, type MatchedRoute } from './route-tree.ts';

/** When an alert was first told by its group. */
export interface Telling {
  readonly at: SteadyMs;
  /** The latest step of the escalation that was taken: its `afterMs`; -1 for none. */
  escalatedMs: number;
}

/** Alerts that are told together, and when the next message about them is due. */
export interface Group {
  /** Receiver and key: a changed route may keep its key and lead to somebody else. */
  readonly id: string;
  readonly key: string;
  readonly receiver: string;
  readonly labels: Labels;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly repeatFactor: number;
  readonly repeatIntervalMaxMs: number;
  readonly escalate: readonly EscalationStep[];
  /** By fingerprint: what the steps of `escalate` are counted from. */
  readonly tellings: Map<string, Telling>;
  /** When a step comes due, if that is known. */
  escalateAt: SteadyMs | undefined;
  /** Set where it is a step of an escalation, which tells each alert once, and its end. */
  readonly stepAfterMs: number | undefined;
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

/** How often a group that nothing leads to any more looks whether its alerts have ended. */
export const departedIntervalMs = 10_000;

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
    repeatFactor: route.repeatFactor,
    repeatIntervalMaxMs: route.repeatIntervalMaxMs,
    escalate: route.escalate.toSorted((a, b) => a.afterMs - b.afterMs),
    tellings: new Map(),
    escalateAt: undefined,
    stepAfterMs: undefined,
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
  /** By fingerprint; absent in what an older version saved. */
  readonly tellings?: readonly (readonly [string, Telling])[];
  readonly stepAfterMs?: number;
  /** It was read from one row that an older version wrote. */
  readonly isWhole?: true;
}

export function savedGroup(group: Group): SavedGroup {
  const { id, key, receiver, labels, nextFlushAt, alerts, departed, tellings } = group;
  return {
    id,
    key,
    receiver,
    labels,
    nextFlushAt,
    alerts: [...alerts.values()],
    departed: [...departed],
    ...(tellings.size === 0 ? {} : { tellings: [...tellings] }),
    ...(group.stepAfterMs === undefined ? {} : { stepAfterMs: group.stepAfterMs }),
  };
}

/** Identity of what is told of an alert: its fingerprint, and a count where something new has to be. */
export function toldId(alert: Alert): string {
  return alert.revision === 0 ? alert.fingerprint : `${alert.fingerprint}/${alert.revision}`;
}

export function fingerprintOf(id: string): string {
  const slash = id.indexOf('/');
  return slash === -1 ? id : id.slice(0, slash);
}

/** Firing before resolved, then by `job`, `instance` and the remaining labels, as Alertmanager orders. */
export function orderForTelling(alerts: Iterable<Alert>): Alert[] {
  return [...alerts]
    .map((alert) => ({ alert, key: orderKey(alert) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ alert }) => alert);
}

const orderKeys = new WeakMap<Labels, string>();

function orderKey(alert: Alert): string {
  const { labels } = alert;
  let key = orderKeys.get(labels);
  if (key === undefined) {
    const rest = labelNames(labels).map((name) => `${name}\0${labels[name] ?? ''}`);
    key = [labels['job'] ?? '', labels['instance'] ?? '', ...rest].join('\0');
    orderKeys.set(labels, key);
  }
  return `${alertStatus(alert)}\0${key}`;
}
