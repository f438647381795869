import { describe, expect, test } from 'vitest';
import { policy, spec } from '../support/policy.ts';
import { wholeAgent, type WholeAgent } from '../support/whole-agent.ts';

const local = spec({
  name: 'gateway',
  type: 'http',
  target: 'http://127.0.0.1:18789/health',
  schedule: { kind: 'interval', intervalMs: 10_000 },
});

function foundIn(world: WholeAgent): (readonly string[] | undefined)[] {
  return world.deliveries.map(({ notification }) => notification.alerts[0]?.evidence);
}

describe('what was found around a failing check', () => {
  test('is collected at the first failure, once, and told with the alert', async () => {
    let asked = 0;
    const world = wholeAgent([local], {}, undefined, async () => {
      asked += 1;
      return [`most memory: look ${asked}`];
    });
    world.finds('gateway', 'critical');
    await world.advance(120);
    expect(foundIn(world)[0]).toEqual(['most memory: look 1']);
    expect(asked).toBe(1);
    world.finds('gateway', 'ok');
    await world.advance(120);
    world.finds('gateway', 'critical');
    await world.advance(120);
    expect(asked).toBe(2);
    expect(foundIn(world).at(-1)).toEqual(['most memory: look 2']);
  });

  test('is never waited for', async () => {
    const world = wholeAgent([local], {}, undefined, async () => new Promise(() => undefined));
    world.finds('gateway', 'critical');
    await world.advance(120);
    expect(world.deliveries).not.toEqual([]);
    expect(foundIn(world)[0]).toBeUndefined();
  });

  test.each([
    [5, 'within group_wait comes with the first message', ['found late']],
    [30, 'after group_wait leaves the first message without it', undefined],
  ])('that takes %d s %s', async (seconds, _words, evidence) => {
    const atOnce = {
      ...local,
      debounce: policy({ failAfter: { kind: 'consecutive', failures: 1 } }),
    };
    const world: WholeAgent = wholeAgent([atOnce], {}, undefined, async () => {
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      world.clock.after(seconds * 1000, () => resolve(['found late']));
      return promise;
    });
    world.finds('gateway', 'critical');
    // The first message is there once group_wait is over, whatever else takes its time.
    await world.advance(21);
    expect(world.deliveries).toHaveLength(1);
    expect(foundIn(world)).toEqual([evidence]);
  });

  test('is nothing for what is elsewhere, nor when it is switched off', async () => {
    const far = { ...local, target: 'https://example.com/' };
    let asked = 0;
    const collect = async (): Promise<readonly string[]> => [`look ${(asked += 1)}`];
    const outside = wholeAgent([far], {}, undefined, collect);
    outside.finds('gateway', 'critical');
    await outside.advance(120);
    const { agent } = outside.agent.config;
    const off = wholeAgent([local], { agent: { ...agent, evidence: false } }, undefined, collect);
    off.finds('gateway', 'critical');
    await off.advance(120);
    expect(off.deliveries).toHaveLength(1);
    expect(asked).toBe(0);
  });
});
