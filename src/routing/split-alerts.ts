import { alertStatus, type Alert } from '../model/alert.ts';
import type { Instant } from '../model/time.ts';
import { orderForTelling, type Group } from './group.ts';
import { quietHours, type Mute, type MuteOf, type MuteReason, type Suppressed } from './mute.ts';

/** The alerts of a group at one look, each kind in the order of telling. */
export interface SplitAlerts {
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

export function splitAlerts(group: Group, muteOf: MuteOf, now: Instant): SplitAlerts {
  const firing: Alert[] = [];
  const resolved: Alert[] = [];
  const muted = new Map<string, MutedAlert>();
  const muteHere = muteIn(group, muteOf, now);
  for (const alert of orderForTelling(group.alerts.values())) {
    // A mute never holds back the end of something that was told.
    if (alertStatus(alert) === 'resolved') {
      resolved.push(alert);
      continue;
    }
    const departed = group.departed.has(alert.fingerprint);
    const mute = departed ? undefined : muteHere(alert);
    if (departed) muted.set(alert.fingerprint, { alert });
    else if (mute === undefined) firing.push(alert);
    else muted.set(alert.fingerprint, { alert, mute });
  }
  return { firing, resolved, muted };
}

/** What keeps the alerts of one group back, the hours of its route included. */
export function muteIn(group: Group, muteOf: MuteOf, now: Instant): MuteOf {
  const [quiet] = quietHours(group.hours, now.wallMs);
  const byTime: Mute | undefined =
    quiet === undefined ? undefined : { reason: 'time_interval', by: quiet };
  return (alert) => muteOf(alert) ?? byTime;
}

/**
 * What is kept back and was not reported yet for this reason. `acknowledged` are alerts of which a reminder
 * would be due now.
 */
export function newlySuppressed(
  group: Group,
  { muted }: SplitAlerts,
  acknowledged: ReadonlyMap<string, MutedAlert>,
): Suppressed[] {
  const found: Suppressed[] = [];
  for (const fingerprint of group.reportedMuted.keys()) {
    const isOver = !muted.has(fingerprint) && reported(group, fingerprint) !== 'acknowledged';
    if (isOver) group.reportedMuted.delete(fingerprint);
  }
  for (const [fingerprint, { alert, mute }] of [...muted, ...acknowledged]) {
    if (mute === undefined || reported(group, fingerprint) === mute.reason) continue;
    group.reportedMuted.set(fingerprint, mute.reason);
    found.push({ alert, ...mute, receiver: group.receiver });
  }
  return found;
}

function reported(group: Group, fingerprint: string): MuteReason | undefined {
  return group.reportedMuted.get(fingerprint);
}
