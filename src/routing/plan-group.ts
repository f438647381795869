import { alertStatus, type Alert } from '../model/alert.ts';
import type { Notification, NotifyReason } from '../model/delivery.ts';
import { hashText } from '../model/fingerprint.ts';
import { commonLabels, formatLabels, type Labels } from '../model/labels.ts';
import type { IntegrationSpec, ReceiverSpec } from '../model/route.ts';
import type { Instant } from '../model/time.ts';
import { decide, type LogEntry } from './decide.ts';
import { fingerprintOf, orderForTelling, toldId, type Group } from './group.ts';
import { likelyRoot } from './likely-root.ts';
import { quietHours, type Mute, type MuteOf, type Suppressed } from './mute.ts';

/** One message to one integration, decided but not yet addressed as a delivery. */
export interface PlannedNotification {
  readonly integration: IntegrationSpec;
  readonly dedupKey: string;
  readonly notification: Notification;
}

/** What a plan has to know beyond its group. */
export interface Knowledge {
  /** Whether a receiver has a firing alert of this fingerprint in any of its groups. */
  holds(receiver: string, fingerprint: string): boolean;
  /** Whether an integration of a receiver knows another group under this key. */
  usesKey(receiver: string, integration: IntegrationSpec, dedupKey: string): boolean;
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
  readonly muteOf: MuteOf;
  readonly origin: string;
  readonly knowledge: Knowledge;
}): GroupPlan {
  const { group } = input;
  const split = splitByMute(group, input.muteOf, input.now);
  const planned: PlannedNotification[] = [];
  const log = new Map<string, LogEntry | undefined>();
  for (const integration of input.receiver?.integrations ?? []) {
    const key = logKey(group.id, integration);
    const entry = input.log.get(key);
    const plan = planIntegration({ ...input, split, integration, entry });
    planned.push(...plan.planned);
    if (plan.entry !== entry) log.set(key, plan.entry);
  }
  return { planned, suppressed: newlyMuted(group, split), log };
}

/** What one integration is told, and what it knows afterwards. */
function planIntegration(input: {
  readonly group: Group;
  readonly split: SplitAlerts;
  readonly integration: IntegrationSpec;
  readonly entry: LogEntry | undefined;
  readonly now: Instant;
  readonly origin: string;
  readonly knowledge: Knowledge;
}): { readonly planned: readonly PlannedNotification[]; readonly entry: LogEntry | undefined } {
  const { group, split, integration, entry, now, knowledge } = input;
  const elsewhere = new Set(entry?.elsewhere);
  const firing = [
    ...split.firing.filter(({ fingerprint }) => !elsewhere.has(fingerprint)),
    ...keptAlive(integration, entry, split),
  ];
  const resolved = split.resolved.filter(
    ({ fingerprint, supersededBy }) =>
      tellsEndOf(entry, fingerprint) &&
      // One incident an alert: it goes on under the same key, at another severity or in another group.
      !(
        integration.splitsAlerts &&
        [fingerprint, supersededBy?.fingerprint ?? fingerprint].some((successor) =>
          knowledge.holds(group.receiver, successor),
        )
      ),
  );
  const silentlyFiring = new Set([...split.muted.keys(), ...firingElsewhere(split, elsewhere)]);
  for (const { fingerprint } of firing) silentlyFiring.delete(fingerprint);
  const stillTold = (entry?.firing ?? []).filter((id) => silentlyFiring.has(fingerprintOf(id)));
  const decision = decide({
    entry,
    firing: firing.map(toldId),
    resolved: resolved.map(toldId),
    mutedStillFiring: stillTold.length > 0,
    sendResolved: integration.sendResolved,
    // A flapping alert is told once; reminders of it say nothing new.
    repeatIntervalMs:
      integration.refreshMs ??
      (firing.every((alert) => alert.flapping) ? Infinity : group.repeatIntervalMs),
    now: now.steadyMs,
  });
  const alerts = [...firing, ...(integration.sendResolved ? resolved : [])];
  if (!decision.send || alerts.length === 0) {
    return { planned: [], entry: afterSilence(entry, split) };
  }
  const dedupKey = entry?.dedupKey ?? freshKey(input);
  const message = { group, integration, alerts, entry, reason: decision.reason, dedupKey };
  return {
    planned: integration.splitsAlerts ? eachAlert(message) : [together(message)],
    entry: knowing([...firing.map(toldId), ...stillTold], {
      resolved: resolved.map(toldId),
      at: now.steadyMs,
      dedupKey,
      elsewhere: entry?.elsewhere ?? [],
    }),
  };
}

/**
 * What an integration that forgets must go on hearing of although it is kept back: it was told that it
 * fires, and would take silence for its end.
 */
function keptAlive(
  { refreshMs }: IntegrationSpec,
  entry: LogEntry | undefined,
  { muted }: SplitAlerts,
): Alert[] {
  if (refreshMs === undefined || entry === undefined) return [];
  const known = new Set(entry.firing.map(fingerprintOf));
  return [...muted.values()]
    .map(({ alert }) => alert)
    .filter(({ fingerprint }) => known.has(fingerprint));
}

