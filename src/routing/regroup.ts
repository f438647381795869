import { alertStatus, type Alert } from '../model/alert.ts';
import type { IntegrationSpec } from '../model/route.ts';
import { laterMs, type Instant, type SteadyMs } from '../model/time.ts';
import type { LogEntry } from './decide.ts';
import {
  departedIntervalMs,
  fingerprintOf,
  groupId,
  newGroup,
  type Group,
  type SavedGroup,
} from './group.ts';
import { inherit } from './inherit.ts';
import { logKey } from './plan-group.ts';
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
 */
export function regroup(
  table: RoutingTable,
  saved: SavedRouting,
  now: Instant,
  relabelled: ReadonlyMap<string, Alert>,
): { readonly groups: Map<string, Group>; readonly log: Map<string, LogEntry> } {
  const timers = new Map(saved.groups.map((group) => [group.id, group.nextFlushAt]));
  const log = new Map(
    [...saved.log].map(([key, entry]) => [key, renamed(entry, relabelled)] as const),
  );
  const olds = saved.groups.map((old) => present(old, relabelled));
  const groups = new Map<string, Group>();
  for (const { alerts, departed } of olds) {
    for (const alert of alerts) {
      const leads = alertStatus(alert) === 'firing' && !departed.includes(alert.fingerprint);
      if (leads) place(table, alert, groups, timers, now);
    }
  }
  for (const old of olds) carryTellings(old, groups);
  for (const old of olds) {
    const { ended, departed } = leftBehind(table, old, groups, log);
    if (ended.length + departed.length === 0) continue;
    const group = groups.get(old.id) ?? revived(old);
    groups.set(old.id, group);
    for (const alert of [...ended, ...departed]) group.alerts.set(alert.fingerprint, alert);
    for (const { fingerprint } of departed) group.departed.add(fingerprint);
  }
  for (const group of groups.values()) joinConversation(table, group, groups, log);
  forgetUnused(table, groups, log);
  return { groups, log };
}

/** Steps of an escalation go on counting from when the receiver was first told, in whatever group now. */
function carryTellings(old: SavedGroup, groups: ReadonlyMap<string, Group>): void {
  for (const [fingerprint, telling] of old.tellings ?? []) {
    for (const group of groups.values()) {
      const isHeir = group.receiver === old.receiver && group.alerts.has(fingerprint);
      if (isHeir && !group.tellings.has(fingerprint))
        group.tellings.set(fingerprint, { ...telling });
    }
  }
}

/** The group with its alerts under their present labels. */
function present(old: SavedGroup, relabelled: ReadonlyMap<string, Alert>): SavedGroup {
  const renamedAlert = (alert: Alert): Alert => {
    const fresh = relabelled.get(alert.fingerprint);
    if (fresh === undefined) return alert;
    return alert.endsAt === undefined ? fresh : { ...fresh, endsAt: alert.endsAt };
  };
  const rename = (fingerprint: string): string =>
    relabelled.get(fingerprint)?.fingerprint ?? fingerprint;
  return {
    ...old,
    alerts: old.alerts.map(renamedAlert),
    departed: old.departed.map(rename),
    ...(old.tellings === undefined
      ? {}
      : { tellings: old.tellings.map(([one, telling]) => [rename(one), telling] as const) }),
  };
}

function renamed(entry: LogEntry, relabelled: ReadonlyMap<string, Alert>): LogEntry {
  const rename = (id: string): string => {
    const former = fingerprintOf(id);
    return `${relabelled.get(former)?.fingerprint ?? former}${id.slice(former.length)}`;
  };
  return {
    ...entry,
    firing: entry.firing.map(rename),
    resolved: entry.resolved.map(rename),
    ...(entry.elsewhere === undefined ? {} : { elsewhere: entry.elsewhere.map(rename) }),
  };
}

function place(
  table: RoutingTable,
  alert: Alert,
  groups: Map<string, Group>,
  timers: ReadonlyMap<string, SteadyMs>,
  now: Instant,
): void {
  for (const matched of matchRoutes(table.root, alert.labels)) {
    const key = groupKey(matched, alert.labels);
    const id = groupId(matched.route.receiver, key);
    const flushAt = timers.get(id) ?? laterMs(now.steadyMs, matched.route.groupWaitMs);
    const group = groups.get(id) ?? newGroup(matched, key, alert.labels, flushAt);
    groups.set(id, group);
    group.alerts.set(alert.fingerprint, alert);
  }
}

interface LeftBehind {
  readonly ended: readonly Alert[];
  readonly departed: readonly Alert[];
}

