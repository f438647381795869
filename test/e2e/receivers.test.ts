import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { read, receiverOf, runsAgain, seriesOf, whyOf } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import type { HttpFault } from '../support/scripted-http-server.ts';
import { startSlackServer } from '../support/slack-server.ts';
import { teamConfig, teamRoute } from '../support/team-config.ts';
import { createAuthority } from '../support/tls-authority.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** A check that fails from the start. */
const queue = { name: 'queue', type: 'command', command: ['/bin/false'] };

interface SentTo {
  readonly receiver: string;
  readonly integration: string;
  readonly dedupKey: string;
}

interface Case {
  readonly what: string;
  readonly fault: HttpFault;
  readonly reason: string;
  readonly detail: RegExp;
  /** The least time until the next attempt. */
  readonly waitMs: number;
}

/** What a receiver may do that passes: the message is sent again. */
const passing: readonly Case[] = [
  {
    what: 'is overloaded and names a time',
    fault: { status: 429, headers: { 'retry-after': '3' }, body: 'slow down' },
    reason: 'rate_limited',
    detail: /^HTTP 429: slow down$/,
    waitMs: 3000,
  },
  {
    what: 'fails',
    fault: { status: 500, body: 'oops' },
    reason: 'server_error',
    detail: /^HTTP 500: oops$/,
    waitMs: 800,
  },
  {
    what: 'never answers',
    fault: 'hang',
    reason: 'timeout',
    detail: /^gave up while waiting for the answer$/,
    waitMs: 800,
  },
  {
    what: 'breaks the connection',
    fault: 'reset',
    reason: 'connect',
    detail: /^failed while waiting for the answer \(ECONNRESET\)$/,
    waitMs: 800,
  },
];

test.concurrent.each(passing)(
  'a receiver that $what gets the message once it is well again',
  async ({ fault, reason, detail, waitMs }) => {
    await using webhook = await startWebhookServer();
    webhook.script(fault);
    const team = { webhook_configs: [{ url: webhook.origin, timeout: '500ms' }] };
    await using agent = await startAgent({ config: teamConfig([queue], team) });
    const receiverIsWell = async (): Promise<boolean> =>
      (await receiverOf(agent, 'team')).lastSuccessAt !== null;
    await eventually(receiverIsWell, 'the message is delivered');
    await runsAgain(agent, 'queue', 2);
    expect(webhook.accepted).toHaveLength(1);
    expect(webhook.requests).toHaveLength(2);
    const { notifications } = await whyOf(agent, 'queue');
    expect(notifications).toMatchObject([
      {
        state: 'delivered',
        attempts: [
          { number: 1, outcome: 'passing', reason, detail: expect.stringMatching(detail) },
          { number: 2, outcome: 'delivered', detail: 'HTTP 200' },
        ],
      },
    ]);
    const [first = Number.NaN, second = Number.NaN] =
      notifications[0]?.attempts.map(({ at }) => Date.parse(at)) ?? [];
    expect(second - first).toBeGreaterThanOrEqual(waitMs);
    const labels = 'integration="webhook"';
    expect(await seriesOf(agent, 'tocsin_notifications_total')).toEqual({
      [`{${labels},receiver="team"}`]: 2,
    });
    expect(await seriesOf(agent, 'tocsin_notifications_failed_total')).toEqual({
      [`{${labels},reason="${reason}",receiver="team"}`]: 1,
    });
  },
);

