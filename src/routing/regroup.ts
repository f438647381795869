import { alertStatus, type Alert } from '../model/alert.ts';
import { laterMs, type Instant, type SteadyMs } from '../model/time.ts';
import type { LogEntry } from './decide.ts';
import { fingerprintOf, groupId, newGroup, type Group, type SavedGroup } from './group.ts';
import { logKey } from './plan-group.ts';
import { groupKey, matchRoutes } from './route-tree.ts';
import type { RoutingTable, SavedRouting } from './state.ts';

/*
 * Brings what an earlier run or an earlier configuration left into the present routing table, by alert
 * and receiver rather than by the text of a route: whoever was told of a firing is not told again, and
 * hears of its end.
 *
 * A group that still exists keeps its timer. Alerts whose group is gone go where the table now sends
 * them, and take along what that receiver knows of them. Where no group of the same receiver takes an
 * alert over, the old group stays, retired, until it has told the end.
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
  const groups = new Map<string, Group>();
  for (const { alerts, retired } of saved.groups) {
    if (retired) continue;
    for (const old of alerts) place(table, current(old, relabelled), groups, timers, now);
  }
  for (const old of saved.groups) {
    if (groups.has(old.id)) continue;
    const orphans = handOver({ table, old, groups, log, relabelled });
    if (orphans.length > 0) groups.set(old.id, retire(old, orphans));
  }
  forgetUnused(table, groups, log);
  return { groups, log };
}

function current(alert: Alert, relabelled: ReadonlyMap<string, Alert>): Alert {
  const renamed = relabelled.get(alert.fingerprint);
  if (renamed === undefined) return alert;
  return alert.endsAt === undefined ? renamed : { ...renamed, endsAt: alert.endsAt };
}

function renamed(entry: LogEntry, relabelled: ReadonlyMap<string, Alert>): LogEntry {
  const rename = (id: string): string => {
    const former = fingerprintOf(id);
    return `${relabelled.get(former)?.fingerprint ?? former}${id.slice(former.length)}`;
  };
  return { ...entry, firing: entry.firing.map(rename), resolved: entry.resolved.map(rename) };
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

/**
 * Moves what a vanished group's receiver knows into the groups that took over, and gives the alerts whose
 * end the old group must still tell: those that no group of this receiver took over, and those that the
 * receiver would otherwise know under two keys.
 */
function handOver(input: {
  readonly table: RoutingTable;
  readonly old: SavedGroup;
  readonly groups: ReadonlyMap<string, Group>;
  readonly log: Map<string, LogEntry>;
  readonly relabelled: ReadonlyMap<string, Alert>;
}): Alert[] {
  const { old, groups, log } = input;
  const receiver = input.table.receivers.find(({ name }) => name === old.receiver);
  const alerts = new Map(
    old.alerts
      .map((alert) => current(alert, input.relabelled))
      .map((alert) => [alert.fingerprint, alert]),
  );
  const orphans = new Map<string, Alert>();
  for (const integration of receiver?.integrations ?? []) {
    const oldKey = logKey(old.id, integration);
    const entry = log.get(oldKey);
    if (entry === undefined) continue;
    const kept = entry.firing.filter((id) => {
      const alert = alerts.get(fingerprintOf(id));
      if (alert === undefined) return false;
      const heirs = [...groups.values()].filter(
        (group) =>
          !group.retired && group.receiver === old.receiver && group.alerts.has(alert.fingerprint),
      );
      const moved = heirs.map((heir) =>
        inherit(log, logKey(heir.id, integration), entry, id, integration.splitsAlerts),
      );
      if (moved.includes(true)) return false;
      orphans.set(alert.fingerprint, alert);
      return true;
    });
    log.set(oldKey, { ...entry, firing: kept });
  }
  return [...orphans.values()];
}

/** Says whether the heir will tell the end as well; it does not where it uses another key. */
function inherit(
  log: Map<string, LogEntry>,
  key: string,
  from: LogEntry,
  id: string,
  splitsAlerts: boolean,
): boolean {
  const entry = log.get(key);
  if (entry === undefined) {
    log.set(key, { ...from, firing: [id], resolved: [] });
    return true;
  }
  const sameKey = splitsAlerts || entry.dedupKey === from.dedupKey;
  const elsewhere = [...(entry.elsewhere ?? []), ...(sameKey ? [] : [fingerprintOf(id)])];
  log.set(key, {
    ...entry,
    firing: entry.firing.includes(id) ? entry.firing : [...entry.firing, id],
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  });
  return sameKey;
}

function retire(old: SavedGroup, orphans: readonly Alert[]): Group {
  return {
    ...old,
    groupIntervalMs: retiredIntervalMs,
    repeatIntervalMs: Number.POSITIVE_INFINITY,
    alerts: new Map(orphans.map((alert) => [alert.fingerprint, alert])),
    retired: true,
    reportedMuted: new Set(),
  };
}

/** How often a retired group looks whether its alerts have ended. */
const retiredIntervalMs = 10_000;

/** Drops log entries of groups and integrations that exist no longer, and empty knowledge. */
function forgetUnused(
  table: RoutingTable,
  groups: ReadonlyMap<string, Group>,
  log: Map<string, LogEntry>,
): void {
  const live = new Set<string>();
  for (const group of groups.values()) {
    const receiver = table.receivers.find(({ name }) => name === group.receiver);
    for (const integration of receiver?.integrations ?? []) {
      live.add(logKey(group.id, integration));
    }
    if (group.retired && [...group.alerts.values()].every((a) => alertStatus(a) === 'resolved')) {
      group.nextFlushAt = 0 as SteadyMs;
    }
  }
  for (const [key, { firing }] of log) {
    if (!live.has(key) || firing.length === 0) log.delete(key);
  }
}