/** Hands on what the receiver of an old group knows; gives the alerts that stay to be ended there. */
function leftBehind(
  table: RoutingTable,
  old: SavedGroup,
  groups: ReadonlyMap<string, Group>,
  log: Map<string, LogEntry>,
): LeftBehind {
  const receiver = table.receivers.find(({ name }) => name === old.receiver);
  const here = groups.get(old.id);
  const gone = old.alerts.filter(({ fingerprint }) => !here?.alerts.has(fingerprint));
  const stays = new Set<Alert>();
  for (const integration of receiver?.integrations ?? []) {
    const key = logKey(old.id, integration);
    const entry = log.get(key);
    if (entry === undefined) continue;
    const handedOn = new Set<string>();
    for (const alert of gone) {
      const id = entry.firing.find((one) => fingerprintOf(one) === alert.fingerprint);
      if (id === undefined) continue;
      if (handOn(alert, id, entry, { old, integration, groups, log })) handedOn.add(id);
      else stays.add(alert);
    }
    log.set(key, { ...entry, firing: entry.firing.filter((id) => !handedOn.has(id)) });
  }
  return {
    ended: [...stays].filter((alert) => alertStatus(alert) === 'resolved'),
    departed: [...stays].filter((alert) => alertStatus(alert) === 'firing'),
  };
}

/** Says whether somebody else will tell the end of this alert. */
function handOn(
  alert: Alert,
  id: string,
  from: LogEntry,
  context: {
    readonly old: SavedGroup;
    readonly integration: IntegrationSpec;
    readonly groups: ReadonlyMap<string, Group>;
    readonly log: Map<string, LogEntry>;
  },
): boolean {
  const { old, integration, groups, log } = context;
  // What has ended stays where it is told, unless that is another group anyway.
  if (alertStatus(alert) === 'resolved')
    return from.elsewhere?.includes(alert.fingerprint) ?? false;
  const heirs = [...groups.values()].filter(
    (group) =>
      group.id !== old.id && group.receiver === old.receiver && leadsTo(group, alert.fingerprint),
  );
  const taken = heirs.map((heir) =>
    inherit({ log, heir: logKey(heir.id, integration), from, id, integration }),
  );
  return taken.includes(true);
}

/**
 * Where another group has inherited the key under which an integration was told of alerts that have ended
 * here, their end is told there: two groups that use one key would contradict each other.
 */
function joinConversation(
  table: RoutingTable,
  group: Group,
  groups: ReadonlyMap<string, Group>,
  log: Map<string, LogEntry>,
): void {
  const receiver = table.receivers.find(({ name }) => name === group.receiver);
  for (const integration of receiver?.integrations ?? []) {
    const key = logKey(group.id, integration);
    const entry = log.get(key);
    if (entry === undefined || integration.splitsAlerts) continue;
    const ended = [...group.alerts.values()].filter((a) => alertStatus(a) === 'resolved');
    for (const other of groups.values()) {
      const otherKey = logKey(other.id, integration);
      const known = log.get(otherKey);
      const shared = known?.dedupKey === entry.dedupKey && other.receiver === group.receiver;
      if (other === group || known === undefined || !shared) continue;
      const ids = entry.firing.filter((id) =>
        ended.some(({ fingerprint }) => fingerprint === fingerprintOf(id)),
      );
      for (const alert of ended) {
        if (!other.alerts.has(alert.fingerprint)) other.alerts.set(alert.fingerprint, alert);
      }
      log.set(otherKey, { ...known, firing: [...new Set([...known.firing, ...ids])] });
      log.set(key, { ...entry, firing: entry.firing.filter((id) => !ids.includes(id)) });
      break;
    }
  }
}

/** Whether the group has the alert firing because the routes lead it there. */
function leadsTo(group: Group, fingerprint: string): boolean {
  const alert = group.alerts.get(fingerprint);
  if (alert === undefined || group.departed.has(fingerprint)) return false;
  return alertStatus(alert) === 'firing';
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

/** Drops log entries of groups and integrations that exist no longer, and empty knowledge. */
function forgetUnused(
  table: RoutingTable,
  groups: ReadonlyMap<string, Group>,
  log: Map<string, LogEntry>,
): void {
  const live = new Set(
    [...groups.values()].flatMap((group) => {
      const receiver = table.receivers.find(({ name }) => name === group.receiver);
      return (receiver?.integrations ?? []).map((integration) => logKey(group.id, integration));
    }),
  );
  for (const [key, { firing }] of log) {
    if (!live.has(key) || firing.length === 0) log.delete(key);
  }
}
