import { describe, expect, test } from 'vitest';
import type { CheckSpec, DebouncePolicy } from '../../src/model/check.ts';
import { policy, spec } from '../support/policy.ts';
import { wholeAgent, type WholeAgent } from '../support/whole-agent.ts';

/** One run each ten seconds, told at once. */
function watched(debounce: Partial<DebouncePolicy>, changes: Partial<CheckSpec> = {}): WholeAgent {
  const check = spec({
    schedule: { kind: 'interval', intervalMs: 10_000 },
    debounce: policy(debounce),
    ...changes,
  });
  const agent = wholeAgent([check]);
  const { route } = agent.agent.config;
  agent.reload({ route: { ...route, groupWaitMs: 0, groupIntervalMs: 1000 } });
  return agent;
}

/**
 * Lets the check find these, one a run: `f` fails, `u` cannot look, anything else is a success. Gives where
 * in the row it was told: `!` of a failure, `.` of its end, `-` nothing.
 */
async function told(agent: WholeAgent, findings: string): Promise<string> {
  let marks = '';
  for (const letter of findings) {
    agent.finds('gateway', letter === 'f' ? 'critical' : letter === 'u' ? 'unknown' : 'ok');
    await agent.advance(10);
    const lines = agent.told();
    marks += lines.length === 0 ? '-' : lines.join().includes('✅') ? '.' : '!';
  }
  return marks;
}

const inARow = (failures: number) => ({ kind: 'consecutive', failures }) as const;
const window = (failures: number, of: number) => ({ kind: 'window', failures, of }) as const;

describe('people are told', () => {
  test.each<[string, Partial<DebouncePolicy>, string, string]>([
    ['after fail_after failures in a row', { failAfter: inARow(3) }, 'ffsfff', '-----!'],
    ['after m of the last n', { failAfter: window(3, 5) }, 'fsfsf', '----!'],
    ['not by fewer than m of the last n', { failAfter: window(3, 5) }, 'ffsssfsf', '--------'],
    ['when it has failed for long enough', { forMs: 30_000 }, 'fffff', '---!-'],
    ['again for, from the first failure on', { forMs: 30_000 }, 'ffsffff', '------!'],
    ['of the end after recover_after', { recoverAfter: 3 }, 'fssfsss', '!-----.'],
    ['of the end once it was sound for long', { keepFiringForMs: 30_000 }, 'fsssss', '!---.-'],
    ['nothing by unknown', { failAfter: inARow(2), recoverAfter: 2 }, 'uufufusus', '----!---.'],
    ['nothing of the end by unknown', { recoverAfter: 2 }, 'fuuuuuuuu', '!--------'],
  ])('%s', async (_, debounce, findings, marks) => {
    expect(await told(watched(debounce), findings)).toBe(marks);
  });

  test('of a target that is up although it should be down, and not of one that is down', async () => {
    const agent = watched({ failAfter: inARow(2) }, { expect: 'down' });
    expect(await told(agent, 'fffff')).toBe('-----');
    expect(await told(agent, 'sss')).toBe('-!-');
    expect(agent.deliveries[0]?.notification.alerts[0]?.annotations['description']).toBe(
      'up, but should be down: fine',
    );
    expect(await told(agent, 'uuu')).toBe('---');
    expect(await told(agent, 'f')).toBe('.');
  });

  test('by a warning at its own severity, and again when it turns critical', async () => {
    const agent = watched({ failAfter: inARow(2) });
    agent.finds('gateway', 'warning');
    await agent.advance(30);
    expect(agent.told()).toEqual([expect.stringContaining('🟠 gateway is in warning')]);
    agent.finds('gateway', 'critical');
    await agent.advance(10);
    expect(agent.told()).toEqual([]);
    await agent.advance(10);
    expect(agent.told().join()).toContain('now critical, was warning');
  });
});

describe('retry_interval', () => {
  test('runs a check sooner while it is neither clearly up nor down, and then as ever', async () => {
    const agent = watched(
      { failAfter: inARow(3), recoverAfter: 3, retryIntervalMs: 1000 },
      { schedule: { kind: 'interval', intervalMs: 60_000 } },
    );
    const runsIn = async (seconds: number): Promise<number> => {
      const before = agent.runs.get('gateway') ?? 0;
      await agent.advance(seconds);
      return (agent.runs.get('gateway') ?? 0) - before;
    };
    await runsIn(60);
    expect(await runsIn(300)).toBe(5);
    agent.finds('gateway', 'critical');
    // Two more runs decide, a second apart.
    expect(await runsIn(120)).toBe(2 + 2);
    expect(agent.told()).toHaveLength(1);
    agent.finds('gateway', 'ok');
    expect(await runsIn(120)).toBe(2 + 2);
    expect(agent.told()).toHaveLength(1);
  });

  test('does not hurry what cannot look, nor what fires', async () => {
    const agent = watched({ retryIntervalMs: 1000 });
    for (const status of ['unknown', 'critical'] as const) {
      agent.finds('gateway', status);
      await agent.advance(10);
      const before = agent.runs.get('gateway') ?? 0;
      await agent.advance(100);
      expect((agent.runs.get('gateway') ?? 0) - before).toBe(10);
    }
  });
});
