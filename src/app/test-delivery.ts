import type { Alert } from '../model/alert.ts';
import type { Config } from '../model/config.ts';
import type { Delivery } from '../model/delivery.ts';
import { fingerprint, hashText } from '../model/fingerprint.ts';
import type { IntegrationSpec } from '../model/route.ts';
import type { Instant } from '../model/time.ts';

/** A message that is marked as a test, for one integration of a receiver. */
export function testDelivery(
  receiver: string,
  { integration, index }: IntegrationSpec,
  from: {
    readonly now: Instant;
    readonly newId: () => string;
    readonly agent: Config['agent'];
    readonly externalURL: string;
  },
): Delivery {
  const { now, agent } = from;
  const labels = { ...agent.labels, alertname: 'tocsin test', severity: 'info' };
  const alert: Alert = {
    fingerprint: fingerprint(labels),
    labels,
    annotations: {
      summary: `Test from tocsin on ${agent.name}`,
      description: `If you can read this, ${receiver} will reach you when something breaks.`,
    },
    detail: [],
    startsAt: now.wallMs,
    generatorURL: from.externalURL,
    revision: 0,
    dependsOn: [],
  };
  return {
    id: from.newId(),
    receiver,
    integration,
    index,
    dedupKey: hashText(`${agent.name}\ntest`),
    createdAt: now,
    notification: {
      receiver,
      groupKey: '{}:{alertname="tocsin test"}',
      groupLabels: { alertname: 'tocsin test' },
      commonLabels: labels,
      commonAnnotations: alert.annotations,
      status: 'firing',
      reason: 'test',
      alerts: [alert],
      truncatedAlerts: 0,
    },
  };
}

/** The end of a test, for receivers where it has opened an incident. */
export function endOfTest(test: Delivery, newId: () => string): Delivery {
  const { notification, createdAt } = test;
  const alerts = notification.alerts.map((alert) => ({ ...alert, endsAt: createdAt.wallMs }));
  return { ...test, id: newId(), notification: { ...notification, status: 'resolved', alerts } };
}
