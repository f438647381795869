import { alertStatus, type Alert } from '../model/alert.ts';
import type { ReceiverSpec } from '../model/route.ts';
import type { LogEntry } from './decide.ts';
import { fingerprintOf, type Group } from './group.ts';
import { logKey } from './plan-group.ts';

/*
 * Where each alert is an incident of its own, an incident goes on when the same check fires at another
 * severity, or again, in another group of the same receiver. The end that the old group would tell is then
 * handed over together with what the receiver knows: the other group tells it if the successor is never told.
 */
export function handOverIncidents(
  group: Group,
  receiver: ReceiverSpec | undefined,
  context: {
    readonly entry: (key: string) => LogEntry | undefined;
    readonly setEntry: (key: string, entry: LogEntry | undefined) => void;
    readonly holders: (fingerprint: string) => Iterable<Group>;
    readonly put: (group: Group, alert: Alert) => void;
  },
): void {
  const incidents = receiver?.integrations.filter(({ splitsAlerts }) => splitsAlerts) ?? [];
  if (incidents.length === 0) return;
  const ended = [...group.alerts.values()].filter((alert) => alertStatus(alert) === 'resolved');
  for (const alert of ended) {
    const heir = heirOf(alert, group, context.holders);
    if (heir === undefined) continue;
    for (const integration of incidents) {
      const key = logKey(group.id, integration);
      const from = context.entry(key);
      const id = from?.firing.find((one) => fingerprintOf(one) === alert.fingerprint);
      if (from === undefined || id === undefined) continue;
      const heirKey = logKey(heir.id, integration);
      const known = context.entry(heirKey) ?? { ...from, firing: [], resolved: [] };
      context.setEntry(heirKey, { ...known, firing: [...new Set([...known.firing, id])] });
      const firing = from.firing.filter((one) => one !== id);
      context.setEntry(key, firing.length === 0 ? undefined : { ...from, firing });
      if (!heir.alerts.has(alert.fingerprint)) context.put(heir, alert);
    }
  }
}

/** Another group of the same receiver in which what took the place of this alert fires. */
function heirOf(
  { fingerprint, supersededBy }: Alert,
  group: Group,
  holders: (fingerprint: string) => Iterable<Group>,
): Group | undefined {
  for (const successor of [fingerprint, supersededBy?.fingerprint ?? fingerprint]) {
    for (const other of holders(successor)) {
      const isFiring = other.alerts.get(successor)?.endsAt === undefined;
      if (other !== group && other.receiver === group.receiver && isFiring) return other;
    }
  }
  return undefined;
}
