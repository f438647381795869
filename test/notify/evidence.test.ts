import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import {
  evidenceAnnotationMax,
  evidenceLineLengthMax,
  evidenceLinesMax,
} from '../../src/model/command-limits.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import type { WallMs } from '../../src/model/time.ts';
import { postedAlerts } from '../../src/notify/alertmanager-alerts.ts';
import { emailHtml } from '../../src/notify/email-html.ts';
import { emailText } from '../../src/notify/email-text.ts';
import { pagerdutyEvent } from '../../src/notify/pagerduty-event.ts';
import { slackMessage } from '../../src/notify/slack-blocks.ts';
import { terminalText } from '../../src/notify/terminal.ts';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { sendThrough } from '../support/send-through.ts';
import { startSlackServer } from '../support/slack-server.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const links = { externalURL: '' };
const event = { client: 'tocsin', details: {}, links: [], images: [] };

const evidence = [
  'shop.service is failed: exit code 3',
  'log of shop.service:',
  '  2026-11-28T03:00:01 shop[31]: no such table',
  'most memory: postgres (10) 2 GB',
];

/** What each receiver of people is told. */
const receivers: readonly (readonly [string, (delivery: Delivery) => string])[] = [
  ['terminal', terminalText],
  ['e-mail as text', (delivery) => emailText(delivery, links)],
  ['e-mail as HTML', (delivery) => emailHtml(delivery, links)],
  ['Slack', (delivery) => JSON.stringify(slackMessage(delivery, links, {}))],
  ['PagerDuty', (delivery) => JSON.stringify(pagerdutyEvent(delivery, event, links))],
];

const firing = (changes: Partial<Alert> = {}) => sampleAlert({ evidence, ...changes });
const over = firing({ endsAt: noon });
const again = sampleAlert({
  labels: { alertname: 'shop', check: 'shop' },
  evidence: ['shop: another log', 'most memory: postgres (10) 2 GB'],
});

describe.each(receivers)('by %s', (name, told) => {
  test('what was found is told with an alert that fires, and no longer once it is over', () => {
    const text = told(sampleDelivery({ alerts: [firing()] }));
    for (const line of evidence) expect(text).toContain(line.trim());
    expect(text).toMatch(/found.on.the.host/i);
    const resolved = told(sampleDelivery({ alerts: [over] }));
    expect(resolved).not.toMatch(/most memory|found.on.the.host/i);
  });

  test('the same words are not told twice with several alerts of one host', () => {
    const text = told(sampleDelivery({ alerts: [firing(), again] }));
    // PagerDuty's details are a table that machines read: each alert is whole in it.
    const times = name === 'PagerDuty' ? 2 : 1;
    expect(text.split('most memory: postgres (10) 2 GB')).toHaveLength(times + 1);
  });
});

test('in a terminal it stands under a heading of its own', () => {
  expect(
    terminalText(sampleDelivery({ alerts: [firing({ detail: ['connection refused'] })] })),
  ).toBe(
    `2025-01-15 12:00:00 UTC  🔴 gateway is down on web-1
  HTTP 502 from http://127.0.0.1:18789/health, expected 200
  since 2025-01-15 11:59:00 UTC (1m)
    connection refused
  found on the host:
    shop.service is failed: exit code 3
    log of shop.service:
      2026-11-28T03:00:01 shop[31]: no such table
    most memory: postgres (10) 2 GB
`,
  );
});

const nasty = '<&@channel ```'.padEnd(evidenceLineLengthMax, '&<');
const huge = firing({ evidence: Array.from({ length: evidenceLinesMax }, () => nasty) });

test('Slack takes the longest evidence, of one alert and of hundreds', async () => {
  await using slack = await startSlackServer();
  const many = Array.from({ length: 300 }, (_, number) => ({
    ...huge,
    labels: { ...huge.labels, check: `check-${number}` },
    detail: ['x'.repeat(400)],
  }));
  for (const alerts of [[huge], many]) {
    const sent = await sendThrough('slack', { api_url: slack.url }, sampleDelivery({ alerts }));
    expect(sent).toMatchObject({ kind: 'delivered' });
  }
});

test('webhooks and Alertmanagers get it as one bounded annotation, which nothing is grouped by', async () => {
  await using server = await startWebhookServer();
  const delivery = sampleDelivery({ alerts: [huge] });
  await sendThrough('webhook', { url: `${server.origin}/hook` }, delivery);
  const body = JSON.parse(server.accepted[0]?.body ?? '{}') as {
    readonly alerts: readonly { readonly annotations: Record<string, string> }[];
    readonly [key: string]: unknown;
  };
  const told = body.alerts[0]?.annotations['evidence'] ?? '';
  expect(told.length).toBe(evidenceAnnotationMax);
  expect(told.endsWith('…')).toBe(true);
  const { alerts: _alerts, ...rest } = body;
  expect(JSON.stringify(rest)).not.toContain('evidence');
  expect(postedAlerts(delivery.notification, noon)).toMatchObject([
    { annotations: { evidence: told } },
  ]);
});

test('an annotation of that name that somebody wrote himself stays, and none is made where nothing was found', () => {
  const own = firing({ annotations: { evidence: 'see the wiki' } });
  const none = sampleAlert();
  const ended = firing({ endsAt: (noon + 1) as WallMs });
  const posted = postedAlerts(
    sampleDelivery({ alerts: [own, none, ended] }).notification,
    noon,
  ) as {
    readonly annotations: Record<string, string>;
  }[];
  expect(posted.map(({ annotations }) => annotations['evidence'])).toEqual([
    'see the wiki',
    undefined,
    undefined,
  ]);
});
