import { alertStatus, type Alert } from '../model/alert.ts';
import type { Notification, NotifyReason } from '../model/delivery.ts';
import { hashText } from '../model/fingerprint.ts';
import { commonLabels, formatLabels, type Labels } from '../model/labels.ts';
import type { IntegrationSpec } from '../model/route.ts';
import { toldId, type Group } from './group.ts';
import { likelyRoot } from './likely-root.ts';

/** One message to one integration, decided but not yet addressed as a delivery. */
export interface PlannedNotification {
  readonly integration: IntegrationSpec;
  readonly dedupKey: string;
  readonly notification: Notification;
}

export interface Message {
  readonly group: Group;
  readonly integration: IntegrationSpec;
  readonly alerts: readonly Alert[];
  /** Identities of the alerts that the integration knows to be firing. */
  readonly known: readonly string[];
  readonly reason: NotifyReason;
  readonly dedupKey: string;
  readonly acknowledgedBy?: string;
  /** Something else still fires that the integration knows under the same key: the incident is not over. */
  readonly goesOn?: boolean;
}

/** What one integration gets to read: one message, or one for each alert that is news to it. */
export function messages(
  message: Message,
  isQuiet: (alert: Alert) => boolean,
): PlannedNotification[] {
  return message.integration.splitsAlerts ? eachAlert(message, isQuiet) : [together(message)];
}

/** One message for each of these alerts, or one for all of them, as the integration wants it. */
export function acknowledgement(message: Message): PlannedNotification[] {
  if (!message.integration.splitsAlerts) return [together(message)];
  return message.alerts.map((alert) =>
    together({ ...message, alerts: [alert], dedupKey: subjectKey(alert.labels) }),
  );
}

function together(message: Message): PlannedNotification {
  const { group, alerts, integration, dedupKey, reason, acknowledgedBy } = message;
  const firing = alerts.filter((alert) => alertStatus(alert) === 'firing');
  const root = likelyRoot(firing.length > 0 ? firing : alerts);
  const notification: Notification = {
    receiver: group.receiver,
    groupKey: group.key,
    groupLabels: group.labels,
    commonLabels: commonLabels(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonLabels(alerts.map(({ annotations }) => annotations)),
    status: firing.length > 0 || message.goesOn === true ? 'firing' : 'resolved',
    reason,
    alerts,
    truncatedAlerts: 0,
    ...(root === undefined ? {} : { likelyRoot: root.fingerprint, likelyRootReason: root.reason }),
    ...(integration.refreshMs === undefined
      ? {}
      : { toldAgainWithinMs: integration.refreshMs + group.groupIntervalMs }),
    ...(acknowledgedBy === undefined ? {} : { acknowledgedBy }),
  };
  return { integration, dedupKey, notification };
}

/**
 * One message for each alert that is news to the integration. Its key leaves the severity out, so that a
 * warning that turned critical stays the same incident; the end of one of the two is then not told.
 */
function eachAlert(message: Message, isQuiet: (alert: Alert) => boolean): PlannedNotification[] {
  const known = new Set(message.known);
  const reminder = message.reason === 'repeat interval elapsed';
  const bySubject = new Map<string, Alert[]>();
  for (const alert of message.alerts) {
    const key = subjectKey(alert.labels);
    const alerts = bySubject.get(key) ?? [];
    alerts.push(alert);
    bySubject.set(key, alerts);
  }
  return [...bySubject].flatMap(([dedupKey, alerts]) => {
    const firing = alerts.filter((alert) => alertStatus(alert) === 'firing');
    const news = firing.filter((alert) => (reminder ? !isQuiet(alert) : !known.has(toldId(alert))));
    const about = firing.length > 0 ? news : alerts;
    return about.length === 0
      ? []
      : [together({ ...message, alerts: about, dedupKey, goesOn: false })];
  });
}

function subjectKey({ severity: _severity, ...rest }: Labels): string {
  return hashText(formatLabels(rest));
}
