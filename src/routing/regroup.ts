import { alertStatus, type Alert } from '../model/alert.ts';
import type { IntegrationSpec, ReceiverSpec } from '../model/route.ts';
import { laterMs, type Instant, type SteadyMs } from '../model/time.ts';
import { Beliefs, type Belief } from './beliefs.ts';
import type { LogEntry } from './decide.ts';
import { departedIntervalMs, groupId, newGroup, type Group, type SavedGroup } from './group.ts';
import { inherit } from './inherit.ts';
import { logKey } from './plan-group.ts';
import { renamedEntry, underPresentLabels } from './relabelled.ts';
import { groupKey, matchRoutes } from './route-tree.ts';
import type { RoutingTable, SavedRouting } from './state.ts';

/*
 * Brings what an earlier run or an earlier configuration left into the present routing table, by alert
 * and receiver rather than by the text of a route: whoever was told of a firing is not told again, and
 * hears of its end.
 *
 * A group that still exists keeps its timer. Alerts that fire go where the table now sends them, and take
 * along what the receiver of their old group knows of them. What nobody takes along stays in the old group
 * to be ended there: alerts that have resolved already, and alerts that departed, that is, those that no
 * group of the same receiver took over, or that the receiver would otherwise know under two keys.
 *
 * With ten thousand alerts nothing here may look at all of them for each of them.
 */
export function regroup(
  table: RoutingTable,
  saved: SavedRouting,
  now: Instant,
  relabelled: ReadonlyMap<string, Alert>,
): { readonly groups: Map<string, Group>; readonly log: Map<string, LogEntry> } {
  const log = [...saved.log].map(([key, entry]) => [key, renamedEntry(entry, relabelled)] as const);
  const move: Move = {
    table,
    now,
    receivers: new Map(table.receivers.map((one) => [one.name, one])),
    timers: new Map(saved.groups.map((group) => [group.id, group.nextFlushAt])),
    groups: new Map(),
    led: new Map(),
    beliefs: new Beliefs(new Map(log)),
  };
  const olds = saved.groups.map((old) => underPresentLabels(old, relabelled));
  for (const { alerts, departed } of olds) {
    const gone = new Set(departed);
    for (const alert of alerts) {
      if (alertStatus(alert) === 'firing' && !gone.has(alert.fingerprint)) place(move, alert);
    }
  }
  for (const old of olds) {
    carryTellings(move, old);
    stayBehind(move, old);
  }
  joinConversations(move);
  const live = new Set([...move.groups.values()].flatMap((group) => logKeys(move, group)));
  return { groups: move.groups, log: move.beliefs.entries((key) => live.has(key)) };
}

interface Move {
  readonly table: RoutingTable;
  readonly now: Instant;
  readonly receivers: ReadonlyMap<string, ReceiverSpec>;
  readonly timers: ReadonlyMap<string, SteadyMs>;
  readonly groups: Map<string, Group>;
  /** The groups that the routes lead an alert to, by fingerprint. */
  readonly led: Map<string, Group[]>;
  readonly beliefs: Beliefs;
}

function integrationsOf({ receivers }: Move, name: string): readonly IntegrationSpec[] {
  return receivers.get(name)?.integrations ?? [];
}

function logKeys(move: Move, { id, receiver }: Group): string[] {
  return integrationsOf(move, receiver).map((integration) => logKey(id, integration));
}

function place({ table, now, timers, groups, led }: Move, alert: Alert): void {
  for (const matched of matchRoutes(table.root, alert.labels)) {
    const key = groupKey(matched, alert.labels);
    const id = groupId(matched.route.receiver, key);
    const flushAt = timers.get(id) ?? laterMs(now.steadyMs, matched.route.groupWaitMs);
    const group = groups.get(id) ?? newGroup(matched, key, alert.labels, flushAt);
    groups.set(id, group);
    const isThere = group.alerts.has(alert.fingerprint);
    group.alerts.set(alert.fingerprint, alert);
    if (isThere) continue;
    const others = led.get(alert.fingerprint);
    if (others === undefined) led.set(alert.fingerprint, [group]);
    else others.push(group);
  }
}

/** Steps of an escalation go on counting from when the receiver was first told, in whatever group now. */
function carryTellings({ led }: Move, old: SavedGroup): void {
  for (const [fingerprint, telling] of old.tellings ?? []) {
    for (const group of led.get(fingerprint) ?? []) {
      if (group.receiver !== old.receiver || group.tellings.has(fingerprint)) continue;
      group.tellings.set(fingerprint, { ...telling });
    }
  }
}

