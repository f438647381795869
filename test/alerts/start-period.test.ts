import { describe, expect, test } from 'vitest';
import { notOk, ok } from '../../src/model/result.ts';
import { policy, spec } from '../support/policy.ts';
import { wholeAgent, type WholeAgent } from '../support/whole-agent.ts';

const check = spec({
  startPeriodMs: 40_000,
  schedule: { kind: 'interval', intervalMs: 5000 },
  debounce: policy({ failAfter: { kind: 'consecutive', failures: 2 } }),
});

/** What is watched fails or not, this long after it was started; advances as far. */
async function find(agent: WholeAgent, fails: boolean, ages: readonly number[]): Promise<void> {
  for (const age of ages) {
    const extras = { subjectAgeMs: age * 1000 };
    agent.finds(
      'gateway',
      fails ? notOk('critical', 'missing', 'gone', extras) : ok('fine', extras),
    );
    await agent.advance(5);
  }
}

const phase = (agent: WholeAgent): string => agent.agent.pipeline.track('gateway').state.phase;
const from = (first: number, last: number): number[] =>
  Array.from({ length: (last - first) / 5 + 1 }, (_, index) => first + 5 * index);

describe('start_period', () => {
  test('failures right after the agent started do not count, until the first success', async () => {
    const agent = wholeAgent([check]);
    agent.finds('gateway', 'critical');
    await agent.advance(39);
    expect(phase(agent)).toBe('inactive');
    expect(agent.agent.pipeline.track('gateway').rule).toContain('start_period');
    await agent.advance(15);
    expect(phase(agent)).toBe('firing');
    const early = wholeAgent([check]);
    await early.advance(6);
    early.finds('gateway', 'critical');
    await early.advance(14);
    expect(phase(early)).toBe('firing');
  });

  test('a check that a reload adds has one of its own', async () => {
    const agent = wholeAgent([]);
    await agent.advance(600);
    agent.finds('gateway', 'critical');
    agent.reload({ checks: [check] });
    await agent.advance(39);
    expect(phase(agent)).toBe('inactive');
    await agent.advance(15);
    expect(phase(agent)).toBe('firing');
  });

  test('failures right after the watched unit started do not count either', async () => {
    const agent = wholeAgent([check]);
    await find(agent, false, from(1000, 1100));
    await find(agent, true, from(1, 36));
    expect(phase(agent)).toBe('inactive');
    await find(agent, false, from(41, 61));
    await find(agent, true, from(66, 76));
    expect(phase(agent)).toBe('firing');
  });

  test('what keeps ending and starting gets one start period, not one for each start', async () => {
    const agent = wholeAgent([check]);
    await find(agent, false, from(1000, 1100));
    for (let round = 0; round < 4; round += 1) await find(agent, true, [1, 6, 11]);
    expect(phase(agent)).toBe('firing');
    await agent.advance(15);
    expect(agent.told()).toEqual([expect.stringContaining('gateway is down')]);
  });

  test('an alert that fires already is neither ended nor kept from ending by a new start', async () => {
    const agent = wholeAgent([check]);
    await find(agent, false, from(1000, 1100));
    await find(agent, true, from(1105, 1130));
    expect(phase(agent)).toBe('firing');
    await find(agent, true, from(1, 16));
    expect(phase(agent)).toBe('firing');
    await find(agent, false, from(21, 31));
    expect(phase(agent)).toBe('inactive');
  });
});
