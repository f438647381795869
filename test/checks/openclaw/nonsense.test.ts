import { describe, expect, test } from 'vitest';
import { openclawMessageBytesMax } from '../../../src/model/openclaw-limits.ts';
import { eventually } from '../../support/eventually.ts';
import { invalid, never, raw } from '../../support/openclaw-gateway.ts';
import { watchGateway } from '../../support/openclaw-watch.ts';

const frames: readonly (readonly [string, string | Buffer])[] = [
  ['a page', '<!doctype html><title>OpenClaw Control</title>'],
  ['JSON that is cut off', '{"type":"event","event":"connect.chal'],
  ['another JSON', '[[1, 2], null]'],
  ['nothing', ''],
  ['bytes', Buffer.from([0, 255, 254, 13, 10, 0])],
  ['more than is ever sent', 'x'.repeat(openclawMessageBytesMax + 1)],
  ['JSON that nests without end', '['.repeat(100_000)],
];

describe('a gateway that says', () => {
  test.each(frames)('%s instead of a greeting lets nobody in', async (_, frame) => {
    const { gateway, part } = await watchGateway(['handshake', 'cron']);
    gateway.greeting = 'raw';
    gateway.nonsense = frame;
    expect((await part('handshake'))?.status).toBe('ok');
    expect(await part('handshake')).toMatchObject({ status: 'critical', reason: 'protocol' });
    gateway.greeting = 'hello';
    expect((await part('handshake'))?.summary).toMatch(/^let in by/);
  });

  test.each(frames)('%s instead of an answer is asked again on a new line', async (_, frame) => {
    const { gateway, look } = await watchGateway(['handshake', 'cron', 'lanes']);
    gateway.nonsense = frame;
    gateway.calls.set('cron.status', raw);
    const result = await look();
    expect(result.status).not.toBe('critical');
    await eventually(() => gateway.connections().open === 0, 'nobody listens to that line');
    gateway.calls.set('cron.status', { enabled: true, jobs: 3, nextWakeAtMs: Date.now() + 60_000 });
    expect((await look()).status).toBe('ok');
    expect(gateway.connections().open).toBe(1);
  });

  test.each([
    ['a number', 7],
    ['a list', []],
    ['nothing', null],
    ['other keys', { what: { ever: [1] } }],
    ['other types', { channelAccounts: 'x', enabled: 'yes', jobs: 'many', events: 7, lanes: {} }],
  ])('%s as the answer to each question is no crash and no outage', async (_, payload) => {
    const { gateway, look } = await watchGateway([
      'handshake',
      'ticks',
      'channels',
      'cron',
      'cron_runs',
      'plugins',
      'lanes',
      'tasks',
      'stability',
    ]);
    for (const name of gateway.calls.keys()) gateway.calls.set(name, payload);
    expect((await look()).status).toBe('ok');
  });

  test('another protocol is asked no more than that, and is well', async () => {
    const { gateway, part } = await watchGateway(['handshake', 'cron']);
    gateway.greeting = 'another protocol';
    expect(await part('handshake')).toMatchObject({
      status: 'ok',
      summary: expect.stringContaining('speaks another protocol'),
    });
  });

  test('that it knows a question by other parameters has another version', async () => {
    const { gateway, part } = await watchGateway(['handshake', 'tasks']);
    gateway.calls.set('tasks.list', invalid);
    expect(await part('tasks')).toMatchObject({
      status: 'ok',
      summary: 'this version does not offer tasks.list in the way it is asked',
    });
  });
});

describe('a question that never gets an answer', () => {
  test.each([
    ['channels.status', 'channels'],
    ['cron.status', 'cron'],
    ['cron.runs', 'cron_runs'],
    ['status', 'plugins'],
    ['diagnostics.lanes', 'lanes'],
    ['tasks.list', 'tasks'],
  ] as const)('%s makes one part critical, and keeps no other waiting', async (call, name) => {
    const { gateway, look } = await watchGateway();
    gateway.calls.set(call, never);
    await look();
    const { findings = [] } = await look();
    expect(findings.filter(({ status }) => status !== 'ok')).toMatchObject([
      { part: name, status: 'critical', reason: 'timeout' },
    ]);
  });

  test.each(['/health', '/startupz', '/readyz'])('%s is no crash either', async (path) => {
    const { gateway, look } = await watchGateway(['health', 'startup', 'readiness', 'cron_jobs']);
    gateway.answer(path, 'silence');
    expect((await look()).status).toBe('ok');
  });
});

test.each([
  ['a page', '<!doctype html>'],
  ['JSON that is cut off', '{"ok":true,"sta'],
  ['a number', '7'],
  ['nothing', ''],
  ['much', `{"a":"${'x'.repeat(5_000_000)}"}`],
])('%s for an answer of each probe is not OpenClaw, and no crash', async (_, body) => {
  const { gateway, look } = await watchGateway(['health', 'startup', 'readiness', 'event_loop']);
  for (const path of ['/health', '/startupz', '/readyz'])
    gateway.answer(path, { status: 200, body });
  await look();
  const { findings = [] } = await look();
  expect(findings.filter(({ status }) => status !== 'ok').map(({ part }) => part)).toEqual([
    'health',
  ]);
});
