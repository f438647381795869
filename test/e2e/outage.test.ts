import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { reaches, runsAgain, whyOf } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { normalised } from '../support/normalised.ts';
import { startPagerdutyServer, type PagerdutyServer } from '../support/pagerduty-server.ts';
import { teamConfig } from '../support/team-config.ts';
import type { ScriptedHttpServer } from '../support/scripted-http-server.ts';
import { startService } from '../support/service.ts';
import { startSlackServer, type SlackServer } from '../support/slack-server.ts';
import { startSmtpServer, type SmtpServer } from '../support/smtp-server.ts';
import { createAuthority } from '../support/tls-authority.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** One outage of one service, told in every way there is; the tests look at what people got. */
const open = new AsyncDisposableStack();
let slack: SlackServer;
let pagerduty: PagerdutyServer;
let mail: SmtpServer;
let webhook: ScriptedHttpServer;
let agent: TestAgent;

beforeAll(async () => {
  const authority = open.use(createAuthority());
  const login = { user: 'tocsin', password: 'correct horse battery' };
  slack = open.use(await startSlackServer());
  pagerduty = open.use(await startPagerdutyServer());
  mail = open.use(await startSmtpServer({ tls: authority.issue(), login }));
  webhook = open.use(await startWebhookServer());
  const service = open.use(await startService());
  const email = {
    to: 'ops@example.com',
    from: 'tocsin@example.com',
    smarthost: mail.smarthost,
    auth_username: login.user,
    auth_password: login.password,
    tls_config: { ca_file: `${authority.directory}/ca.pem` },
    send_resolved: true,
  };
  const team = {
    slack_configs: [{ api_url: slack.url, send_resolved: true }],
    pagerduty_configs: [{ routing_key: 'R0123456789012345678901234567890', url: pagerduty.url }],
    email_configs: [email],
    webhook_configs: [{ url: `${webhook.origin}/hook` }],
    terminal_configs: [{}],
  };
  const annotations = { runbook_url: 'https://example.com/runbooks/gateway' };
  const gateway = { name: 'gateway', type: 'http', target: service.url, annotations };
  agent = open.use(await startAgent({ config: teamConfig([gateway], team) }));
  const told = async (times: number): Promise<void> => {
    const counts = (): number[] => [
      slack.messages().length,
      pagerduty.events().length,
      mail.mails.length,
      webhook.accepted.length,
    ];
    await eventually(() => counts().every((count) => count >= times), `told ${times} times`);
  };
  await runsAgain(agent, 'gateway', 1);
  service.answer(503);
  await told(1);
  await runsAgain(agent, 'gateway', 3);
  service.answer(200);
  await told(2);
  await reaches(agent, 'gateway', 'inactive');
  await runsAgain(agent, 'gateway', 3);
});

afterAll(() => open.disposeAsync());

test('Slack gets one message and one resolved message', () => {
  const messages = slack.messages();
  expect(slack.requests).toHaveLength(2);
  const texts = messages.map(({ attachments, ...message }) => [
    message.text,
    ...attachments.flatMap(({ color, blocks }) => [color, ...textsIn(blocks)]),
  ]);
  expect(texts.map((lines) => lines.map(normalised))).toMatchInlineSnapshot(`
    [
      [
        "🔴 gateway is down on web-1",
        "#d40e0d",
        "HTTP 503 from http://<address>/health, wanted 200–299",
        "*Since*
    <!date^<seconds>^{date_short_pretty} {time_secs}|<date>> (<time>)",
        "*Host*
    web-1",
        "*Severity*
    critical",
        "*Check*
    http http://<address>/health",
        "*Runbook*
    <https://example.com/runbooks/gateway|open>",
        "\`\`\`
    resolved 127.0.0.1 to 127.0.0.1
    connected to <address>
    HTTP 503 from http://<address>/health
    \`\`\`",
        "<http://<address>|tocsin>",
      ],
      [
        "✅ gateway is back on web-1 after <time>",
        "#2eb67d",
        "HTTP 200 from http://<address>/health in <time>
    was: HTTP 503 from http://<address>/health, wanted 200–299",
        "*Since*
    <!date^<seconds>^{date_short_pretty} {time_secs}|<date>> to <!date^<seconds>^{date_short_pretty} {time_secs}|<date>> (<time>)",
        "*Host*
    web-1",
        "*Severity*
    critical",
        "*Check*
    http http://<address>/health",
        "*Runbook*
    <https://example.com/runbooks/gateway|open>",
        "<http://<address>|tocsin>",
      ],
    ]
  `);
});

