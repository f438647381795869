import { describe, expect, test } from 'vitest';
import { policy, spec } from '../support/policy.ts';
import { textsOf, wholeAgent, type WholeAgent } from '../support/whole-agent.ts';

const flap = { window: 10, high: 0.6, low: 0.25 };
const gateway = spec({
  schedule: { kind: 'interval', intervalMs: 10_000 },
  debounce: policy({ recoverAfter: 2, flap }),
});

/** Lets the check find these, one a run: `f` a failure, `w` a warning, anything else a success. */
async function live(agent: WholeAgent, findings: string): Promise<void> {
  for (const letter of findings) {
    const status = letter === 'f' ? 'critical' : letter === 'w' ? 'warning' : 'ok';
    agent.finds('gateway', status);
    await agent.advance(10);
  }
}

/** A check that has begun to flap, which has been told. */
async function flapping(): Promise<WholeAgent> {
  const agent = wholeAgent([gateway]);
  await live(agent, 'sfsfsfsfss');
  expect(agent.told()).toEqual([
    '21s 🔴 gateway is down on web-1',
    '81s 🔴 gateway is flapping on web-1',
  ]);
  return agent;
}

const heldBack = 'tocsin_notifications_suppressed_total{reason="flapping"}';

describe('a check that flaps', () => {
  test('is told once, and then nothing until it has settled as up', async () => {
    const agent = await flapping();
    await live(agent, 'ffsfsfssffsfss');
    expect(agent.told()).toEqual([]);
    await live(agent, 'sssssssssssss');
    expect(agent.told()).toEqual(['321s ✅ gateway is back on web-1 after 4m 40s']);
    expect(agent.deliveries.at(-1)).toSatisfy(
      (last) => textsOf(last)[0] === 'stopped flapping and is up: fine',
    );
  });

  test('that settles as down is told once more, and its end once', async () => {
    const agent = await flapping();
    await live(agent, 'ffffffffffffffff');
    expect(agent.told()).toEqual(['201s 🔴 gateway is down on web-1']);
    expect(textsOf(agent.deliveries.at(-1) ?? never())).toEqual([
      'stopped flapping and is down: it is critical',
    ]);
    await live(agent, 'ssssssss');
    expect(agent.told()).toHaveLength(1);
  });

  test('is not repeated however long it lasts', async () => {
    const agent = await flapping();
    for (let round = 0; round < 900; round += 1) await live(agent, 'sf');
    expect(agent.agent.pipeline.track('gateway').state.flapping).toBe(true);
    expect(agent.told()).toEqual([]);
  });

  test('what was not told is counted, logged and explained', async () => {
    const agent = await flapping();
    expect(await agent.metric(heldBack)).toBe(1);
    await live(agent, 'fsfssf');
    expect(await agent.metric(heldBack)).toBe(4);
    const lines = agent.log.filter((line) => line.includes('reason=flapping'));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('notification suppressed check=gateway receiver=team');
    expect(agent.agent.pipeline.track('gateway').rule).toMatch(
      /^flapping: \d+% of recent results changed.*; 4 messages held back \(flapping\)$/,
    );
  });

  test('keeps its severity while it flaps', async () => {
    const agent = await flapping();
    await live(agent, 'wswswswsww');
    expect(agent.told()).toEqual([]);
    expect(agent.agent.pipeline.track('gateway').alert?.labels['severity']).toBe('critical');
  });

  test('goes on flapping after a restart: neither told again nor forgotten', async () => {
    const agent = await flapping();
    agent.kill();
    await live(agent, 'fsfsf');
    expect(agent.told()).toEqual([]);
    await live(agent, 'ssssssssssss');
    expect(agent.told()).toEqual([expect.stringContaining('✅ gateway is back')]);
  });

  test('under a configuration that no longer watches for it ends at the next clear outcome', async () => {
    const up = await flapping();
    up.reload({ checks: [{ ...gateway, debounce: policy({ recoverAfter: 2 }) }] });
    await live(up, 'ssssssss');
    expect(up.told()).toEqual([expect.stringContaining('✅ gateway is back on web-1')]);
    const down = await flapping();
    down.reload({ checks: [{ ...gateway, debounce: policy({ recoverAfter: 2 }) }] });
    await live(down, 'ffffffff');
    expect(down.told()).toEqual([expect.stringContaining('🔴 gateway is down on web-1')]);
  });

  test('under a configuration with another severity is told under that, as any alert is', async () => {
    const agent = await flapping();
    agent.reload({ checks: [{ ...gateway, severity: 'warning' }] });
    await live(agent, 'fsfsfs');
    expect(agent.told()).toEqual([expect.stringContaining('now warning, was critical')]);
    await live(agent, 'fsfsfsfs');
    expect(agent.told()).toEqual([]);
  });

  test('another alert of the group is reminded of while this one is not', async () => {
    const disk = spec({ name: 'disk', schedule: { kind: 'interval', intervalMs: 10_000 } });
    const agent = wholeAgent([gateway, disk]);
    agent.finds('disk', 'critical');
    await live(agent, 'sfsfsfsfsf');
    agent.told();
    for (let round = 0; round < 740; round += 1) await live(agent, 'sf');
    expect(agent.told()).toEqual([expect.stringContaining('2 checks still failing on web-1')]);
  });
});

function never(): never {
  throw new Error('cannot be');
}
