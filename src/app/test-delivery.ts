import type { Alert } from '../model/alert.ts';
import type { Config } from '../model/config.ts';
import type { Delivery } from '../model/delivery.ts';
import { fingerprint, hashText } from '../model/fingerprint.ts';
import type { IntegrationSpec } from '../model/route.ts';
import type { Instant } from '../model/time.ts';
import { version } from '../model/version.ts';

/** A message that is marked as a test, for one integration of a receiver. */
export function testDelivery(
  receiver: string,
  { integration, index }: IntegrationSpec,
  from: {
    readonly now: Instant;
    readonly newId: () => string;
    readonly config: Pick<Config, 'agent' | 'checks'>;
    readonly externalURL: string;
  },
): Delivery {
  const { now, config } = from;
  const { agent } = config;
  const labels = { ...agent.labels, alertname: 'tocsin test', severity: 'info' };
  const alert: Alert = {
    fingerprint: fingerprint(labels),
    labels,
    annotations: {
      summary: `Test from tocsin on ${agent.name}`,
      description: `${watched(config.checks)} If you can read this, ${receiver} will reach you when something breaks.`,
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

/** What is looked at, in a sentence: the first message after an installation shows that it is the right host. */
function watched(checks: Config['checks']): string {
  const names = checks.map(({ name }) => name);
  const more = names.length - namesMax;
  const listed = [...names.slice(0, namesMax), ...(more > 0 ? [`and ${more} more`] : [])];
  return `tocsin ${version} has ${names.length} checks here: ${listed.join(', ')}.`;
}

const namesMax = 12;

/** The end of a test, for receivers where it has opened an incident. */
export function endOfTest(test: Delivery, newId: () => string): Delivery {
  const { notification, createdAt } = test;
  const alerts = notification.alerts.map((alert) => ({ ...alert, endsAt: createdAt.wallMs }));
  return { ...test, id: newId(), notification: { ...notification, status: 'resolved', alerts } };
}
