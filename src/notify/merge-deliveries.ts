import { type Alert, alertStatus } from '../model/alert.ts';
import { severities } from '../model/check.ts';
import type { Delivery, Notification, NotifyReason } from '../model/delivery.ts';
import { hashText } from '../model/fingerprint.ts';
import { commonLabels, formatLabels } from '../model/labels.ts';
import { keepsIncidents } from './incident-integrations.ts';
import { storiesOf } from './merged-stories.ts';
import { severityOf } from './wording.ts';

/**
 * Whether `next` may be told in one message with `former`, which is older and has the same dedup key.
 *
 * For people one message with the newest state is enough. An incident is something that is opened and
 * closed: its end stays a message of its own, so that the incident is seen in the receiver's history, and
 * an opening is not replaced by one of a lower severity.
 */
export function mayMerge(former: Delivery, next: Delivery): boolean {
  const [before, after] = [former.notification, next.notification];
  if (before.reason === 'test' || after.reason === 'test') return false;
  if (!keepsIncidents(former.integration)) return true;
  const bothOpen = before.status === 'firing' && after.status === 'firing';
  const saysWho = before.reason === 'acknowledged' || after.reason === 'acknowledged';
  return bothOpen && !saysWho && worst(after) >= worst(before);
}

function worst({ alerts }: Notification): number {
  const firing = alerts.filter((alert) => alertStatus(alert) === 'firing');
  return Math.max(-1, ...firing.map((alert) => severities.indexOf(severityOf(alert))));
}

/**
 * Several deliveries of one conversation as one: the newest state of every alert in any of them, and what
 * happened in between as remarks. It has the id of the newest, because a message that grew is another one
 * than the message that was tried before. `deliveries` is in order and not empty.
 */
export function mergeDeliveries(deliveries: readonly Delivery[]): Delivery {
  const newest = deliveries.at(-1);
  if (newest === undefined) throw new Error('nothing to merge');
  if (deliveries.length === 1) return newest;
  const notifications = deliveries.map(({ notification }) => notification);
  const alerts = newestStates(notifications);
  const isFiring = alerts.some((alert) => alertStatus(alert) === 'firing');
  const remarks = [
    ...storiesOf(notifications),
    ...notifications.flatMap((one) => one.remarks ?? []),
  ];
  const notification: Notification = {
    ...newest.notification,
    commonLabels: commonLabels(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonLabels(alerts.map(({ annotations }) => annotations)),
    // Something else may go on under the same key, of which none of these speaks.
    status: isFiring ? 'firing' : newest.notification.status,
    reason: reasonOf(notifications, isFiring),
    alerts,
    ...(remarks.length === 0 ? {} : { remarks: [...new Set(remarks)] }),
  };
  return { ...newest, notification };
}

/**
 * What a rate limit held back, as one message: the newest state of every alert. Its key is made of the
 * oldest delivery in it, which stays in it until it is told.
 */
export function digestOf(deliveries: readonly Delivery[], remark: string): Delivery {
  const merged = mergeDeliveries(deliveries);
  const oldest = deliveries[0] ?? merged;
  const { likelyRoot: _, acknowledgedBy: __, ...notification } = merged.notification;
  return {
    ...merged,
    dedupKey: hashText(`digest\n${oldest.id}`),
    notification: {
      ...notification,
      groupKey: '{}:{digest="rate_limit"}',
      groupLabels: {},
      reason: 'report',
      remarks: [remark, ...(notification.remarks ?? [])],
      truncatedAlerts: deliveries.reduce((sum, one) => sum + one.notification.truncatedAlerts, 0),
    },
  };
}

function newestStates(notifications: readonly Notification[]): Alert[] {
  const newest = new Map<string, Alert>();
  for (const { alerts } of notifications) {
    for (const alert of alerts) newest.set(alert.fingerprint, alert);
  }
  const isOver = (fingerprint: string): boolean => {
    const alert = newest.get(fingerprint);
    return alert !== undefined && alertStatus(alert) === 'resolved';
  };
  return [...newest.values()]
    .map((alert) => {
      const { supersededBy, ...rest } = alert;
      // What took its place has ended as well, so that nothing goes on.
      return supersededBy !== undefined && isOver(supersededBy.fingerprint) ? rest : alert;
    })
    .toSorted(worstFirst);
}

function worstFirst(a: Alert, b: Alert): number {
  const open = Number(a.endsAt !== undefined) - Number(b.endsAt !== undefined);
  const severity = severities.indexOf(severityOf(b)) - severities.indexOf(severityOf(a));
  return open || severity || (formatLabels(a.labels) < formatLabels(b.labels) ? -1 : 1);
}

function reasonOf(notifications: readonly Notification[], isFiring: boolean): NotifyReason {
  const reasons = notifications.map(({ reason }) => reason);
  const last = reasons.at(-1);
  if (!isFiring && notifications.at(-1)?.status === 'firing') return last ?? 'some alerts resolved';
  if (!isFiring) return last === 'report' ? 'report' : 'all alerts resolved';
  if (reasons.includes('first notification')) return 'first notification';
  const news = reasons.findLast((reason) => reason !== 'repeat interval elapsed');
  return news ?? 'repeat interval elapsed';
}
