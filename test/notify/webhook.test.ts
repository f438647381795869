import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { selfSigned } from '../support/tls-authority.ts';
import { sendThrough } from '../support/send-through.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

test('the body is what Alertmanager posts, key for key', async () => {
  await using server = await startWebhookServer();
  const alert = sampleAlert({ detail: ['log line'] });
  await sendThrough(
    'webhook',
    { url: `${server.origin}/hook` },
    sampleDelivery({ alerts: [alert] }),
    {
      externalURL: 'http://web-1:9860',
    },
  );
  const [request] = server.accepted;
  const labels = {
    alertname: 'gateway',
    check: 'gateway',
    host: 'web-1',
    severity: 'critical',
    type: 'http',
  };
  const annotations = alert.annotations;
  expect(request?.body).toBe(
    `${JSON.stringify({
      receiver: 'team',
      status: 'firing',
      alerts: [
        {
          status: 'firing',
          labels,
          annotations,
          startsAt: '2025-01-15T11:59:00.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'http://web-1:9860/#gateway',
          fingerprint: alert.fingerprint,
        },
      ],
      notification_reason: 'first notification',
      groupLabels: { host: 'web-1' },
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: 'http://web-1:9860',
      version: '4',
      groupKey: '{}:{host="web-1"}',
      truncatedAlerts: 0,
    })}\n`,
  );
  expect(request?.headers['user-agent']).toBe('tocsin/0.0.0-test');
});

test('what is to be said beside the alerts is one more key', async () => {
  await using server = await startWebhookServer();
  const plain = sampleDelivery();
  const said = { remarks: ['Sent through hook: chat (slack) fails'], acknowledgedBy: 'anna' };
  const delivery = { ...plain, notification: { ...plain.notification, ...said } };
  await sendThrough('webhook', { url: server.origin }, delivery);
  const body = JSON.parse(server.accepted[0]?.body ?? '') as Record<string, unknown>;
  expect(Object.keys(body).at(-1)).toBe('remarks');
  expect(body['remarks']).toEqual(['Taken on by anna', 'Sent through hook: chat (slack) fails']);
});

test('max_alerts leaves the rest out and says how many', async () => {
  await using server = await startWebhookServer();
  const alerts = ['a', 'b', 'c'].map((check) => sampleAlert({ labels: { check }, endsAt: noon }));
  await sendThrough('webhook', { url: server.origin, max_alerts: 1 }, sampleDelivery({ alerts }));
  const body = JSON.parse(server.accepted[0]?.body ?? '') as unknown;
  expect(body).toMatchObject({
    status: 'resolved',
    truncatedAlerts: 2,
    alerts: [{ labels: { check: 'a' }, endsAt: '2025-01-15T12:00:00.000Z' }],
  });
  expect(body).toHaveProperty('alerts.length', 1);
});

test.for([
  [{ status: 204 }, { kind: 'delivered' }],
  [
    { status: 302, headers: { location: '/there' } },
    { kind: 'permanent', reason: 'protocol' },
  ],
  [{ status: 400 }, { kind: 'permanent', reason: 'client_error' }],
  [{ status: 401 }, { kind: 'permanent', reason: 'auth' }],
  [{ status: 403 }, { kind: 'permanent', reason: 'auth' }],
  [{ status: 404 }, { kind: 'permanent', reason: 'not_found' }],
  [{ status: 408 }, { kind: 'passing', reason: 'timeout' }],
  [{ status: 410 }, { kind: 'permanent', reason: 'not_found' }],
  [{ status: 425 }, { kind: 'passing', reason: 'server_error' }],
  [
    { status: 429, headers: { 'retry-after': '17' } },
    { kind: 'passing', reason: 'rate_limited', retryAfterMs: 17_000 },
  ],
  [
    {
      status: 429,
      headers: {
        date: 'Wed, 15 Jan 2025 12:00:00 GMT',
        'retry-after': 'Wed, 15 Jan 2025 12:02:00 GMT',
      },
    },
    { kind: 'passing', reason: 'rate_limited', retryAfterMs: 120_000 },
  ],
  [
    { status: 503, headers: { 'retry-after': '5' } },
    { kind: 'passing', reason: 'server_error', retryAfterMs: 5000 },
  ],
  ['half a body', { kind: 'delivered' }],
  ['reset', { kind: 'passing', reason: 'connect' }],
] as const)('an answer %j is judged %j', async ([fault, outcome]) => {
  await using server = await startWebhookServer();
  server.script(fault);
  expect(await sendThrough('webhook', { url: server.origin })).toMatchObject(outcome);
  expect(server.requests).toHaveLength(1);
});

test('a server that hangs is given up at the timeout, with the phase', async () => {
  await using server = await startWebhookServer();
  server.script('hang');
  expect(await sendThrough('webhook', { url: server.origin, timeout: '100ms' })).toEqual({
    kind: 'passing',
    reason: 'timeout',
    detail: 'gave up while waiting for the answer',
  });
});

test('an aborted send comes back at once', async () => {
  await using server = await startWebhookServer();
  server.script('hang');
  const outcome = await sendThrough('webhook', { url: server.origin }, sampleDelivery(), {
    signal: AbortSignal.timeout(50),
    timeoutMs: 60_000,
  });
  expect(outcome).toMatchObject({ kind: 'passing', reason: 'timeout' });
});

test('a port where nobody listens is a passing failure to connect', async () => {
  const server = await startWebhookServer();
  await server[Symbol.asyncDispose]();
  expect(await sendThrough('webhook', { url: server.origin })).toEqual({
    kind: 'passing',
    reason: 'connect',
    detail: 'failed while connecting (ECONNREFUSED)',
  });
});

test('a name that does not exist is a passing failure to resolve', async () => {
  // A label of more than 63 characters: the resolver of this machine refuses it without asking another.
  const url = `http://${'n'.repeat(64)}.invalid/`;
  const outcome = await sendThrough('webhook', { url });
  expect(outcome).toMatchObject({ kind: 'passing', reason: 'resolve' });
});

test('a certificate that nobody vouches for is a passing TLS failure', async () => {
  await using server = await startWebhookServer(selfSigned('/CN=127.0.0.1'));
  expect(await sendThrough('webhook', { url: server.origin })).toEqual({
    kind: 'passing',
    reason: 'tls',
    detail: 'failed while agreeing on TLS (DEPTH_ZERO_SELF_SIGNED_CERT)',
  });
});

test('url_file is read at each send, and a missing one is waited for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-webhook-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await using server = await startWebhookServer();
  const file = join(folder, 'url');
  const options = { url_file: file };
  expect(await sendThrough('webhook', options)).toEqual({
    kind: 'passing',
    reason: 'secret',
    detail: `cannot read ${file}: ENOENT`,
  });
  await writeFile(file, `${server.origin}/first\n`);
  await sendThrough('webhook', options);
  await writeFile(file, `${server.origin}/second\n`);
  await sendThrough('webhook', options);
  expect(server.requests.map(({ path }) => path)).toEqual(['/first', '/second']);
});
