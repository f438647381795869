import { createServer } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ask } from '../../support/ask.ts';
import { eventually } from '../../support/eventually.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { prometheus, skipWithout, startPrometheus } from '../../support/prometheus.ts';
import { closedPort } from '../../support/tcp-server.ts';
import { startTocsinServer } from './kit/tocsin-server.ts';

interface Told {
  readonly status: string;
  readonly alerts: readonly { readonly status: string; readonly labels: object }[];
}

interface Listed {
  readonly updatedAt: string;
  readonly endsAt: string;
  readonly startsAt: string;
  readonly generatorURL: string;
}

/** A webhook, a tocsin that tells it at once, and what it was told. */
async function startTold(told: Told[]) {
  const hook = await startHttpServer((request, response) => {
    void text(request).then((body) => {
      told.push(JSON.parse(body) as Told);
      response.end();
    });
  });
  const tocsin = await startTocsinServer(`
route: { receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers: [{ name: team, webhook_configs: [{ url: '${hook.url}' }] }]
`);
  const listed = async (): Promise<readonly Listed[]> =>
    JSON.parse((await ask(`${tocsin.url}/api/v2/alerts`)).body) as Listed[];
  return {
    listed,
    address: new URL(tocsin.url).host,
    async [Symbol.asyncDispose]() {
      await tocsin[Symbol.asyncDispose]();
      await hook[Symbol.asyncDispose]();
    },
  };
}

const rules = [
  {
    alert: 'Down',
    expr: 'up{job="service"} == 0',
    labels: { severity: 'critical' },
    annotations: { summary: '{{ $labels.instance }} is down' },
  },
];

test('a real Prometheus sends its alert every second: one message when it fires, one when it resolves', async (context) => {
  skipWithout(prometheus, context);
  const told: Told[] = [];
  await using tocsin = await startTold(told);
  const port = await closedPort();
  await startPrometheus({
    scrapeConfigs: [{ job_name: 'service', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
    rules,
    alertsTo: tocsin.address,
  });
  await eventually(() => told.length > 0, 'the alert is told');
  const updates = new Set<string>();
  await eventually(async () => {
    for (const { updatedAt } of await tocsin.listed()) updates.add(updatedAt);
    return updates.size > 3;
  }, 'the alert is sent again and again');
  const [alert] = await tocsin.listed();
  expect(alert?.generatorURL).toMatch(/^http:.*\/graph\?/);
  expect(Date.parse(alert?.endsAt ?? '')).toBeGreaterThan(Date.now());
  const service = createServer((_, response) => response.end('')).listen(port, '127.0.0.1');
  await once(service, 'listening');
  try {
    await eventually(() => told.length > 1, 'the end is told');
    // The end is repeated as well; whatever it caused would be told within a second.
    const [, end] = told;
    const since = Date.now();
    await eventually(() => Date.now() - since > 3000, 'three more copies have come');
    expect(told).toEqual([told[0], end]);
    expect(told.map(({ status, alerts }) => [status, alerts.map(({ labels }) => labels)])).toEqual(
      ['firing', 'resolved'].map((status) => [
        status,
        [
          {
            alertname: 'Down',
            instance: `127.0.0.1:${port}`,
            job: 'service',
            severity: 'critical',
          },
        ],
      ]),
    );
    expect(await tocsin.listed()).toEqual([]);
  } finally {
    service.closeAllConnections();
    service.close();
  }
}, 60_000);

test('when a Prometheus is gone its alerts end at the time that it gave', async (context) => {
  skipWithout(prometheus, context);
  const told: Told[] = [];
  await using tocsin = await startTold(told);
  const { kill } = await startPrometheus({
    scrapeConfigs: [
      { job_name: 'service', static_configs: [{ targets: [`127.0.0.1:${await closedPort()}`] }] },
    ],
    rules,
    alertsTo: tocsin.address,
  });
  await eventually(() => told.length > 0, 'the alert is told');
  await kill();
  const [alert] = await tocsin.listed();
  // Four times the second after which it sends again.
  expect(Date.parse(alert?.endsAt ?? '') - Date.now()).toBeLessThanOrEqual(4000);
  await eventually(() => told.length > 1, 'the end is told');
  expect(told.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(alert?.endsAt ?? ''));
}, 60_000);
