import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import type { Delivery, OutboxEntry } from '../../src/model/delivery.ts';
import type { WallMs } from '../../src/model/time.ts';
import { alertmanager } from '../../src/notify/alertmanager.ts';
import { createOutbox } from '../../src/notify/outbox.ts';
import { alertmanagerProgram, startAlertmanager } from '../support/alertmanager.ts';
import { eventually } from '../support/eventually.ts';
import { createBook } from '../support/receiver-book.ts';
import { skipWithout } from '../support/prometheus.ts';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { startScriptedHttpServer } from '../support/scripted-http-server.ts';
import { parsedOptions, sendParsed, sendThrough } from '../support/send-through.ts';
import { closedPort } from '../support/tcp-server.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const minute = 60_000;

/** A delivery of alerts that the receiver hears of every six minutes while they fire. */
function refreshed(changes: Parameters<typeof sampleDelivery>[0] = {}): Delivery {
  const delivery = sampleDelivery({ integration: 'alertmanager', ...changes });
  const notification = { ...delivery.notification, toldAgainWithinMs: 6 * minute };
  return { ...delivery, notification };
}

describe('the request', () => {
  test('is what Prometheus posts, with an end that comes unless it is posted again', async () => {
    await using server = await startWebhookServer();
    const alert = sampleAlert({ detail: ['log line'] });
    const over = sampleAlert({ labels: { check: 'queue' }, endsAt: (noon - 1000) as WallMs });
    const nowMs = (noon + minute) as WallMs;
    const delivery = refreshed({ alerts: [alert, over] });
    const options = { urls: [`${server.origin}/am/`] };
    await sendThrough('alertmanager', options, delivery, { nowMs });
    const [request] = server.accepted;
    expect(request?.path).toBe('/am/api/v2/alerts');
    expect(JSON.parse(request?.body ?? '')).toEqual([
      {
        labels: alert.labels,
        annotations: alert.annotations,
        startsAt: '2025-01-15T11:59:00.000Z',
        endsAt: '2025-01-15T12:25:00.000Z',
        generatorURL: 'http://web-1:9860/#gateway',
      },
      {
        labels: over.labels,
        annotations: over.annotations,
        startsAt: '2025-01-15T11:59:00.000Z',
        endsAt: '2025-01-15T11:59:59.000Z',
        generatorURL: 'http://web-1:9860/#gateway',
      },
    ]);
  });

  test('of a message that waited for an hour still speaks of something that fires', async () => {
    await using server = await startWebhookServer();
    const nowMs = (noon + 60 * minute) as WallMs;
    await sendThrough('alertmanager', { urls: [server.origin] }, refreshed(), { nowMs });
    const [alert] = JSON.parse(server.accepted[0]?.body ?? '') as { endsAt: string }[];
    expect(Date.parse(alert?.endsAt ?? '')).toBeGreaterThan(nowMs);
  });

  test.for([
    [{ status: 200 }, { kind: 'delivered' }],
    [
      { status: 400, body: '"start time must be before end time"' },
      { kind: 'permanent', reason: 'client_error' },
    ],
    [{ status: 404 }, { kind: 'permanent', reason: 'not_found' }],
    [{ status: 503 }, { kind: 'passing', reason: 'server_error' }],
    ['reset', { kind: 'passing', reason: 'connect' }],
  ] as const)('answered %j is judged %j', async ([fault, outcome]) => {
    await using server = await startScriptedHttpServer(() => ({ status: 200 }));
    server.script(fault);
    const answer = await sendThrough('alertmanager', { urls: server.origin }, refreshed());
    expect(answer).toMatchObject(outcome);
    // Of a pair, people have to know which one it is.
    const { host } = new URL(server.origin);
    expect(answer.detail.startsWith(`${host}: `)).toBe(answer.kind !== 'delivered');
  });
});

describe('a block', () => {
  const peers = (options: object): string[] =>
    (alertmanager.spread?.(parsedOptions('alertmanager', { ...options })) ?? []).map((one) => {
      const [url] = one['urls'] as { reveal(): string }[];
      return url?.reveal() ?? '';
    });

  test('stands for one receiver for each peer', () => {
    expect(peers({ urls: ['http://a:9093', 'https://b/am'] })).toEqual([
      'http://a:9093',
      'https://b/am',
    ]);
    expect(peers({ urls: 'http://a:9093' })).toEqual(['http://a:9093']);
    const static_configs = [{ targets: ['a:9093', 'b:9093'] }, { targets: ['c:9093'] }];
    expect(peers({ static_configs, scheme: 'https', path_prefix: 'am' })).toEqual([
      'https://a:9093/am',
      'https://b:9093/am',
      'https://c:9093/am',
    ]);
  });

  test.for(['alertmanager:9093', 'http://a:9093/api/v2/alerts', 'ftp://a', ''])(
    'with the address %j is refused',
    (url) => {
      expect(() => parsedOptions('alertmanager', { urls: [url] })).toThrow(/base URL/);
    },
  );
});