/** Hands on what the receiver of an old group knows; what nobody takes over stays to be ended there. */
function stayBehind(move: Move, old: SavedGroup): void {
  const { groups } = move;
  const here = groups.get(old.id);
  const gone = old.alerts.filter(({ fingerprint }) => !here?.alerts.has(fingerprint));
  if (gone.length === 0) return;
  const stays = new Set<Alert>();
  for (const integration of integrationsOf(move, old.receiver)) {
    const from = move.beliefs.get(logKey(old.id, integration));
    if (from === undefined) continue;
    const handedOn: string[] = [];
    for (const alert of gone) {
      if (!from.firing.has(alert.fingerprint)) continue;
      if (handOn(move, old, alert, from, integration)) handedOn.push(alert.fingerprint);
      else stays.add(alert);
    }
    for (const fingerprint of handedOn) from.firing.delete(fingerprint);
  }
  if (stays.size === 0) return;
  const group = groups.get(old.id) ?? revived(old);
  groups.set(old.id, group);
  for (const alert of stays) {
    group.alerts.set(alert.fingerprint, alert);
    if (alertStatus(alert) === 'firing') group.departed.add(alert.fingerprint);
  }
}

/** Says whether somebody else will tell the end of this alert. */
function handOn(
  { led, beliefs }: Move,
  old: SavedGroup,
  alert: Alert,
  from: Belief,
  integration: IntegrationSpec,
): boolean {
  const { fingerprint } = alert;
  // What has ended stays where it is told, unless that is another group anyway.
  if (alertStatus(alert) === 'resolved') return from.elsewhere.has(fingerprint);
  const heirs = (led.get(fingerprint) ?? []).filter(
    (group) => group.id !== old.id && group.receiver === old.receiver,
  );
  const taken = heirs.map((group) => {
    const heir = logKey(group.id, integration);
    return inherit({ beliefs, heir, from, fingerprint, integration });
  });
  return taken.includes(true);
}

/**
 * Where another group has inherited the key under which an integration was told of alerts that have ended
 * here, their end is told there: two groups that use one key would contradict each other.
 */
function joinConversations(move: Move): void {
  const byKey = new Map<string, Group[]>();
  const keyOf = (group: Group, integration: IntegrationSpec): string | undefined => {
    const belief = move.beliefs.get(logKey(group.id, integration));
    if (belief === undefined || integration.splitsAlerts) return undefined;
    return [group.receiver, logKey('', integration), belief.rest.dedupKey].join('\n');
  };
  for (const group of move.groups.values()) {
    for (const integration of integrationsOf(move, group.receiver)) {
      const key = keyOf(group, integration);
      if (key === undefined) continue;
      const others = byKey.get(key);
      if (others === undefined) byKey.set(key, [group]);
      else others.push(group);
    }
  }
  for (const group of move.groups.values()) {
    const ended = [...group.alerts.values()].filter((alert) => alertStatus(alert) === 'resolved');
    for (const integration of ended.length === 0 ? [] : integrationsOf(move, group.receiver)) {
      const others = byKey.get(keyOf(group, integration) ?? '') ?? [];
      const other = others.find((one) => one !== group);
      if (other !== undefined) handEnds(move, group, other, integration, ended);
    }
  }
}

function handEnds(
  { beliefs }: Move,
  from: Group,
  to: Group,
  integration: IntegrationSpec,
  ended: readonly Alert[],
): void {
  const former = beliefs.get(logKey(from.id, integration));
  const heir = beliefs.get(logKey(to.id, integration));
  if (former === undefined || heir === undefined) return;
  for (const alert of ended) {
    const { fingerprint } = alert;
    if (!to.alerts.has(fingerprint)) to.alerts.set(fingerprint, alert);
    const id = former.firing.get(fingerprint);
    if (id === undefined) continue;
    if (!heir.firing.has(fingerprint)) heir.firing.set(fingerprint, id);
    former.firing.delete(fingerprint);
  }
}

function revived(old: SavedGroup): Group {
  return {
    ...old,
    groupIntervalMs: departedIntervalMs,
    repeatIntervalMs: Number.POSITIVE_INFINITY,
    repeatFactor: 1,
    repeatIntervalMaxMs: Number.POSITIVE_INFINITY,
    escalate: [],
    tellings: new Map(),
    escalateAt: undefined,
    stepAfterMs: old.stepAfterMs,
    alerts: new Map(),
    departed: new Set(),
    hours: { muteTimeIntervals: [], activeTimeIntervals: [] },
    reportedMuted: new Map(),
  };
}