/**
 * The key of a group that is told for the first time: always the same for the same group, unless a reload
 * has given that key to another group that is still open.
 */
function freshKey(input: {
  readonly group: Group;
  readonly integration: IntegrationSpec;
  readonly origin: string;
  readonly knowledge: Knowledge;
}): string {
  const { group, integration, knowledge } = input;
  const name = `${input.origin}\n${group.key}`;
  let key = hashText(name);
  for (let again = 2; knowledge.usesKey(group.receiver, integration, key); again += 1) {
    key = hashText(`${name}\n${again}`);
  }
  return key;
}

function firingElsewhere({ firing }: SplitAlerts, elsewhere: ReadonlySet<string>): string[] {
  return firing.map(({ fingerprint }) => fingerprint).filter((one) => elsewhere.has(one));
}

/** Whether the integration was told of this alert under the key of this entry. */
function tellsEndOf(entry: LogEntry | undefined, fingerprint: string): boolean {
  if (entry === undefined || entry.elsewhere?.includes(fingerprint)) return false;
  return entry.firing.some((id) => fingerprintOf(id) === fingerprint);
}

/** A log entry with these alerts firing; none when nothing is left that the integration knows. */
function knowing(firing: readonly string[], rest: Omit<LogEntry, 'firing'>): LogEntry | undefined {
  if (firing.length === 0) return undefined;
  const { elsewhere = [], ...entry } = rest;
  const known = new Set(firing.map(fingerprintOf));
  const still = elsewhere.filter((fingerprint) => known.has(fingerprint));
  return { ...entry, firing, ...(still.length === 0 ? {} : { elsewhere: still }) };
}

interface SplitAlerts {
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
  /** By fingerprint: firing, but not to be told of now. */
  readonly muted: ReadonlyMap<string, MutedAlert>;
}

interface MutedAlert {
  readonly alert: Alert;
  /** Absent for an alert that departed: that is no reason to report. */
  readonly mute?: Mute;
}

function splitByMute(group: Group, muteOf: MuteOf, now: Instant): SplitAlerts {
  const firing: Alert[] = [];
  const resolved: Alert[] = [];
  const muted = new Map<string, MutedAlert>();
  const [quiet] = quietHours(group.hours, now.wallMs);
  const timeMute: Mute | undefined =
    quiet === undefined ? undefined : { reason: 'time_interval', by: quiet };
  for (const alert of orderForTelling(group.alerts.values())) {
    // A mute never holds back the end of something that was told.
    if (alertStatus(alert) === 'resolved') {
      resolved.push(alert);
      continue;
    }
    const departed = group.departed.has(alert.fingerprint);
    const mute = departed ? undefined : (muteOf(alert) ?? timeMute);
    if (departed) muted.set(alert.fingerprint, { alert });
    else if (mute === undefined) firing.push(alert);
    else muted.set(alert.fingerprint, { alert, mute });
  }
  return { firing, resolved, muted };
}

/** What the integration still believes when nothing is sent: all it knew but the resolved. */
function afterSilence(
  entry: LogEntry | undefined,
  { resolved }: SplitAlerts,
): LogEntry | undefined {
  if (entry === undefined) return undefined;
  const ended = new Set(resolved.map(({ fingerprint }) => fingerprint));
  const firing = entry.firing.filter((id) => !ended.has(fingerprintOf(id)));
  return firing.length === entry.firing.length ? entry : knowing(firing, entry);
}

function newlyMuted(group: Group, { muted }: SplitAlerts): Suppressed[] {
  for (const fingerprint of group.reportedMuted.keys()) {
    if (!muted.has(fingerprint)) group.reportedMuted.delete(fingerprint);
  }
  return [...muted].flatMap(([fingerprint, { alert, mute }]) => {
    if (mute === undefined || group.reportedMuted.get(fingerprint) === mute.reason) return [];
    group.reportedMuted.set(fingerprint, mute.reason);
    return [{ alert, ...mute, receiver: group.receiver }];
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
  const firing = alerts.filter((alert) => alertStatus(alert) === 'firing');
  const root = likelyRoot(firing.length > 0 ? firing : alerts);
  const notification: Notification = {
    receiver: group.receiver,
    groupKey: group.key,
    groupLabels: group.labels,
    commonLabels: commonLabels(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonLabels(alerts.map(({ annotations }) => annotations)),
    status: firing.length > 0 ? 'firing' : 'resolved',
    reason,
    alerts,
    truncatedAlerts: 0,
    ...(root === undefined ? {} : { likelyRoot: root.fingerprint, likelyRootReason: root.reason }),
    ...(integration.refreshMs === undefined
      ? {}
      : { toldAgainWithinMs: integration.refreshMs + group.groupIntervalMs }),
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
