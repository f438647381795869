import { describe, expect, test } from 'vitest';
import { alertStatus } from '../../src/model/alert.ts';
import type { Config } from '../../src/model/config.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import type { WallMs } from '../../src/model/time.ts';
import { policy, spec } from '../support/policy.ts';
import { equal, receiver, route, webhook } from '../support/routes.ts';
import { wholeAgent, type WholeAgent } from '../support/whole-agent.ts';

/*
 * Faults that other programs for this purpose have or had, each by the name that
 * people gave it, through the whole agent.
 */

const check = (name: string, changes: Parameters<typeof spec>[0] = {}) =>
  spec({ name, target: name, schedule: { kind: 'interval', intervalMs: 10_000 }, ...changes });

function summary({ notification }: Delivery): string {
  const alerts = notification.alerts.map(
    (one) => `${alertStatus(one) === 'firing' ? '+' : '-'}${one.labels['check']}`,
  );
  return alerts.join(' ');
}

const told = (world: WholeAgent): string[] => world.deliveries.map(summary);

function silenceAll(world: WholeAgent, seconds: number): void {
  const { wallMs } = world.clock.now();
  world.agent.pipeline.silences.put({
    matchers: [equal('host', 'web-1')],
    startsAt: wallMs,
    endsAt: (wallMs + seconds * 1000) as WallMs,
    createdBy: 'me',
    comment: 'maintenance',
  });
}

describe('a resolve is lost in a maintenance window', () => {
  test('not in one that is a silence, nor while the process restarts in it', async () => {
    const world = wholeAgent([check('a')]);
    world.finds('a', 'critical');
    await world.advance(30);
    silenceAll(world, 3600);
    world.kill();
    world.finds('a', 'ok');
    await world.advance(120);
    expect(told(world)).toEqual(['+a', '-a']);
  });

  test('not in one that is a time interval', async () => {
    const world = wholeAgent([check('a')]);
    world.finds('a', 'critical');
    await world.advance(30);
    const always = { name: 'night', contains: () => true };
    world.reload({ route: route({ groupBy: ['host'], muteTimeIntervals: [always] }) });
    world.finds('a', 'ok');
    await world.advance(120);
    expect(told(world)).toEqual(['+a', '-a']);
  });

  test('not when the check depends on one that fails by then', async () => {
    const world = wholeAgent([check('uplink'), check('a', { dependsOn: ['uplink'] })]);
    world.finds('a', 'critical');
    await world.advance(30);
    world.finds('uplink', 'critical');
    await world.advance(60);
    world.finds('a', 'ok');
    await world.advance(120);
    expect(told(world)).toEqual(['+a', '+uplink', '+uplink -a']);
  });
});

test('a resolve is dropped after a failed send: it waits, also over a restart', async () => {
  const world = wholeAgent([check('a')]);
  world.finds('a', 'critical');
  await world.advance(30);
  world.network = false;
  world.finds('a', 'ok');
  await world.advance(1800);
  world.kill();
  await world.advance(600);
  world.network = true;
  await world.advance(600);
  expect(told(world)).toEqual(['+a', '-a']);
});

test('a second failure is silent while the first lasts: it is told', async () => {
  const world = wholeAgent([check('a'), check('b')]);
  world.finds('a', 'critical');
  await world.advance(100);
  world.finds('b', 'critical');
  await world.advance(100);
  expect(told(world)).toEqual(['+a', '+a +b']);
  world.finds('a', 'ok');
  await world.advance(100);
  expect(told(world).at(-1)).toBe('+b -a');
});

test('a message is marked as sent before it was sent: it is sent after the crash', async () => {
  const world = wholeAgent([check('a')]);
  world.network = false;
  world.finds('a', 'critical');
  await world.advance(30);
  world.kill();
  world.network = true;
  await world.advance(400);
  expect(told(world)).toEqual(['+a']);
});

test('a reload stops watching: checks go on, and what fires is neither repeated nor forgotten', async () => {
  const world = wholeAgent([check('a'), check('b')]);
  world.finds('a', 'critical');
  await world.advance(30);
  const changed: Partial<Config>[] = [
    {},
    { checks: [check('a', { annotations: { summary: 'other' } }), check('b')] },
    { checks: [check('a', { debounce: policy({ recoverAfter: 2 }) }), check('b')] },
    { route: route({ groupBy: ['alertname'] }) },
  ];
  for (const change of changed) {
    world.reload(change);
    const before = world.runs.get('b') ?? 0;
    await world.advance(100);
    expect((world.runs.get('b') ?? 0) - before).toBeGreaterThanOrEqual(9);
  }
  expect(told(world)).toEqual(['+a']);
  world.finds('b', 'critical');
  world.finds('a', 'ok');
  await world.advance(120);
  expect(told(world).toSorted()).toEqual(['+a', '+b', '-a']);
});