describe("Debian's Alertmanager", () => {
  /** An alert that began a minute ago by the clock of the machine, which Alertmanager reads. */
  const justNow = () => sampleAlert({ startsAt: (Date.now() - minute) as WallMs });
  const now = (): { readonly nowMs: WallMs } => ({ nowMs: Date.now() as WallMs });

  test('shows the alert until the end it was given, whatever its resolve_timeout', async (context) => {
    skipWithout(alertmanagerProgram, context);
    const config = {
      global: { resolve_timeout: '1s' },
      route: { receiver: 'nobody' },
      receivers: [{ name: 'nobody' }],
    };
    const server = await startAlertmanager(config);
    const alert = justNow();
    const options = { urls: server.url };
    const sentAt = now();
    const outcome = await sendThrough(
      'alertmanager',
      options,
      refreshed({ alerts: [alert] }),
      sentAt,
    );
    expect(outcome).toEqual({ kind: 'delivered', detail: 'HTTP 200' });
    const [listed] = await server.alerts();
    expect(listed).toMatchObject({
      labels: alert.labels,
      annotations: alert.annotations,
      generatorURL: alert.generatorURL,
      startsAt: new Date(alert.startsAt).toISOString(),
      endsAt: new Date(sentAt.nowMs + 24 * minute).toISOString(),
    });
  });

  test('tells its own receivers of the end as soon as it hears of it', async (context) => {
    skipWithout(alertmanagerProgram, context);
    await using webhook = await startWebhookServer();
    const config = {
      route: { receiver: 'hook', group_wait: '0s', group_interval: '1s' },
      receivers: [{ name: 'hook', webhook_configs: [{ url: webhook.origin }] }],
    };
    const server = await startAlertmanager(config);
    const told = (): unknown[] =>
      webhook.accepted.map(({ body }) => (JSON.parse(body) as { status: string }).status);
    const alert = justNow();
    const options = { urls: server.url };
    await sendThrough('alertmanager', options, refreshed({ alerts: [alert] }), now());
    await eventually(() => told().length === 1, 'it tells that it fires');
    const over = { ...alert, endsAt: Date.now() as WallMs };
    await sendThrough('alertmanager', options, refreshed({ alerts: [over] }), now());
    await eventually(() => told().length === 2, 'it tells that it is over');
    expect(told()).toEqual(['firing', 'resolved']);
    expect(await server.alerts()).toEqual([]);
  });

  test('of a pair each hears everything, also when the other was down for a while', async (context) => {
    skipWithout(alertmanagerProgram, context);
    const port = await closedPort();
    const living = await startAlertmanager();
    const urls = [living.url, `http://127.0.0.1:${port}`];
    const peers = alertmanager.spread?.(parsedOptions('alertmanager', { urls })) ?? [];
    const settled: OutboxEntry[] = [];
    const outbox = createOutbox({
      ...createBook([]),
      onSuppressed: () => {},
      clock: systemClock(),
      log: silentLogger,
      random: () => 0,
      record: () => {},
      send: (delivery, signal) =>
        sendParsed('alertmanager', peers[delivery.index] ?? {}, delivery, { signal, ...now() }),
      onOutcome: (entry) => void (entry.state === 'pending' || settled.push(entry)),
    });
    const tell = (id: string, alert: ReturnType<typeof justNow>): void =>
      outbox.add(
        [0, 1].map((index) => ({
          ...refreshed({ id: `${id}-${index}`, alerts: [alert], createdAtMs: Date.now() }),
          index,
        })),
      );
    const delivered = (): string[] => settled.map(({ delivery }) => delivery.id);
    const alert = justNow();
    const other = sampleAlert({ ...justNow(), labels: { check: 'queue', alertname: 'queue' } });
    tell('firing', alert);
    await eventually(() => delivered().includes('firing-0'), 'the living one hears of it');
    tell('over', { ...alert, endsAt: Date.now() as WallMs });
    tell('other', other);
    await eventually(() => delivered().length === 3, 'the living one hears of everything');
    expect((await living.alerts()).map(({ labels }) => labels)).toEqual([other.labels]);
    const late = await startAlertmanager(undefined, port);
    // What waited for it is one message, with the newest state of both.
    await eventually(() => delivered().length === 4, 'the other one catches up');
    expect((await late.alerts()).map(({ labels }) => labels)).toEqual([other.labels]);
    await outbox.stop(0);
  });
});
