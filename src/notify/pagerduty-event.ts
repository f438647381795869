import { createHash } from 'node:crypto';
import { type Alert, alertStatus } from '../model/alert.ts';
import type { Delivery, Notification } from '../model/delivery.ts';
import type { Labels } from '../model/labels.ts';
import { rfc3339 } from '../model/time.ts';
import { acknowledgeLinkOf, type MessageLinks } from './acknowledge-link.ts';
import { asidesOf } from './asides.ts';
import { cutText } from './cut-text.ts';
import { evidenceOf } from './evidence.ts';
import { headline, levelOf } from './summary.ts';
import { hostOf, nameOf, runbookOf } from './wording.ts';

const summaryMax = 1024;
const dedupKeyMax = 255;

/** PagerDuty refuses events above 512 KB; links, images and texts around the details need some of it. */
const detailsBytesMax = 400 * 1024;

/** Links and images shown: people follow few, and each may be as long as an address can be. */
const linksMax = 20;

interface Link {
  readonly href: string;
  readonly text?: string | undefined;
}

interface Image {
  readonly src: string;
  readonly href?: string | undefined;
  readonly alt?: string | undefined;
}

/** What the configuration says about every event. */
interface EventOptions {
  readonly client: string;
  readonly client_url?: string | undefined;
  readonly severity?: 'critical' | 'error' | 'warning' | 'info' | undefined;
  readonly class?: string | undefined;
  readonly component?: string | undefined;
  readonly group?: string | undefined;
  readonly details: Labels;
  readonly links: readonly Link[];
  readonly images: readonly Image[];
  readonly description?: string | undefined;
  readonly source?: string | undefined;
}

/** An event of the Events API v2, without its routing key. */
export function pagerdutyEvent(
  delivery: Delivery,
  options: EventOptions,
  messageLinks: MessageLinks,
): object {
  const { notification, dedupKey, createdAt } = delivery;
  const { alerts } = notification;
  const level = levelOf(notification);
  const startsAt = alerts.map((alert) => alert.startsAt).toSorted((a, b) => a - b)[0];
  const runbooks = new Set(alerts.flatMap((alert) => runbookOf(alert) ?? []));
  const takeOn = alerts
    .map((alert) => acknowledgeLinkOf(alert, notification, messageLinks))
    .find((href) => href !== '' && alerts.length === 1);
  const links = [
    ...options.links,
    ...[...runbooks].map((href) => ({ href, text: 'Runbook' })),
    ...(takeOn === undefined ? [] : [{ href: takeOn, text: 'Take it on for tocsin' }]),
  ];
  const { images } = options;
  const clientURL = options.client_url ?? messageLinks.externalURL;
  return {
    event_action: actionOf(notification),
    dedup_key: boundedKey(dedupKey),
    client: options.client,
    ...(clientURL === '' ? {} : { client_url: clientURL }),
    payload: {
      summary: cutText(options.description ?? headline(notification, createdAt.wallMs), summaryMax),
      source: options.source ?? sourceOf(alerts) ?? options.client,
      severity: options.severity ?? (level === 'resolved' ? 'info' : level),
      timestamp: rfc3339(startsAt ?? createdAt.wallMs),
      ...(options.component === undefined ? {} : { component: options.component }),
      ...(options.group === undefined ? {} : { group: options.group }),
      ...(options.class === undefined ? {} : { class: options.class }),
      custom_details: boundedDetails(alerts, { ...options.details, ...asideDetails(notification) }),
    },
    ...(links.length === 0 ? {} : { links: links.slice(0, linksMax) }),
    ...(images.length === 0 ? {} : { images: images.slice(0, linksMax) }),
  };
}

/** What PagerDuty shall do. A test opens an incident; it is the people who close it. */
function actionOf({ status, reason }: Notification): 'trigger' | 'acknowledge' | 'resolve' {
  if (status !== 'firing') return 'resolve';
  return reason === 'acknowledged' ? 'acknowledge' : 'trigger';
}

function asideDetails(notification: Notification): Readonly<Record<string, string>> {
  const asides = asidesOf(notification);
  return asides.length === 0 ? {} : { remarks: asides.join('\n') };
}

function boundedKey(key: string): string {
  return key.length <= dedupKeyMax ? key : createHash('sha256').update(key).digest('hex');
}

function sourceOf(alerts: readonly Alert[]): string | undefined {
  return alerts.map(hostOf).find((host) => host !== undefined);
}

/** Everything about the alerts; if that is too much without the lines of detail, then fewer alerts. */
function boundedDetails(alerts: readonly Alert[], details: Labels): object {
  const full = { ...details, alerts: alerts.map(detailsOf) };
  if (fits(full)) return full;
  const short = alerts.map((alert) => ({
    ...detailsOf(alert),
    detail: undefined,
    found_on_the_host: undefined,
  }));
  for (let count = short.length; count > 0; count = Math.floor(count / 2)) {
    const left = alerts.length - count;
    const shrunk = { ...details, alerts: short.slice(0, count), ...(left > 0 ? { left } : {}) };
    if (fits(shrunk)) return shrunk;
  }
  return { note: `The details of ${alerts.length} alerts are too long for PagerDuty` };
}

function fits(details: object): boolean {
  return Buffer.byteLength(JSON.stringify(details)) <= detailsBytesMax;
}

function detailsOf(alert: Alert): object {
  const evidence = evidenceOf(alert);
  return {
    check: nameOf(alert),
    status: alertStatus(alert),
    description: alert.annotations['description'] ?? alert.annotations['summary'] ?? '',
    since: rfc3339(alert.startsAt),
    ...(alert.endsAt === undefined ? {} : { until: rfc3339(alert.endsAt) }),
    labels: alert.labels,
    detail: alert.detail,
    ...(evidence.length === 0 ? {} : { found_on_the_host: evidence }),
  };
}
