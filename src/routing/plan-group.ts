import { alertStatus, type Alert } from '../model/alert.ts';
import type { Notification, NotifyReason } from '../model/delivery.ts';
import { hashText } from '../model/fingerprint.ts';
import { commonLabels, formatLabels, type Labels } from '../model/labels.ts';
import type { IntegrationSpec, ReceiverSpec } from '../model/route.ts';
import type { Instant } from '../model/time.ts';
import { decide, type LogEntry } from './decide.ts';
import {
  fingerprintOf,
  orderForTelling,
  toldId,
  type Group,
  type MuteReason,
  type Suppressed,
} from './group.ts';

/** One message to one integration, decided but not yet addressed as a delivery. */
export interface PlannedNotification {
  readonly integration: IntegrationSpec;
  readonly dedupKey: string;
  readonly notification: Notification;
}

interface GroupPlan {
  readonly planned: readonly PlannedNotification[];
  readonly suppressed: readonly Suppressed[];
  /** New log entries by key; `undefined` means nothing is told any more. */
  readonly log: ReadonlyMap<string, LogEntry | undefined>;
}

/** The identity of a log entry: the group with its receiver, and which of that one's integrations. */
export function logKey(group: string, { integration, index }: IntegrationSpec): string {
  return `${group}
${integration}/${index}`;
}

/** Decides what each integration of a group's receiver is told at this tick. */
export function planGroup(input: {
  readonly group: Group;
  readonly receiver: ReceiverSpec | undefined;
  readonly log: ReadonlyMap<string, LogEntry>;
  readonly now: Instant;
  readonly muted: (alert: Alert) => MuteReason | undefined;
  readonly origin: string;
}): GroupPlan {
  const { group, now } = input;
  const split = splitByMute(group, input.muted);
  const planned: PlannedNotification[] = [];
  const log = new Map<string, LogEntry | undefined>();
  for (const integration of input.receiver?.integrations ?? []) {
    const key = logKey(group.id, integration);
    const entry = input.log.get(key);
    const told = new Set(entry?.firing.map(fingerprintOf));
    const resolved = split.resolved.filter(({ fingerprint }) => told.has(fingerprint));
    const mutedTold = (entry?.firing ?? []).filter((id) => split.muted.has(fingerprintOf(id)));
    const decision = decide({
      entry,
      firing: split.firing.map(toldId),
      resolved: resolved.map(toldId),
      mutedStillFiring: mutedTold.length > 0,
      sendResolved: integration.sendResolved,
      repeatIntervalMs: group.repeatIntervalMs,
      now: now.steadyMs,
    });
    const dedupKey = entry?.dedupKey ?? hashText(`${input.origin}\n${group.key}`);
    if (decision.send) {
      const alerts = [...split.firing, ...(integration.sendResolved ? resolved : [])];
      const message = { group, integration, alerts, entry, reason: decision.reason, dedupKey };
      planned.push(...(integration.splitsAlerts ? eachAlert(message) : [together(message)]));
    }
    const firing = decision.send
      ? [...split.firing.map(toldId), ...mutedTold]
      : stillTold(entry, split);
    if (firing.length === 0) {
      if (entry !== undefined) log.set(key, undefined);
    } else if (decision.send) {
      log.set(key, { firing, resolved: resolved.map(toldId), at: now.steadyMs, dedupKey });
    } else if (entry !== undefined && firing.length !== entry.firing.length) {
      log.set(key, { ...entry, firing });
    }
  }
  return { planned, suppressed: newlyMuted(group, split), log };
}

interface SplitAlerts {
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
  /** By fingerprint: firing, but not to be told of now. */
  readonly muted: ReadonlyMap<string, MutedAlert>;
}

interface MutedAlert {
  readonly alert: Alert;
  /** A retired group tells of no firing alert, and needs no reason. */
  readonly reason: MuteReason | 'retired';
}

function splitByMute(
  group: Group,
  muteReason: (alert: Alert) => MuteReason | undefined,
): SplitAlerts {
  const firing: Alert[] = [];
  const resolved: Alert[] = [];
  const muted = new Map<string, MutedAlert>();
  for (const alert of orderForTelling(group.alerts.values())) {
    // A mute never holds back the end of something that was told.
    if (alertStatus(alert) === 'resolved') {
      resolved.push(alert);
      continue;
    }
    const reason = group.retired ? 'retired' : muteReason(alert);
    if (reason === undefined) firing.push(alert);
    else muted.set(alert.fingerprint, { alert, reason });
  }
  return { firing, resolved, muted };
}

/** What the integration still believes to fire when nothing is sent: all it knew but the resolved. */
function stillTold(entry: LogEntry | undefined, { resolved }: SplitAlerts): readonly string[] {
  const ended = new Set(resolved.map(({ fingerprint }) => fingerprint));
  return (entry?.firing ?? []).filter((id) => !ended.has(fingerprintOf(id)));
}

function newlyMuted(group: Group, { muted }: SplitAlerts): Suppressed[] {
  for (const fingerprint of group.reportedMuted) {
    if (!muted.has(fingerprint)) group.reportedMuted.delete(fingerprint);
  }
  return [...muted].flatMap(([fingerprint, { alert, reason }]) => {
    if (reason === 'retired' || group.reportedMuted.has(fingerprint)) return [];
    group.reportedMuted.add(fingerprint);
    return [{ alert, reason, receiver: group.receiver }];
  });
}

interface Message {
  readonly group: Group;
  readonly integration: IntegrationSpec;
  readonly alerts: readonly Alert[];
  readonly entry: LogEntry | undefined;
  readonly reason: NotifyReason;
  readonly dedupKey: string;
}

function together(message: Message): PlannedNotification {
  const { group, alerts, integration, dedupKey, reason } = message;
  const firing = alerts.some((alert) => alertStatus(alert) === 'firing');
  const notification: Notification = {
    receiver: group.receiver,
    groupKey: group.key,
    groupLabels: group.labels,
    commonLabels: commonLabels(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonLabels(alerts.map(({ annotations }) => annotations)),
    status: firing ? 'firing' : 'resolved',
    reason,
    alerts,
    truncatedAlerts: 0,
  };
  return { integration, dedupKey, notification };
}

/**
 * One message for each alert that is news to the integration. Its key leaves the severity out, so that a
 * warning that turned critical stays the same incident; the end of one of the two is then not told.
 */
function eachAlert(message: Message): PlannedNotification[] {
  const known = new Set(message.entry?.firing);
  const reminder = message.reason === 'repeat interval elapsed';
  const bySubject = new Map<string, Alert[]>();
  for (const alert of message.alerts) {
    const subject = subjectOf(alert.labels);
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), alert]);
  }
  return [...bySubject].flatMap(([subject, alerts]) => {
    const firing = alerts.filter((alert) => alertStatus(alert) === 'firing');
    const news = firing.filter((alert) => reminder || !known.has(toldId(alert)));
    const about = firing.length > 0 ? news : alerts;
    return about.length === 0
      ? []
      : [together({ ...message, alerts: about, dedupKey: hashText(subject) })];
  });
}

function subjectOf({ severity: _severity, ...rest }: Labels): string {
  return formatLabels(rest);
}
