import type { Alert } from '../model/alert.ts';
import type { Delivery, Notification } from '../model/delivery.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type { Instant } from '../model/time.ts';

/** What the other receivers are told about one that did not take its test. */
export function reportOf(test: Delivery, why: string, now: Instant): Notification {
  const [tested] = test.notification.alerts;
  const { receiver, integration } = test;
  const labels = {
    ...tested?.labels,
    alertname: 'receiver does not work',
    failing_receiver: receiver,
    integration,
    severity: 'critical',
  };
  const alert: Alert = {
    fingerprint: fingerprint(labels),
    labels,
    annotations: {
      summary: `People are not reached through ${receiver} (${integration})`,
      description: `A test was not taken: ${why}`,
    },
    detail: [],
    startsAt: now.wallMs,
    generatorURL: tested?.generatorURL ?? '',
    revision: 0,
    dependsOn: [],
  };
  return {
    receiver,
    groupKey: `{}:{alertname="receiver does not work",failing_receiver=${JSON.stringify(receiver)}}`,
    groupLabels: { alertname: 'receiver does not work', failing_receiver: receiver },
    commonLabels: labels,
    commonAnnotations: alert.annotations,
    status: 'firing',
    reason: 'report',
    alerts: [alert],
    truncatedAlerts: 0,
  };
}