test.concurrent('a receiver that is gone is tried once, and the others are told of it', async () => {
  await using slack = await startSlackServer();
  await using webhook = await startWebhookServer();
  slack.script({ status: 404, body: 'no_service' });
  const team = { slack_configs: [{ api_url: slack.url }] };
  const agentCheck = { name: 'tocsin', type: 'agent', interval: '500ms', severity: 'critical' };
  const config = teamConfig([queue, agentCheck], team);
  await using agent = await startAgent({
    config: {
      ...config,
      route: { ...teamRoute, routes: [{ receiver: 'others', matchers: ['type="agent"'] }] },
      receivers: [
        ...config.receivers,
        { name: 'others', webhook_configs: [{ url: webhook.origin }] },
      ],
    },
  });
  await eventually(() => webhook.accepted.length > 0, 'the others are told');
  expect(JSON.parse(webhook.accepted[0]?.body ?? '')).toMatchObject({
    status: 'firing',
    alerts: [
      {
        labels: { alertname: 'tocsin', severity: 'warning' },
        annotations: { description: 'receiver team (slack) refuses: HTTP 404: no_service' },
      },
    ],
  });
  await runsAgain(agent, 'queue', 3);
  expect(slack.requests).toHaveLength(1);
  expect((await whyOf(agent, 'queue')).notifications).toMatchObject([
    { state: 'failed', attempts: [{ outcome: 'permanent', reason: 'not_found' }] },
  ]);
  expect(await seriesOf(agent, 'tocsin_notifications_failed_total')).toEqual({
    '{integration="slack",reason="not_found",receiver="team"}': 1,
  });
  const { stdout, code } = await agent.cli('why', 'queue');
  expect(code).toBe(1);
  expect(stdout).toMatch(/attempt 1 \S+ \S+ permanent: HTTP 404: no_service$/m);
  expect((await agent.post('/-/reload')).status).toBe(200);
  await eventually(() => slack.messages().length === 1, 'it is tried again after a reload');
  await eventually(() => webhook.accepted.length > 1, 'the others hear that it is well again');
});

test.concurrent('a receiver whose certificate is not trusted is not told', async () => {
  using authority = createAuthority();
  await using webhook = await startWebhookServer(authority.issue());
  const team = { webhook_configs: [{ url: webhook.origin }] };
  await using agent = await startAgent({ config: teamConfig([queue], team) });
  const hasTriedTwice = async (): Promise<boolean> =>
    ((await whyOf(agent, 'queue')).notifications[0]?.attempts.length ?? 0) > 1;
  await eventually(hasTriedTwice, 'two attempts');
  expect(webhook.requests).toHaveLength(0);
  const { notifications } = await whyOf(agent, 'queue');
  expect(notifications[0]).toMatchObject({
    state: 'pending',
    attempts: [
      { outcome: 'passing', reason: 'tls' },
      { outcome: 'passing', reason: 'tls' },
    ],
  });
  expect(await seriesOf(agent, 'tocsin_outbox_pending')).toEqual({ '{receiver="team"}': 1 });
  const ages = await seriesOf(agent, 'tocsin_outbox_oldest_age_seconds');
  expect(ages['{receiver="team"}']).toBeGreaterThan(0.5);
});

test.concurrent('a redirect is not followed', async () => {
  await using elsewhere = await startWebhookServer();
  await using webhook = await startWebhookServer();
  webhook.script({ status: 302, headers: { location: elsewhere.origin } });
  const team = { webhook_configs: [{ url: webhook.origin }] };
  await using agent = await startAgent({ config: teamConfig([queue], team) });
  await eventually(() => webhook.requests.length > 0, 'the redirect');
  await runsAgain(agent, 'queue', 3);
  expect(webhook.requests).toHaveLength(1);
  expect(elsewhere.requests).toHaveLength(0);
  expect((await whyOf(agent, 'queue')).notifications).toMatchObject([
    { state: 'failed', attempts: [{ outcome: 'permanent', reason: 'protocol' }] },
  ]);
});

test.concurrent('a receiver that hangs does not hold up another', async () => {
  await using hanging = await startWebhookServer();
  await using webhook = await startWebhookServer();
  hanging.script('hang');
  const team = { webhook_configs: [{ url: hanging.origin }, { url: webhook.origin }] };
  await using agent = await startAgent({ config: teamConfig([queue], team) });
  await eventually(() => webhook.accepted.length > 0, 'the other one is told');
  expect(hanging.requests).toHaveLength(1);
  const { notifications } = await read<{ notifications: SentTo[] }>(agent, '/api/v1/notifications');
  expect(new Set(notifications.map(({ dedupKey }) => dedupKey)).size).toBe(1);
});
