import type { NotifyReason } from '../model/delivery.ts';
import type { SteadyMs } from '../model/time.ts';

/** What one integration was last told about one group. Saved before it is sent. */
export interface LogEntry {
  /** Identities of the alerts it knows to be firing, and of those it was told are resolved. */
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly at: SteadyMs;
  /** Under which key the receiver knows the group; kept when a reload moves alerts to another group. */
  readonly dedupKey: string;
  /** Fingerprints of alerts that it knows under another key; whoever uses that one tells their end. */
  readonly elsewhere?: readonly string[];
  /** Reminders since the last news of something that fires; absent for none. */
  readonly reminders?: number;
}

export type Decision =
  | { readonly send: true; readonly reason: NotifyReason }
  | {
      readonly send: false;
      readonly reason: 'nothing was told' | 'nothing changed' | 'resolved is not sent';
    };

/**
 * Whether a group is told to an integration at this tick: Alertmanager's decision table, in its order.
 * `firing` and `resolved` are the identities of the group's alerts now; resolved ones that the
 * integration never knew as firing must have been left out.
 */
export function decide(input: {
  readonly entry: LogEntry | undefined;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  /** Whether an alert the integration was told of still fires although it is not in `firing`. */
  readonly mutedStillFiring: boolean;
  readonly sendResolved: boolean;
  readonly repeatIntervalMs: number;
  readonly now: SteadyMs;
}): Decision {
  const { entry, firing, resolved, now } = input;
  if (entry === undefined) {
    if (firing.length > 0) return { send: true, reason: 'first notification' };
    return { send: false, reason: 'nothing was told' };
  }
  const told = new Set(entry.firing);
  if (firing.some((id) => !told.has(id))) return { send: true, reason: 'new alerts added' };
  if (firing.length === 0 && !input.mutedStillFiring) {
    if (entry.firing.length === 0) return { send: false, reason: 'nothing was told' };
    if (!input.sendResolved) return { send: false, reason: 'resolved is not sent' };
    return { send: true, reason: 'all alerts resolved' };
  }
  const toldResolved = new Set(entry.resolved);
  if (input.sendResolved && resolved.some((id) => !toldResolved.has(id))) {
    return { send: true, reason: 'some alerts resolved' };
  }
  if (firing.length > 0 && now >= entry.at + input.repeatIntervalMs) {
    return { send: true, reason: 'repeat interval elapsed' };
  }
  return { send: false, reason: 'nothing changed' };
}