test('PagerDuty gets a trigger and a resolve under one key', () => {
  expect(pagerduty.requests).toHaveLength(2);
  const [trigger, resolve] = pagerduty.events();
  expect(trigger).toMatchObject({ event_action: 'trigger', payload: { severity: 'critical' } });
  expect(resolve).toMatchObject({ event_action: 'resolve', dedup_key: trigger?.dedup_key });
  expect(pagerduty.openIncidents()).toEqual([]);
  expect(normalised(trigger?.payload.summary ?? '')).toMatchInlineSnapshot(
    `"🔴 gateway is down on web-1"`,
  );
});

test('two mails are sent, over TLS and with the login', () => {
  expect(mail.mails.map(({ from, to, secure, login }) => ({ from, to, secure, login }))).toEqual(
    Array.from({ length: 2 }, () => ({
      from: 'tocsin@example.com',
      to: ['ops@example.com'],
      secure: true,
      login: ['', 'tocsin', 'correct horse battery'],
    })),
  );
  const subjects = mail.mails.map(({ data }) => /^Subject: (.*(?:\n .*)*)/m.exec(data)?.[1] ?? '');
  expect(subjects.map((subject) => normalised(decoded(subject)))).toMatchInlineSnapshot(`
    [
      "🔴 gateway is down on web-1",
      "✅ gateway is back on web-1 after <time>",
    ]
  `);
});

test('the webhook gets what Alertmanager would send', () => {
  expect(webhook.requests).toHaveLength(2);
  const [firing = '', resolved = ''] = webhook.accepted.map(({ body }) => normalised(body));
  expect(JSON.parse(firing)).toMatchInlineSnapshot(`
    {
      "alerts": [
        {
          "annotations": {
            "description": "HTTP 503 from http://<address>/health, wanted 200–299",
            "reason": "status",
            "runbook_url": "https://example.com/runbooks/gateway",
            "summary": "gateway is down on web-1",
          },
          "endsAt": "<date>",
          "fingerprint": "<fingerprint>",
          "generatorURL": "http://<address>",
          "labels": {
            "alertname": "gateway",
            "check": "gateway",
            "host": "web-1",
            "severity": "critical",
            "target": "http://<address>/health",
            "type": "http",
          },
          "startsAt": "<date>",
          "status": "firing",
        },
      ],
      "commonAnnotations": {
        "description": "HTTP 503 from http://<address>/health, wanted 200–299",
        "reason": "status",
        "runbook_url": "https://example.com/runbooks/gateway",
        "summary": "gateway is down on web-1",
      },
      "commonLabels": {
        "alertname": "gateway",
        "check": "gateway",
        "host": "web-1",
        "severity": "critical",
        "target": "http://<address>/health",
        "type": "http",
      },
      "externalURL": "http://<address>",
      "groupKey": "{}:{alertname="gateway", check="gateway", host="web-1", severity="critical", target="http://<address>/health", type="http"}",
      "groupLabels": {
        "alertname": "gateway",
        "check": "gateway",
        "host": "web-1",
        "severity": "critical",
        "target": "http://<address>/health",
        "type": "http",
      },
      "notification_reason": "first notification",
      "receiver": "team",
      "status": "firing",
      "truncatedAlerts": 0,
      "version": "4",
    }
  `);
  expect(JSON.parse(resolved)).toMatchObject({
    status: 'resolved',
    alerts: [{ status: 'resolved', labels: { alertname: 'gateway' } }],
  });
});

test('the terminal prints what happened and why', () => {
  const [, printed = ''] = agent.stdout().split(/^keeps .*\n/m);
  expect(normalised(printed)).toMatchInlineSnapshot(`
    "<date>  🔴 gateway is down on web-1
      HTTP 503 from http://<address>/health, wanted 200–299
      since <date> (<time>)
        resolved 127.0.0.1 to 127.0.0.1
        connected to <address>
        HTTP 503 from http://<address>/health
    <date>  ✅ gateway is back on web-1 after <time>
      HTTP 200 from http://<address>/health in <time>
      was: HTTP 503 from http://<address>/health, wanted 200–299
      from <date> to <date> (<time>)
    "
  `);
});

test('why lists what was sent, with the answers', async () => {
  const { notifications } = await whyOf(agent, 'gateway');
  expect(notifications).toHaveLength(10);
  for (const { state, attempts } of notifications) {
    expect(state).toBe('delivered');
    expect(attempts).toHaveLength(1);
  }
});

/** Every text that Slack shows, in order. */
function textsIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'text' && typeof value === 'string' ? [value] : textsIn(value),
  );
}

/** A header as people read it (RFC 2047, the Q encoding). */
function decoded(header: string): string {
  return header
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?Q\?(.*?)\?=/g, (_, text: string) =>
      decodeURIComponent(text.replaceAll('_', ' ').replaceAll(/=([0-9A-F]{2})/g, '%$1')),
    );
}
