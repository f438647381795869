import type { Attempt, OutboxEntry } from '../../model/delivery.ts';
import type { Metrics } from '../../metrics/metrics.ts';

/** Counts one attempt to deliver. */
export function tellMetrics(metrics: Metrics, { delivery }: OutboxEntry, attempt: Attempt): void {
  const { receiver, integration, notification, createdAt } = delivery;
  const { outcome, atMs, durationMs } = attempt;
  if (outcome.kind !== 'delivered') {
    metrics.notificationFailed(receiver, integration, outcome.reason);
    return;
  }
  const changes = notification.alerts.map(({ startsAt, endsAt }) => endsAt ?? startsAt);
  const reminder = notification.reason === 'repeat interval elapsed';
  const changedAtMs = reminder ? createdAt.wallMs : Math.max(...changes);
  const latencyMs = Math.max(0, atMs + durationMs - changedAtMs);
  metrics.notificationDelivered(receiver, integration, latencyMs / 1000);
}
