import * as v from 'valibot';
import { wholeNumber } from '../lib/schema-atoms.ts';
import { type Alert, alertStatus } from '../model/alert.ts';
import type { Notification } from '../model/delivery.ts';
import { type Labels, labelNames } from '../model/labels.ts';
import { rfc3339 } from '../model/time.ts';
import { asidesOf } from './asides.ts';
import { classifyAnswer } from './classify.ts';
import { attemptTimeoutMs, httpEntries } from './http-config.ts';
import { annotationsWithEvidence } from './evidence.ts';
import { httpPost } from './http-post.ts';
import { integration } from './integration.ts';
import { urlSecrets } from './mask.ts';
import { plainText } from './plain-text.ts';
import { exactlyOneOf, revealSecret } from './secret-source.ts';
import { secretUrl } from './secret-url.ts';

/** The keys of `webhook_configs`. */
const entries = {
  url: v.optional(secretUrl),
  url_file: v.optional(plainText),
  /** 0 is all of them. */
  max_alerts: v.optional(wholeNumber, 0),
  ...httpEntries,
};

/** Any HTTP endpoint that takes what Alertmanager posts. */
export const webhook = integration({
  entries,
  refuse: (options) => exactlyOneOf('url', options.url, options.url_file),
  sendResolvedDefault: true,
  async send(delivery, options, context) {
    const url = await revealSecret(options.url, options.url_file);
    if (!url.ok) return url.outcome;
    const body = webhookBody(delivery.notification, context.externalURL, options.max_alerts);
    const result = await httpPost({
      url: url.value,
      headers: { 'user-agent': context.userAgent },
      body: `${JSON.stringify(body)}\n`,
      timeoutMs: attemptTimeoutMs(options.timeout, context.timeoutMs),
      signal: context.signal,
      http: options.http_config,
    });
    return result.ok ? classifyAnswer(result.answer, urlSecrets(url.value)) : result.outcome;
  },
});

/** The time that Go writes for "never": the end of an alert that fires. */
const zeroTime = '0001-01-01T00:00:00Z';

/**
 * Alertmanager's webhook payload, version 4, with its keys in its order; and `remarks`, which it does not know,
 * where there is something to say beside the alerts.
 */
function webhookBody(notification: Notification, externalURL: string, alertsMax: number): object {
  const { alerts } = notification;
  const remarks = asidesOf(notification);
  const told = alertsMax === 0 ? alerts : alerts.slice(0, alertsMax);
  return {
    receiver: notification.receiver,
    status: notification.status,
    alerts: told.map(webhookAlert),
    notification_reason: notification.reason,
    groupLabels: sorted(notification.groupLabels),
    commonLabels: sorted(notification.commonLabels),
    commonAnnotations: sorted(notification.commonAnnotations),
    externalURL,
    version: '4',
    groupKey: notification.groupKey,
    truncatedAlerts: notification.truncatedAlerts + alerts.length - told.length,
    ...(remarks.length === 0 ? {} : { remarks }),
  };
}

function webhookAlert(alert: Alert): object {
  return {
    status: alertStatus(alert),
    labels: sorted(alert.labels),
    annotations: sorted(annotationsWithEvidence(alert)),
    startsAt: rfc3339(alert.startsAt),
    endsAt: alert.endsAt === undefined ? zeroTime : rfc3339(alert.endsAt),
    generatorURL: alert.generatorURL,
    fingerprint: alert.fingerprint,
  };
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(labelNames(labels).map((name) => [name, labels[name] ?? '']));
}
