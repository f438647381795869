import { expect, test } from 'vitest';
import { agentSnapshot } from '../../../src/app/view/snapshot.ts';
import type { ReceiverSpec } from '../../../src/model/route.ts';
import { AgentWorld } from '../../support/agent-world.ts';
import { spec } from '../../support/policy.ts';
import { receiver, route } from '../../support/routes.ts';
import { worldConfig } from '../../support/world-config.ts';

const minute = 60_000;

function worldOf(receivers: readonly ReceiverSpec[]): AgentWorld {
  const checks = ['a', 'b', 'c'].map((name) => spec({ name, target: name }));
  const groups = { groupBy: ['alertname'], groupWaitMs: 0, groupIntervalMs: minute };
  return new AgentWorld(
    worldConfig({ checks, route: route({ receiver: 'team', ...groups }), receivers }),
  );
}

const allFail = (world: AgentWorld): void => {
  for (const name of world.truth.keys()) world.truth.set(name, 'critical');
};

test('a receiver whose rate limit is reached is no broken receiver', async () => {
  const world = worldOf([{ ...receiver('team'), rateLimit: { count: 1, perMs: 60 * minute } }]);
  await world.advance(minute);
  allFail(world);
  await world.advance(20 * minute);
  expect(world.arrivals).toHaveLength(1);
  expect(world.agent.health().problems).toEqual([]);
  expect(await exposed(world)).toContain(
    'tocsin_notifications_suppressed_total{reason="rate_limit"} 2',
  );
});

test('a receiver that takes nothing is reported, although its fallback has told everything', async () => {
  const world = worldOf([
    { ...receiver('team'), fallback: { receiver: 'mail', afterMs: minute } },
    receiver('mail'),
  ]);
  await world.advance(minute);
  world.answers.set('team', { kind: 'passing', reason: 'connect', detail: 'refused' });
  allFail(world);
  await world.advance(10 * minute);
  expect(world.arrivals.map(({ delivery }) => delivery.receiver)).toEqual(['mail', 'mail', 'mail']);
  expect(world.agent.health().problems.map(({ summary }) => summary)).toEqual([
    expect.stringMatching(
      /^receiver team \(webhook\) takes no messages, 3 waiting for .*: refused$/,
    ),
  ]);
});

test('since when a receiver fails is known after a restart', async () => {
  const world = worldOf([
    { ...receiver('team'), fallback: { receiver: 'mail', afterMs: 10 * minute } },
    receiver('mail'),
  ]);
  await world.advance(minute);
  world.answers.set('team', { kind: 'passing', reason: 'connect', detail: 'refused' });
  world.truth.set('a', 'critical');
  await world.advance(5 * minute);
  await world.restart(minute);
  await world.advance(6 * minute);
  const [first] = world.arrivals;
  expect(first?.delivery.notification.remarks).toEqual([
    expect.stringMatching(
      /^Sent through mail: team \(webhook\) could not be reached since 12:01 UTC/,
    ),
  ]);
});

const exposed = (world: AgentWorld): Promise<string> =>
  world.metrics.expose(agentSnapshot(world.agent, true, 0));
