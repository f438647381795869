import { type Alert, alertStatus } from '../../src/model/alert.ts';
import type { Delivery, IntegrationName, NotifyReason } from '../../src/model/delivery.ts';
import { fingerprint } from '../../src/model/fingerprint.ts';
import { commonLabels, type Labels } from '../../src/model/labels.ts';
import { instant, type WallMs } from '../../src/model/time.ts';

/** Noon of an ordinary day: when sample deliveries are created. */
export const noon = Date.UTC(2025, 0, 15, 12) as WallMs;

/** An alert of the check `gateway` on web-1 that has been firing for a minute at noon. */
export function sampleAlert(
  changes: Partial<Omit<Alert, 'labels'>> & { readonly labels?: Labels } = {},
): Alert {
  const labels = {
    alertname: 'gateway',
    check: 'gateway',
    type: 'http',
    host: 'web-1',
    severity: 'critical',
    ...changes.labels,
  };
  return {
    fingerprint: fingerprint(labels),
    annotations: { description: 'HTTP 502 from http://127.0.0.1:18789/health, expected 200' },
    detail: [],
    startsAt: (noon - 60_000) as WallMs,
    generatorURL: 'http://web-1:9860/#gateway',
    revision: 0,
    dependsOn: [],
    ...changes,
    labels,
  };
}

/** A delivery of these alerts, made at noon. */
export function sampleDelivery(
  changes: {
    readonly alerts?: readonly Alert[];
    readonly reason?: NotifyReason;
    readonly id?: string;
    readonly receiver?: string;
    readonly integration?: IntegrationName;
    readonly groupKey?: string;
    readonly dedupKey?: string;
    readonly createdAtMs?: number;
  } = {},
): Delivery {
  const alerts = changes.alerts ?? [sampleAlert()];
  const groupKey = changes.groupKey ?? '{}:{host="web-1"}';
  return {
    id: changes.id ?? 'delivery-1',
    receiver: changes.receiver ?? 'team',
    integration: changes.integration ?? 'webhook',
    index: 0,
    dedupKey: changes.dedupKey ?? groupKey,
    createdAt: instant(changes.createdAtMs ?? 1_000_000, noon),
    notification: {
      receiver: changes.receiver ?? 'team',
      groupKey,
      groupLabels: { host: 'web-1' },
      commonLabels: commonLabels(alerts.map((alert) => alert.labels)),
      commonAnnotations: commonLabels(alerts.map((alert) => alert.annotations)),
      status: alerts.some((alert) => alertStatus(alert) === 'firing') ? 'firing' : 'resolved',
      reason: changes.reason ?? 'first notification',
      alerts,
      truncatedAlerts: 0,
    },
  };
}
