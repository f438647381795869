import { describe, expect, test } from 'vitest';
import type { CheckSpec } from '../../../src/model/check.ts';
import { notOk } from '../../../src/model/result.ts';
import { spec } from '../../support/policy.ts';
import { route } from '../../support/routes.ts';
import { textsOf, wholeAgent, type WholeAgent } from '../../support/whole-agent.ts';

const every = (seconds: number, changes: Partial<CheckSpec> = {}): CheckSpec =>
  spec({
    schedule: { kind: 'interval', intervalMs: seconds * 1000 },
    timeoutMs: Math.min(10, seconds) * 1000,
    ...changes,
  });

function watched(check: CheckSpec, after = 3): WholeAgent {
  return wholeAgent([check], {
    agent: { name: 'web-1', labels: { host: 'web-1' }, retentionMs: 1e9, stalledAfter: after },
  });
}

const cannotLook = notOk('unknown', 'permission', 'may not open a socket');
const gauge = 'tocsin_check_stalled{check="gateway",type="http"}';

describe('a check that is not looked at', () => {
  test('because each run ends unknown raises an alert of its own, which ends with the next look', async () => {
    const agent = watched(every(30));
    await agent.advance(60);
    agent.finds('gateway', cannotLook);
    await agent.advance(75);
    expect(agent.told()).toEqual([]);
    await agent.advance(60);
    expect(agent.told()).toEqual([
      expect.stringMatching(/^1[45]\ds 🟠 gateway stalled is firing on web-1$/),
    ]);
    const [text] = agent.deliveries.flatMap(textsOf);
    expect(text).toBe(
      'tocsin has not been able to look at gateway since 2025-01-15 12:00 UTC (3 intervals): ' +
        'the latest run says: may not open a socket',
    );
    expect(await agent.metric(gauge)).toBe(1);
    expect(agent.agent.pipeline.track('gateway').state.phase).toBe('inactive');
    await agent.advance(600);
    expect(agent.told()).toEqual([]);
    agent.finds('gateway', 'ok');
    await agent.advance(100);
    expect(agent.told()).toEqual([
      expect.stringMatching(/✅ gateway stalled is resolved on web-1 after 1[23]m/),
    ]);
    expect(await agent.metric(gauge)).toBe(0);
  });

  test('because runs never begin is told with its routing labels', async () => {
    const slow = Array.from({ length: 50 }, (_, index) =>
      every(3600, { name: `slow ${index}`, timeoutMs: 3_600_000 }),
    );
    const check = every(15, { labels: { team: 'web' } });
    const agent = wholeAgent([...slow, check], {
      agent: { name: 'web-1', labels: { host: 'web-1' }, retentionMs: 1e9, stalledAfter: 3 },
    });
    for (const { name } of slow) agent.finds(name, 'hangs');
    await agent.advance(3600);
    expect(agent.told().join()).toContain('gateway stalled is firing');
    expect(agent.deliveries[0]?.notification.alerts[0]?.labels).toEqual({
      alertname: 'gateway stalled',
      check: 'gateway',
      host: 'web-1',
      severity: 'warning',
      target: 'http://127.0.0.1:18789/health',
      team: 'web',
      type: 'http',
    });
    expect(agent.deliveries.flatMap(textsOf)[0]).toMatch(/\(3 intervals\): no run has ended$/);
  });

  test('by a cron schedule is judged by the times of that', async () => {
    const agent = watched(spec({ schedule: { kind: 'cron', expression: '*/10 * * * *' } }));
    agent.finds('gateway', cannotLook);
    await agent.advance(29 * 60);
    expect(agent.told()).toEqual([]);
    await agent.advance(2 * 60);
    expect(agent.told()).toEqual([expect.stringContaining('gateway stalled is firing')]);
    agent.finds('gateway', 'ok');
    await agent.advance(11 * 60);
    expect(agent.told()).toEqual([expect.stringContaining('gateway stalled is resolved')]);
    await agent.advance(3600);
    expect(agent.told()).toEqual([]);
  });

  test('is not told again after a restart, and its end is', async () => {
    const agent = watched(every(30));
    agent.finds('gateway', cannotLook);
    await agent.advance(180);
    expect(agent.told()).toHaveLength(1);
    agent.kill();
    await agent.advance(600);
    expect(agent.told()).toEqual([]);
    expect(await agent.metric(gauge)).toBe(1);
    agent.finds('gateway', 'ok');
    await agent.advance(100);
    expect(agent.told()).toEqual([expect.stringContaining('gateway stalled is resolved')]);
  });

  test('is not watched for under stalled_after: 0, which ends what was told', async () => {
    const never = watched(every(30), 0);
    never.finds('gateway', cannotLook);
    await never.advance(3600);
    expect(never.told()).toEqual([]);
    const agent = watched(every(30));
    agent.finds('gateway', cannotLook);
    await agent.advance(180);
    agent.told();
    agent.reload({ agent: { ...agent.agent.config.agent, stalledAfter: 0 } });
    await agent.advance(100);
    expect(agent.told()).toEqual([expect.stringContaining('gateway stalled is no longer watched')]);
  });
});

describe('nothing is raised', () => {
  test('by steps of the date, either way', async () => {
    const agent = watched(every(30));
    await agent.advance(60);
    agent.clock.jumpWall(86_400_000);
    await agent.advance(60);
    agent.clock.jumpWall(-2 * 86_400_000);
    await agent.advance(300);
    expect(agent.told()).toEqual([]);
  });

  test('after the process was stopped for an hour: nothing could run', async () => {
    const agent = watched(every(30));
    await agent.advance(60);
    agent.reload({ route: route({ groupBy: ['host'], groupWaitMs: 0 }) });
    agent.clock.stall(3_600_000);
    await agent.advance(300);
    expect(agent.told()).toEqual([]);
  });

  test('for a check of a short interval that takes its time', async () => {
    const agent = watched(every(5, { timeoutMs: 5000 }));
    agent.finds('gateway', 'hangs');
    await agent.advance(300);
    expect(agent.told().filter((line) => line.includes('stalled'))).toEqual([]);
  });

  test('for a group whose members say it themselves', async () => {
    const group = every(15, { name: 'all', type: 'group' });
    const agent = watched(group);
    agent.finds('all', cannotLook);
    await agent.advance(600);
    expect(agent.told()).toEqual([]);
  });
});
