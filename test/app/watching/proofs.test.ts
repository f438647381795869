import { expect, test } from 'vitest';
import type { ReceiverSpec } from '../../../src/model/route.ts';
import { receiverKey } from '../../../src/notify/place.ts';
import { AgentWorld } from '../../support/agent-world.ts';
import { receiver, route, webhook } from '../../support/routes.ts';
import { worldConfig } from '../../support/world-config.ts';

const minute = 60_000;
const week = 7 * 24 * 60 * minute;

const proved = (changes: Partial<ReceiverSpec> = {}): ReceiverSpec => ({
  ...receiver('team'),
  proof: { kind: 'interval', intervalMs: week },
  ...changes,
});

const worldOf = (...receivers: readonly ReceiverSpec[]): AgentWorld =>
  new AgentWorld(worldConfig({ checks: [], route: route({ receiver: 'team' }), receivers }));

const reasons = ({ arrivals }: AgentWorld): string[] =>
  arrivals.map(
    ({ delivery }) =>
      `${delivery.receiver} ${delivery.notification.reason} ${delivery.notification.status}`,
  );

test('a receiver is sent a marked test at once and then every so often, over restarts', async () => {
  const world = worldOf(proved());
  await world.advance(minute);
  expect(reasons(world)).toEqual(['team test firing']);
  await world.restart(60 * minute);
  await world.clock.advance(week - 62 * minute);
  expect(reasons(world)).toHaveLength(1);
  await world.clock.advance(2 * minute);
  expect(reasons(world)).toHaveLength(2);
});

test('when it last took a test is a metric, and survives a restart', async () => {
  const world = worldOf(proved());
  await world.advance(minute);
  const key = receiverKey({ receiver: 'team', integration: 'webhook', index: 0 });
  const before = world.agent.receivers.get(key);
  expect(before.lastProofAt).toBe(Date.UTC(2025, 0, 15, 12));
  await world.restart(minute);
  expect(world.agent.receivers.get(key)).toEqual(before);
  const [snapshot] = world.agent.receivers.snapshot(
    world.agent.config.receivers,
    [],
    world.clock.now(),
  );
  expect(snapshot).toMatchObject({
    lastProofAt: before.lastProofAt,
    lastSuccessAt: before.lastSuccessAt,
  });
});

test('a cron schedule sends it when it strikes', async () => {
  const world = worldOf(proved({ proof: { kind: 'cron', expression: '0 9 * * 1' } }));
  await world.advance(minute);
  expect(reasons(world)).toEqual([]);
  world.crons[0]?.onDue();
  await world.advance(1000);
  expect(reasons(world)).toEqual(['team test firing']);
});

test('an incident that a test has opened is closed again', async () => {
  const world = worldOf(proved({ integrations: [webhook({ integration: 'pagerduty' })] }));
  await world.advance(minute);
  expect(reasons(world)).toEqual(['team test firing', 'team test resolved']);
});

test('a test that is not taken is reported through the others, and not tried for ever', async () => {
  const world = worldOf(proved(), receiver('others'));
  world.answers.set('team', { kind: 'passing', reason: 'connect', detail: 'refused' });
  await world.advance(4 * minute);
  expect(reasons(world)).toEqual([]);
  await world.advance(2 * minute);
  expect(reasons(world)).toEqual(['others report firing']);
  world.answers.clear();
  await world.clock.advance(60 * minute);
  expect(reasons(world)).toHaveLength(1);
});

test('a reload that takes the key away ends the tests', async () => {
  const world = worldOf(proved());
  await world.advance(minute);
  world.reload({ ...world.agent.config, receivers: [receiver('team')] });
  await world.clock.advance(2 * week);
  expect(reasons(world)).toHaveLength(1);
});
