import { expect, test } from 'vitest';
import type { WallMs } from '../../src/model/time.ts';
import { AgentWorld } from '../support/agent-world.ts';
import { equal, receiver, route } from '../support/routes.ts';
import { worldConfig } from '../support/world-config.ts';

test('a silence that cannot be written down says so, and is written down once it can be', async () => {
  const world = new AgentWorld(
    worldConfig({ checks: [], route: route(), receivers: [receiver('team')] }),
  );
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
  world.diskFault = ({ commit }) => (commit === undefined ? undefined : full);
  const { wallMs } = world.clock.now();
  const request = {
    matchers: [equal('alertname', 'a')],
    startsAt: wallMs,
    endsAt: (wallMs + 3_600_000) as WallMs,
    createdBy: 'me',
    comment: 'deploy',
  };
  expect(world.agent.pipeline.silences.put(request)).toMatchObject({ kind: 'kept', unsaved: true });
  world.diskFault = () => undefined;
  await world.advance(10_000);
  await world.restart();
  expect(world.agent.pipeline.silences.list()).toHaveLength(1);
  expect(world.agent.pipeline.silences.put(request)).not.toHaveProperty('unsaved');
});
