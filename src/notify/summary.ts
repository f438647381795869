import { counted } from '../model/counted.ts';
import { type Alert, alertStatus } from '../model/alert.ts';
import { severities, type Severity } from '../model/check.ts';
import type { Notification, NotifyReason } from '../model/delivery.ts';
import type { WallMs } from '../model/time.ts';
import { oneLine } from './cut-text.ts';
import { hostOf, lasted, marks, nameOf, recoveredStateOf, severityOf, stateOf } from './wording.ts';

/** Names in a headline before "and N more". */
const namesMax = 5;

/** One thing to tell: an alert, and what it was before if only its severity changed. */
export interface Story {
  readonly alert: Alert;
  readonly formerSeverity?: Severity;
}

/**
 * Takes an alert that resolved because the same check now fires at another severity together with the
 * one that fires: that is one piece of news, not a failure and a recovery.
 */
export function mergeSameCheck(alerts: readonly Alert[]): Story[] {
  const resolvedOf = Map.groupBy(
    alerts.filter((alert) => !isFiring(alert)),
    checkOf,
  );
  const former = new Map<Alert, Alert>();
  for (const firing of alerts.filter(isFiring)) {
    const check = checkOf(firing);
    const candidates = check === undefined ? [] : (resolvedOf.get(check) ?? []);
    const index = candidates.findIndex((alert) => severityOf(alert) !== severityOf(firing));
    const [resolved] = index < 0 ? [] : candidates.splice(index, 1);
    if (resolved !== undefined) former.set(firing, resolved);
  }
  const told = new Set(former.values());
  return alerts
    .filter((alert) => !told.has(alert))
    .map((alert) => {
      const before = former.get(alert);
      return before === undefined ? { alert } : { alert, formerSeverity: severityOf(before) };
    });
}

/** What a notification tells, in its order, but what probably caused the rest first. */
export function storiesToTell({ alerts, likelyRoot }: Notification): Story[] {
  const stories = mergeSameCheck(alerts);
  const isRoot = ({ alert }: Story): boolean => alert.fingerprint === likelyRoot;
  return [...stories.filter(isRoot), ...stories.filter((story) => !isRoot(story))];
}

function isFiring(alert: Alert): boolean {
  return alertStatus(alert) === 'firing';
}

/** What is the same for the same check at any severity; undefined for alerts from elsewhere. */
function checkOf({ labels }: Alert): string | undefined {
  return labels['check'] === undefined
    ? undefined
    : JSON.stringify([labels['alertname'], labels['check'], labels['host']]);
}

/** How bad the notification is: the worst severity that fires, or that all is well. */
export function levelOf(notification: Notification): Severity | 'resolved' {
  const firing = new Set<string>(notification.alerts.filter(isFiring).map(severityOf));
  // What was superseded has not ended well: it goes on at that severity, told elsewhere.
  for (const { supersededBy } of notification.alerts) firing.add(supersededBy?.severity ?? '');
  return severities.toReversed().find((severity) => firing.has(severity)) ?? 'resolved';
}

/** The notification in one line, with its mark; `now` is when it was decided to tell it. */
export function headline(notification: Notification, now: WallMs): string {
  const { reason, acknowledgedBy } = notification;
  const mark = marks[levelOf(notification)];
  if (reason === 'test') return testLine(notification);
  const news = newsOf(notification, now);
  if (reason === 'escalated') return `${mark} Nobody has taken this on yet: ${news}`;
  if (reason === 'acknowledged' && acknowledgedBy !== undefined) {
    return `${mark} ${oneLine(acknowledgedBy)} has taken this on: ${news}`;
  }
  return `${mark} ${news}`;
}

/** Nothing of it may look like an alert, also where only this line is shown. */
function testLine({ alerts, status }: Notification): string {
  const host = alerts.map(hostOf).find((name) => name !== undefined);
  const what = status === 'resolved' ? 'TEST is over' : 'TEST, nothing is wrong';
  return `${what}: tocsin${host === undefined ? '' : ` on ${host}`} reaches you`;
}

/** Reasons to tell of what was told before. */
const stillSays = new Set<NotifyReason>(['repeat interval elapsed', 'escalated', 'acknowledged']);

function newsOf(notification: Notification, now: WallMs): string {
  const stories = storiesToTell(notification);
  const isReminder = stillSays.has(notification.reason);
  const firing = stories.filter(({ alert }) => isFiring(alert));
  const resolved = stories.filter(({ alert }) => !isFiring(alert));
  const [first] = stories;
  if (first === undefined) return 'nothing to tell';
  if (stories.length === 1 && notification.truncatedAlerts === 0)
    return storyLine(first, now, isReminder);
  if (firing.length === 0) {
    return `${checksOf(resolved, notification)} back${places(resolved)}: ${names(resolved)}`;
  }
  const still = isReminder ? 'still failing' : 'failing';
  const back = resolved.length === 0 ? '' : `; back: ${names(resolved)}`;
  return `${checksOf(firing, notification)} ${still}${places(firing)}: ${names(firing)}${back}`;
}

/** One story as a line: who, how it is, where, how long. */
export function storyLine(story: Story, now: WallMs, isReminder: boolean): string {
  const { alert, formerSeverity } = story;
  const where = places([story]);
  const name = nameOf(alert);
  if (!isFiring(alert))
    return `${name} is ${recoveredStateOf(alert)}${where} after ${lasted(alert, now)}`;
  if (formerSeverity !== undefined) return `${name}${where} is ${changeOf(story)}`;
  return isReminder
    ? `${name}${where} is still ${stateOf(alert)} for ${lasted(alert, now)}`
    : `${name} is ${stateOf(alert)}${where}`;
}

/** `now critical, was warning`; empty where the severity did not change. */
export function changeOf({ alert, formerSeverity }: Story): string {
  return formerSeverity === undefined ? '' : `now ${severityOf(alert)}, was ${formerSeverity}`;
}

function checksOf(stories: readonly Story[], { truncatedAlerts }: Notification): string {
  return counted(stories.length + truncatedAlerts, 'check');
}

function places(stories: readonly Story[]): string {
  const hosts = [...new Set(stories.flatMap(({ alert }) => hostOf(alert) ?? []))];
  return hosts.length === 0 ? '' : ` on ${listed(hosts)}`;
}

function names(stories: readonly Story[]): string {
  return listed([...new Set(stories.map(({ alert }) => nameOf(alert)))]);
}

function listed(words: readonly string[]): string {
  const more = words.length - namesMax;
  return words.slice(0, namesMax).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