test('a message is sent while state is held: one that hangs holds up no check and no save', async () => {
  const world = wholeAgent([check('a'), check('b')]);
  const { agent } = world;
  const waits: (() => void)[] = [];
  const send = agent.send;
  Object.assign(agent, {
    send: async (...call: Parameters<typeof send>) => {
      await new Promise<void>((resolve) => waits.push(resolve));
      return send(...call);
    },
  });
  world.finds('a', 'critical');
  await world.advance(30);
  expect(waits.length).toBeGreaterThan(0);
  const before = world.runs.get('b') ?? 0;
  await world.advance(9);
  world.finds('b', 'critical');
  await world.advance(60);
  expect((world.runs.get('b') ?? 0) - before).toBeGreaterThanOrEqual(6);
  expect(agent.pipeline.track('b').state.phase).toBe('firing');
  // What was decided meanwhile is on disk: the next process tells it without asking the checks again.
  world.kill();
  world.finds('a', 'unknown');
  world.finds('b', 'unknown');
  await world.advance(400);
  expect(told(world).join(' ')).toContain('+b');
});

test('#3407 a reload keeps the timers of groups', async () => {
  const world = wholeAgent([check('a'), check('b')], { route: route({ groupBy: [] }) });
  world.finds('a', 'critical');
  await world.advance(60);
  world.finds('b', 'critical');
  const times: number[] = [];
  for (let second = 0; second < 90; second += 10) {
    world.reload({});
    await world.advance(10);
    if (world.deliveries.length === 2) times.push(second);
  }
  expect(told(world)).toEqual(['+a', '+a +b']);
  // Told first within ten seconds and group_wait, looked at every minute since.
  expect(times[0]).toBeLessThanOrEqual(40);
});

describe('#2229 the target is told a moment before its source fires', () => {
  const rules = {
    route: route({ groupBy: ['...'], groupWaitMs: 0, groupIntervalMs: 300_000 }),
    inhibitRules: [
      {
        sourceMatchers: [equal('alertname', 'host')],
        targetMatchers: [equal('alertname', 'service')],
        equal: [],
      },
    ],
  };
  const slow = policy({ failAfter: { kind: 'consecutive', failures: 3 } });
  const checks = [check('service'), check('host', { debounce: slow })];

  test('not while the source is about to fire', async () => {
    const world = wholeAgent(checks, rules);
    world.finds('host', 'critical');
    await world.advance(11);
    world.finds('service', 'critical');
    await world.advance(400);
    expect(told(world)).toEqual(['+host']);
  });

  test('it is told as soon as the source turns out to be sound', async () => {
    const world = wholeAgent(checks, rules);
    await world.advance(11);
    world.finds('host', 'critical');
    world.finds('service', 'critical');
    await world.advance(15);
    expect(told(world)).toEqual([]);
    world.finds('host', 'ok');
    await world.advance(15);
    expect(told(world)).toEqual(['+service']);
  });

  test('it does not wait long for a source that cannot decide', async () => {
    const never = check('host', { debounce: policy({ forMs: 3_600_000 }) });
    const world = wholeAgent([check('service'), never], rules);
    world.finds('host', 'critical');
    world.finds('service', 'critical');
    await world.advance(90);
    expect(told(world)).toEqual(['+service']);
  });
});

describe('two groups that a reload made out of one share an incident', () => {
  test('only the last end closes it', async () => {
    const pager = webhook({ integration: 'pagerduty' });
    const together = { route: route({ groupBy: [] }), receivers: [receiver('team', pager)] };
    const world = wholeAgent([check('a'), check('b')], together);
    world.finds('a', 'critical');
    world.finds('b', 'critical');
    await world.advance(60);
    world.reload({ route: route({ groupBy: ['alertname'] }) });
    world.finds('a', 'ok');
    await world.advance(120);
    world.finds('b', 'ok');
    await world.advance(120);
    const [opened] = world.deliveries;
    expect(
      world.deliveries.map((one) => [
        summary(one),
        one.notification.status,
        one.dedupKey === opened?.dedupKey,
      ]),
    ).toEqual([
      ['+a +b', 'firing', true],
      ['-a', 'firing', true],
      ['-b', 'resolved', true],
    ]);
  });

  test('what is silenced but told keeps it open', async () => {
    const pager = webhook({ integration: 'pagerduty' });
    const together = { route: route({ groupBy: [] }), receivers: [receiver('team', pager)] };
    const world = wholeAgent([check('a'), check('b')], together);
    world.finds('a', 'critical');
    world.finds('b', 'critical');
    await world.advance(60);
    silenceAll(world, 3600);
    world.finds('a', 'ok');
    await world.advance(120);
    world.finds('b', 'ok');
    await world.advance(120);
    expect(world.deliveries.map((one) => [summary(one), one.notification.status])).toEqual([
      ['+a +b', 'firing'],
      ['-a', 'firing'],
      ['-b', 'resolved'],
    ]);
  });

  test('one incident an alert: a silenced severity does not leave it open for ever', async () => {
    const pager = webhook({ integration: 'pagerduty', splitsAlerts: true });
    const each = { route: route({ groupBy: ['...'] }), receivers: [receiver('team', pager)] };
    const world = wholeAgent([check('a')], each);
    world.finds('a', 'warning');
    await world.advance(60);
    const { wallMs } = world.clock.now();
    world.agent.pipeline.silences.put({
      matchers: [equal('severity', 'critical')],
      startsAt: wallMs,
      endsAt: (wallMs + 3_600_000) as WallMs,
      createdBy: 'me',
      comment: '',
    });
    world.finds('a', 'critical');
    await world.advance(120);
    world.finds('a', 'ok');
    await world.advance(180);
    expect(world.deliveries.map(({ notification }) => notification.status)).toEqual([
      'firing',
      'resolved',
    ]);
  });
});
