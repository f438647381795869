import { alertStatus } from '../model/alert.ts';
import type { ReceiverSpec } from '../model/route.ts';
import type { LogEntry } from './decide.ts';
import { fingerprintOf, orderForTelling, type Group } from './group.ts';
import { acknowledgement, type PlannedNotification } from './message.ts';
import { logKey, type AcknowledgementOf } from './plan-group.ts';

/** What the integrations of a group's receiver hear of somebody having taken on these alerts. */
export function planAcknowledgement(input: {
  readonly group: Group;
  readonly receiver: ReceiverSpec | undefined;
  readonly log: ReadonlyMap<string, LogEntry>;
  /** Of the alerts that were taken on just now. */
  readonly fingerprints: ReadonlySet<string>;
  readonly acknowledgementOf: AcknowledgementOf;
}): PlannedNotification[] {
  const { group, receiver, log, fingerprints, acknowledgementOf } = input;
  const firing = orderForTelling(group.alerts.values()).filter(
    (alert) => alertStatus(alert) === 'firing',
  );
  return (receiver?.integrations ?? []).flatMap((integration) => {
    const entry = log.get(logKey(group.id, integration));
    if (entry === undefined || !integration.tellsAcknowledgement) return [];
    const told = new Set(entry.firing.map(fingerprintOf));
    const known = firing.filter(({ fingerprint }) => told.has(fingerprint));
    const wanted = integration.splitsAlerts
      ? known.filter(({ fingerprint }) => fingerprints.has(fingerprint))
      : known;
    const isTakenOn = wanted.every((alert) => acknowledgementOf(alert.fingerprint) !== undefined);
    const isNews = wanted.some(({ fingerprint }) => fingerprints.has(fingerprint));
    if (!isTakenOn || !isNews) return [];
    const { dedupKey } = entry;
    const names = new Set(
      wanted.map(({ fingerprint }) => acknowledgementOf(fingerprint)?.by ?? ''),
    );
    return acknowledgement({
      group,
      integration,
      alerts: wanted,
      known: entry.firing,
      reason: 'acknowledged',
      dedupKey,
      acknowledgedBy: [...names].join(', '),
    });
  });
}
