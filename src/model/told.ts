import { alertStatus, type AlertStatus } from './alert.ts';
import type { Notification, NotifyReason } from './delivery.ts';

/** A notification in short: to whom, about what, why. */
export interface Told {
  readonly receiver: string;
  readonly status: AlertStatus;
  readonly reason: NotifyReason;
  /** Names of its alerts that fire, and of those that have resolved, in order. */
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  /** Whether it is of alerts of checks, at least in part; others were posted or are the agent's own. */
  readonly ofChecks: boolean;
}

export function toldOf({ receiver, status, reason, alerts }: Notification): Told {
  const named = (wanted: AlertStatus): string[] =>
    alerts
      .filter((alert) => alertStatus(alert) === wanted)
      .map(({ labels }) => labels['alertname'] ?? '')
      .toSorted();
  return {
    receiver,
    status,
    reason,
    firing: named('firing'),
    resolved: named('resolved'),
    ofChecks: alerts.some(({ labels }) => labels['check'] !== undefined),
  };
}
