import type { Alert } from '../model/alert.ts';
import type { Route, TimeInterval } from '../model/route.ts';
import type { WallMs } from '../model/time.ts';

/** Why a firing alert is not told at the moment: the label `reason` of the suppression metric. */
export type MuteReason =
  | 'dependency'
  | 'inhibition'
  | 'silence'
  | 'time_interval'
  | 'flapping'
  | 'acknowledged'
  | 'uplink';

/** What keeps an alert back. */
export interface Mute {
  readonly reason: MuteReason;
  /** The check it depends on, the fingerprint of the alert, the id of the silence, or the interval's name. */
  readonly by: string;
}

/** Asks what keeps an alert back on every route; time intervals belong to a route and are asked there. */
export type MuteOf = (alert: Alert) => Mute | undefined;

export interface Suppressed extends Mute {
  readonly alert: Alert;
  readonly receiver: string;
}

/** The times at which a route tells nothing. */
export type Hours = Pick<Route, 'muteTimeIntervals' | 'activeTimeIntervals'>;

/** Names of the time intervals that keep a route quiet at this date; none while it may tell. */
export function quietHours(hours: Hours, atMs: WallMs): string[] {
  const muting = hours.muteTimeIntervals.filter((interval) => interval.contains(atMs));
  if (muting.length > 0) return muting.map(nameOf);
  const { activeTimeIntervals: active } = hours;
  const isActive = active.length === 0 || active.some((interval) => interval.contains(atMs));
  return isActive ? [] : active.map(nameOf);
}

function nameOf({ name }: TimeInterval): string {
  return name;
}
