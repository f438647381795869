import { describe, expect, test } from 'vitest';
import type { SilenceRequest } from '../../src/model/silence.ts';
import type { WallMs } from '../../src/model/time.ts';
import { spec } from '../support/policy.ts';
import { equal, receiver, route, webhook } from '../support/routes.ts';
import { wholeAgent, type WholeAgent } from '../support/whole-agent.ts';

/*
 * What people do while something fires: silences and acknowledgements, through the whole agent, over
 * restarts without a word and reloads.
 */

const check = (name: string, severity: 'critical' | 'warning' = 'critical') =>
  spec({ name, target: name, severity, schedule: { kind: 'interval', intervalMs: 10_000 } });

function silence(world: WholeAgent, changes: Partial<SilenceRequest> = {}): string {
  const { wallMs } = world.clock.now();
  const answer = world.agent.pipeline.silences.put({
    matchers: [equal('alertname', 'a')],
    startsAt: wallMs,
    endsAt: (wallMs + 3_600_000) as WallMs,
    createdBy: 'me',
    comment: 'deploy',
    ...changes,
  });
  if (answer.kind !== 'kept') throw new Error(JSON.stringify(answer));
  return answer.id;
}

describe('a silence', () => {
  test('keeps an alert back across a kill and a reload, and shows in the views', async () => {
    const world = wholeAgent([check('a'), check('b')]);
    const id = silence(world);
    world.kill();
    world.finds('a', 'critical');
    world.finds('b', 'critical');
    await world.advance(60);
    world.reload({});
    world.kill();
    await world.advance(60);
    expect(world.told().join()).toMatch(/^\d+s 🔴 b is down/);
    expect(world.deliveries.flatMap((one) => one.notification.alerts)).toHaveLength(1);
    const views = world.agent.pipeline.alerts();
    expect(
      views.map(({ alert, state, silencedBy }) => [alert.labels['check'], state, silencedBy]),
    ).toEqual(
      expect.arrayContaining([
        ['a', 'suppressed', [id]],
        ['b', 'active', []],
      ]),
    );
    expect(world.log.join('\n')).toContain(`reason=silence by=${id}`);
    world.agent.pipeline.silences.expire(id);
    world.kill();
    await world.advance(120);
    expect(world.deliveries.at(-1)?.notification.alerts).toHaveLength(2);
  });

  test('never swallows the end of what was told', async () => {
    const world = wholeAgent([check('a')]);
    world.finds('a', 'critical');
    await world.advance(60);
    silence(world);
    world.finds('a', 'ok');
    await world.advance(120);
    expect(world.deliveries.map(({ notification }) => notification.status)).toEqual([
      'firing',
      'resolved',
    ]);
  });

  test('until all is well ends with the first look that finds it so, not before', async () => {
    const world = wholeAgent([check('a'), check('b')]);
    await world.advance(15);
    world.finds('a', 'critical');
    await world.advance(30);
    const id = silence(world, { untilOk: true });
    const isActive = () =>
      world.agent.pipeline.silences
        .list()
        .some((one) => one.id === id && one.endsAt > world.clock.now().wallMs);
    await world.advance(300);
    expect(isActive()).toBe(true);
    world.kill();
    await world.advance(5);
    expect(isActive()).toBe(true);
    world.finds('a', 'ok');
    await world.advance(60);
    expect(isActive()).toBe(false);
    world.finds('a', 'critical');
    await world.advance(100);
    expect(world.deliveries.at(-1)?.notification.status).toBe('firing');
  });

  test('until all is well waits for a look, though nothing fires yet', async () => {
    const world = wholeAgent([check('a')]);
    await world.advance(15);
    const id = silence(world, { untilOk: true });
    expect(world.agent.pipeline.silences.matching({ alertname: 'a' }, world.clock.now())).toEqual([
      id,
    ]);
    await world.advance(10);
    expect(world.agent.pipeline.silences.matching({ alertname: 'a' }, world.clock.now())).toEqual(
      [],
    );
  });
});

describe('an acknowledgement', () => {
  const often = {
    route: route({
      groupBy: ['host'],
      repeatIntervalMs: 60_000,
      escalate: [{ afterMs: 300_000, receiver: 'oncall' }],
    }),
    receivers: [receiver('team', webhook({ tellsAcknowledgement: true })), receiver('oncall')],
  };

  test('is told, and stops reminders and escalation across kills and reloads; the end is told', async () => {
    const world = wholeAgent([check('a')], often);
    world.finds('a', 'critical');
    await world.advance(30);
    const ack = { alert: 'a', by: 'me', comment: 'on it' };
    expect(world.agent.pipeline.acknowledge(ack)).toBe('acknowledged');
    await world.advance(1);
    world.kill();
    await world.advance(1000);
    world.reload({});
    await world.advance(1000);
    expect(world.deliveries.map(({ notification }) => notification.reason)).toEqual([
      'first notification',
      'acknowledged',
    ]);
    expect(world.agent.pipeline.alerts()[0]?.acknowledgement).toMatchObject({ by: 'me' });
    world.finds('a', 'ok');
    await world.advance(120);
    expect(world.deliveries.at(-1)?.notification.reason).toBe('all alerts resolved');
    world.finds('a', 'critical');
    await world.advance(400);
    const reasons = world.deliveries.slice(3).map(({ notification }) => notification.reason);
    expect(reasons.slice(0, 2)).toEqual(['first notification', 'repeat interval elapsed']);
    expect(reasons).toContain('escalated');
  });

  test('ends when the alert becomes worse, and goes along when it becomes better', async () => {
    const world = wholeAgent([check('a')], often);
    world.finds('a', 'warning');
    await world.advance(60);
    world.agent.pipeline.acknowledge({ alert: 'a', by: 'me', comment: '' });
    world.finds('a', 'critical');
    await world.advance(60);
    expect(world.agent.pipeline.alerts()[0]?.acknowledgement).toBeUndefined();
    const [{ alert } = { alert: undefined }] = world.agent.pipeline.alerts();
    world.agent.pipeline.acknowledge({ alert: alert?.fingerprint ?? '', by: 'you', comment: '' });
    world.finds('a', 'warning');
    await world.advance(60);
    expect(world.agent.pipeline.alerts()[0]).toMatchObject({
      alert: { labels: { severity: 'warning' } },
      acknowledgement: { by: 'you' },
    });
  });

  test('needs something that fires', () => {
    const world = wholeAgent([check('a')]);
    const ask = (alert: string) =>
      world.agent.pipeline.acknowledge({ alert, by: 'me', comment: '' });
    expect([ask('a'), ask('nobody')]).toEqual(['not firing', 'unknown']);
  });
});
