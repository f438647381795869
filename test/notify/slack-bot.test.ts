import { describe, expect, test } from 'vitest';
import { Conversations } from '../../src/app/people/conversations.ts';
import type { Delivery, NotifyReason, Outcome } from '../../src/model/delivery.ts';
import type { ConversationMemory } from '../../src/notify/integration.ts';
import { permanentSlackErrors } from '../../src/notify/slack-answer.ts';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { oneMemory, sendThrough } from '../support/send-through.ts';
import { startScriptedHttpServer } from '../support/scripted-http-server.ts';
import { type SlackApi, startSlackApi } from '../support/slack-api-server.ts';

const red = '#d40e0d';
const green = '#2eb67d';

const gateway = sampleAlert();
const queue = sampleAlert({ labels: { check: 'queue', alertname: 'queue', type: 'command' } });
const over = sampleAlert({ endsAt: noon });

/** Tells a delivery to the channel #ops. */
function tellTo(api: SlackApi, memory: ConversationMemory, more: object = {}) {
  return (
    reason: NotifyReason,
    alerts: Delivery['notification']['alerts'] = [gateway],
    changes: Partial<Delivery['notification']> = {},
  ): Promise<Outcome> => {
    const delivery = sampleDelivery({ integration: 'slack', alerts, reason });
    const options = { app_token: api.token, app_url: api.url, channel: '#ops', ...more };
    const notification = { ...delivery.notification, ...changes };
    return sendThrough('slack', options, { ...delivery, notification }, { memory });
  };
}

describe('a bot', () => {
  test('posts once, keeps the message as things stand, and says what is new in its thread', async () => {
    await using api = await startSlackApi();
    const memory = oneMemory();
    const tell = tellTo(api, memory);
    expect(await tell('first notification')).toEqual({ kind: 'delivered', detail: 'ok' });
    expect(api.channel).toEqual([
      { ts: '1503435956.000001', text: '🔴 gateway is down on web-1', colour: red, thread: [] },
    ]);
    expect(await tell('new alerts added', [gateway, queue])).toMatchObject({ kind: 'delivered' });
    await tell('acknowledged', [gateway, queue], { acknowledgedBy: 'kim' });
    await tell('repeat interval elapsed', [gateway, queue], { acknowledgedBy: 'kim' });
    await tell('some alerts resolved', [queue, over]);
    expect(api.channel).toMatchObject([{ colour: red }]);
    await tell('all alerts resolved', [{ ...queue, endsAt: noon }]);
    expect(api.channel).toMatchObject([
      {
        text: '✅ queue is fine again on web-1 after 1m',
        colour: green,
        thread: [
          'to all: 🔴 2 checks failing on web-1: gateway, queue',
          '🔴 kim has taken this on: 2 checks still failing on web-1: gateway, queue',
          'to all: 🔴 2 checks still failing on web-1: gateway, queue',
          '🔴 1 check failing on web-1: queue; back: gateway',
          '✅ queue is fine again on web-1 after 1m',
        ],
      },
    ]);
    expect(memory.recall()).toBeUndefined();
  });

  test('begins a new message with the next incident, also when the end of the last was not told', async () => {
    await using api = await startSlackApi();
    const tell = tellTo(api, oneMemory());
    await tell('first notification');
    await tell('first notification');
    await tell('repeat interval elapsed');
    expect(api.channel.map(({ thread }) => thread.length)).toEqual([0, 1]);
  });

  test('posts anew when the message is gone', async () => {
    await using api = await startSlackApi();
    const tell = tellTo(api, oneMemory());
    await tell('first notification');
    api.remove(api.channel[0]);
    expect(await tell('new alerts added', [gateway, queue])).toEqual({
      kind: 'delivered',
      detail: 'ok',
    });
    await tell('all alerts resolved', [over]);
    expect(api.channel).toMatchObject([{ colour: green, thread: [expect.any(String)] }]);
  });

  test('posts anew in another channel when the configuration names one', async () => {
    await using api = await startSlackApi();
    const memory = oneMemory();
    await tellTo(api, memory)('first notification');
    await tellTo(api, memory, { channel: 'C0123ABCD' })('repeat interval elapsed');
    expect(api.channel).toHaveLength(2);
  });

  test('posts each message anew with update_message: false', async () => {
    await using api = await startSlackApi();
    const memory = oneMemory();
    const tell = tellTo(api, memory, { update_message: false });
    await tell('first notification');
    await tell('all alerts resolved', [over]);
    expect(api.channel.map(({ colour }) => colour)).toEqual([red, green]);
    expect(memory.recall()).toBeUndefined();
  });

  test('leaves no trace of a test', async () => {
    await using api = await startSlackApi();
    const memory = oneMemory();
    await tellTo(api, memory)('test');
    expect(memory.recall()).toBeUndefined();
  });

  test('repeats the change and not the reply when the reply failed', async () => {
    await using api = await startSlackApi();
    const tell = tellTo(api, oneMemory());
    await tell('first notification');
    api.script({ status: 503 });
    expect(await tell('all alerts resolved', [over])).toMatchObject({ kind: 'passing' });
    expect(api.channel).toMatchObject([{ colour: red, thread: [] }]);
    await tell('all alerts resolved', [over]);
    expect(api.channel).toMatchObject([{ colour: green, thread: [expect.any(String)] }]);
  });

  test('goes on with its message after a restart, and after its database began anew', async () => {
    await using api = await startSlackApi();
    const saved = new Map<string, unknown>();
    const start = (): Conversations =>
      new Conversations(({ name, value }) => {
        // As the store does: JSON, and gone where there is no value.
        if (value === undefined) saved.delete(name);
        else saved.set(name, JSON.parse(JSON.stringify(value)));
      }, new Map(saved));
    const delivery = sampleDelivery({ integration: 'slack' });
    await tellTo(api, start().of(delivery))('first notification');
    const second = start();
    saved.clear();
    second.resave();
    await tellTo(api, start().of(delivery))('all alerts resolved', [over]);
    expect(api.channel).toMatchObject([{ colour: green }]);
    expect(saved.size).toBe(0);
  });

  test('does not post twice because of an answer that is too long to be read in full', async () => {
    await using api = await startSlackApi();
    const tell = tellTo(api, oneMemory());
    const many = Array.from({ length: 25 }, (_, number) =>
      sampleAlert({ labels: { check: `c${number}` }, detail: ['😀'.repeat(1400)] }),
    );
    expect(await tell('first notification', many)).toMatchObject({ kind: 'delivered' });
    await tell('all alerts resolved', [over]);
    expect(api.channel).toMatchObject([{ colour: green }]);
  });
});

