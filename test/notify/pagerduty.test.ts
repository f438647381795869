import { expect, test } from 'vitest';
import { type PagerdutyServer, startPagerdutyServer } from '../support/pagerduty-server.ts';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { sendThrough } from '../support/send-through.ts';

const routing_key = '0123456789abcdef0123456789abcdef';

const optionsFor = (server: PagerdutyServer) => ({ routing_key, url: server.url });

test('a failure triggers an incident with everything that is known', async () => {
  await using server = await startPagerdutyServer();
  const alert = sampleAlert({
    detail: ['connect refused'],
    annotations: { description: 'no answer', runbook_url: 'https://example.com/book' },
  });
  const options = {
    ...optionsFor(server),
    component: 'edge',
    class: 'web',
    details: { team: 'ops' },
  };
  const outcome = await sendThrough('pagerduty', options, sampleDelivery({ alerts: [alert] }), {
    externalURL: 'http://web-1:9860',
  });
  expect(outcome.kind).toBe('delivered');
  expect(server.events()).toEqual([
    {
      routing_key,
      event_action: 'trigger',
      dedup_key: '{}:{host="web-1"}',
      client: 'tocsin',
      client_url: 'http://web-1:9860',
      payload: {
        summary: '🔴 gateway is down on web-1',
        source: 'web-1',
        severity: 'critical',
        timestamp: '2025-01-15T11:59:00.000Z',
        component: 'edge',
        class: 'web',
        custom_details: {
          team: 'ops',
          alerts: [
            {
              check: 'gateway',
              status: 'firing',
              description: 'no answer',
              since: '2025-01-15T11:59:00.000Z',
              labels: alert.labels,
              detail: ['connect refused'],
            },
          ],
        },
      },
      links: [{ href: 'https://example.com/book', text: 'Runbook' }],
    },
  ]);
});

test('the recovery resolves the incident that the failure opened', async () => {
  await using server = await startPagerdutyServer();
  const options = optionsFor(server);
  await sendThrough('pagerduty', options, sampleDelivery());
  expect(server.openIncidents()).toHaveLength(1);
  const recovered = sampleDelivery({ id: 'delivery-2', alerts: [sampleAlert({ endsAt: noon })] });
  await sendThrough('pagerduty', options, recovered);
  expect(server.openIncidents()).toEqual([]);
});

test('who has taken it on acknowledges the incident, which stays so through reminders', async () => {
  await using server = await startPagerdutyServer();
  const options = optionsFor(server);
  await sendThrough('pagerduty', options, sampleDelivery());
  const delivery = sampleDelivery({ reason: 'acknowledged' });
  const notification = { ...delivery.notification, acknowledgedBy: 'kim' };
  await sendThrough('pagerduty', options, { ...delivery, notification });
  expect(server.acknowledgedIncidents()).toEqual([delivery.dedupKey]);
  expect(server.events()[1]?.payload.summary).toBe(
    '🔴 kim has taken this on: gateway on web-1 is still down for 1m',
  );
  await sendThrough('pagerduty', options, sampleDelivery({ reason: 'repeat interval elapsed' }));
  expect(server.acknowledgedIncidents()).toEqual([delivery.dedupKey]);
  await sendThrough(
    'pagerduty',
    options,
    sampleDelivery({ alerts: [sampleAlert({ endsAt: noon })] }),
  );
  expect(server.openIncidents()).toEqual([]);
});

test('the configuration may add images and links, and say source and summary', async () => {
  await using server = await startPagerdutyServer();
  const more = {
    description: 'Trouble in Berlin',
    source: 'rack 3',
    severity: 'warning',
    class: 'availability',
    component: 'edge',
    group: 'web',
    client: 'tocsin of Berlin',
    client_url: 'https://example.com/tocsin',
    images: [{ src: 'https://example.com/graph.png', href: 'https://example.com', alt: 'load' }],
    links: [{ href: 'https://example.com/plan', text: 'Plan' }],
  };
  await sendThrough('pagerduty', { ...optionsFor(server), ...more });
  const { description, source, severity, component, group, ...rest } = more;
  expect(server.events()).toMatchObject([
    {
      payload: { summary: description, source, severity, component, group, class: rest.class },
      client: rest.client,
      client_url: rest.client_url,
      images: rest.images,
      links: rest.links,
    },
  ]);
});

test('links to the runbooks of hundreds of alerts do not make the event too large', async () => {
  await using server = await startPagerdutyServer();
  const alerts = Array.from({ length: 400 }, (_, number) =>
    sampleAlert({
      labels: { check: `check-${number}` },
      annotations: { runbook_url: `https://example.com/${'r'.repeat(1900)}/${number}` },
    }),
  );
  await sendThrough('pagerduty', optionsFor(server), sampleDelivery({ alerts }));
  expect(server.events()[0]?.links).toHaveLength(20);
});

test('a dedup key that is too long is replaced by the same short one each time', async () => {
  await using server = await startPagerdutyServer();
  const dedupKey = 'k'.repeat(300);
  await sendThrough('pagerduty', optionsFor(server), sampleDelivery({ dedupKey }));
  const recovered = sampleDelivery({ dedupKey, alerts: [sampleAlert({ endsAt: noon })] });
  await sendThrough('pagerduty', optionsFor(server), recovered);
  expect(server.events()).toHaveLength(2);
  expect(server.openIncidents()).toEqual([]);
});

test.for([
  ['too many lines of detail', 200, 'x'.repeat(5000), 1],
  ['too many alerts', 5000, 'y', 300],
] as const)(
  'an event with %s is shrunk until PagerDuty takes it',
  async ([, count, line, length]) => {
    await using server = await startPagerdutyServer();
    const alerts = Array.from({ length: count }, (_, number) =>
      sampleAlert({
        labels: { check: `check-${number}`, note: 'n'.repeat(length) },
        detail: [line],
      }),
    );
    await sendThrough('pagerduty', optionsFor(server), sampleDelivery({ alerts }));
    const [event] = server.events();
    expect(event?.payload.custom_details).toHaveProperty('alerts.0.check', 'check-0');
  },
);

test.for([
  [
    { status: 400, body: '{"errors":["bad"]}' },
    { kind: 'permanent', reason: 'client_error' },
  ],
  [{ status: 429 }, { kind: 'passing', reason: 'rate_limited' }],
  [{ status: 500 }, { kind: 'passing', reason: 'server_error' }],
] as const)('an answer %j is judged %j', async ([fault, outcome]) => {
  await using server = await startPagerdutyServer();
  server.script(fault);
  expect(await sendThrough('pagerduty', optionsFor(server))).toMatchObject(outcome);
});

test('a refusal says what PagerDuty did not like', async () => {
  await using server = await startPagerdutyServer();
  const options = { ...optionsFor(server), routing_key: 'short' };
  expect(await sendThrough('pagerduty', options)).toEqual({
    kind: 'permanent',
    reason: 'client_error',
    detail: expect.stringMatching(/^HTTP 400: .*Event object is invalid/) as string,
  });
});