describe('an answer of the Web API', () => {
  const answered = async (reply: object): Promise<Outcome> => {
    await using server = await startScriptedHttpServer(() => ({ status: 200, ...reply }));
    const app_url = `${server.origin}/chat.postMessage`;
    const options = { app_token: 'xoxb-secret-token', app_url, channel: '#ops' };
    return await sendThrough('slack', options, sampleDelivery({ integration: 'slack' }));
  };

  test.for(Object.entries(permanentSlackErrors))('%s is for good', async ([error, reason]) => {
    expect(await answered({ body: JSON.stringify({ ok: false, error }) })).toMatchObject({
      kind: 'permanent',
      reason,
    });
  });

  test.for([
    [{ body: '{"ok":false,"error":"fatal_error"}' }, { kind: 'passing', reason: 'server_error' }],
    [
      {
        status: 429,
        headers: { 'retry-after': '30' },
        body: '{"ok":false,"error":"ratelimited"}',
      },
      { kind: 'passing', reason: 'rate_limited', retryAfterMs: 30_000 },
    ],
    [
      { headers: { 'retry-after': '7' }, body: '{"ok":false,"error":"ratelimited"}' },
      { kind: 'passing', reason: 'rate_limited', retryAfterMs: 7000 },
    ],
    [{ body: '{"ok":false,"error":"brand_new"}' }, { kind: 'passing', reason: 'protocol' }],
    [{ body: '<html>' }, { kind: 'passing', reason: 'protocol' }],
    [{ body: 'null' }, { kind: 'passing', reason: 'protocol' }],
    [{ body: '' }, { kind: 'passing', reason: 'protocol' }],
  ] as const)('%j is judged %j', async ([reply, outcome]) => {
    expect(await answered(reply)).toMatchObject(outcome);
  });

  test('is quoted without the token', async () => {
    const { detail } = await answered({ body: 'xoxb-secret-token is no good' });
    expect(detail).toBe('HTTP 200: <secret> is no good');
  });
});
