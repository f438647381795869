import { describe, expect, test } from 'vitest';
import type { CheckSpec } from '../../src/model/check.ts';
import { policy, spec } from '../support/policy.ts';
import { problemsOf } from '../support/config.ts';
import { wholeAgent, type WholeAgent } from '../support/whole-agent.ts';

const check = (name: string, ...dependsOn: string[]): CheckSpec =>
  spec({
    name,
    dependsOn,
    schedule: { kind: 'interval', intervalMs: 20_000 },
    debounce: policy({ failAfter: { kind: 'consecutive', failures: 2 }, recoverAfter: 2 }),
  });

const router = check('router');
const database = check('database', 'router');
const shop = check('shop', 'database');

/** An agent whose checks have all run and are sound. */
async function sound(...checks: readonly CheckSpec[]): Promise<WholeAgent> {
  const agent = wholeAgent(checks);
  await agent.advance(60);
  return agent;
}

const suppressed = 'tocsin_notifications_suppressed_total{reason="dependency"}';

describe('a check that depends on another', () => {
  test('is not told while that fires, and both recover in one message about the parent', async () => {
    const agent = await sound(router, database);
    agent.finds('router', 'critical');
    agent.finds('database', 'critical');
    await agent.advance(200);
    expect(agent.told()).toEqual([expect.stringContaining('🔴 router is down')]);
    expect(await agent.metric(suppressed)).toBe(1);
    expect(agent.log.join('\n')).toContain(
      'notification suppressed check=database receiver=team reason=dependency by=router',
    );
    agent.finds('router', 'ok');
    agent.finds('database', 'ok');
    await agent.advance(300);
    expect(agent.told()).toEqual([expect.stringContaining('✅ router is back')]);
  });

  test('waits for the verdict on a parent that is only pending', async () => {
    const slow = {
      ...router,
      debounce: policy({ failAfter: { kind: 'consecutive', failures: 5 } }),
    };
    const agent = await sound(slow, database);
    agent.finds('router', 'critical');
    agent.finds('database', 'critical');
    await agent.advance(70);
    expect(agent.agent.pipeline.track('database').state.phase).toBe('firing');
    expect(agent.told()).toEqual([]);
    await agent.advance(120);
    expect(agent.told()).toEqual([expect.stringContaining('🔴 router is down')]);
  });

  test('is told once the parent has recovered and a look after that fails', async () => {
    const agent = await sound(router, database);
    agent.finds('router', 'critical');
    agent.finds('database', 'critical');
    await agent.advance(200);
    agent.told();
    agent.finds('router', 'ok');
    await agent.advance(160);
    expect(agent.told().join()).toMatch(/🔴 1 check failing on web-1: database; back: router/);
    agent.finds('database', 'ok');
    await agent.advance(160);
    expect(agent.told()).toEqual([expect.stringContaining('✅ database is back')]);
  });

  test('is never told for what it found while the parent failed', async () => {
    const slow = { ...database, schedule: { kind: 'interval', intervalMs: 300_000 } } as const;
    const agent = wholeAgent([router, { ...slow, debounce: policy({ recoverAfter: 2 }) }]);
    await agent.advance(60);
    agent.finds('router', 'critical');
    await agent.advance(100);
    agent.finds('database', 'critical');
    agent.agent.scheduler.runSoon('database');
    await agent.advance(100);
    expect(agent.told()).toEqual([expect.stringContaining('🔴 router is down')]);
    agent.finds('router', 'ok');
    agent.finds('database', 'ok');
    await agent.advance(1200);
    expect(agent.told()).toEqual([expect.stringContaining('✅ router is back')]);
  });

  test('hears its own end when it was told before the parent failed', async () => {
    const agent = await sound(router, database);
    agent.finds('database', 'critical');
    await agent.advance(120);
    expect(agent.told()).toEqual([expect.stringContaining('🔴 database is down')]);
    agent.finds('router', 'critical');
    await agent.advance(120);
    expect(agent.told().join()).toContain('router');
    agent.finds('database', 'ok');
    await agent.advance(120);
    expect(agent.told().join()).toMatch(/back: database/);
    agent.finds('router', 'ok');
    await agent.advance(120);
    expect(agent.told().join()).toContain('✅ router is back');
  });

  test('waits for its grandparent too, although the parent has not noticed yet', async () => {
    const lazy = { ...database, schedule: { kind: 'interval', intervalMs: 3_600_000 } } as const;
    const agent = await sound(router, lazy, shop);
    agent.finds('router', 'critical');
    agent.finds('shop', 'critical');
    await agent.advance(200);
    expect(agent.told()).toEqual([expect.stringContaining('🔴 router is down')]);
  });

  test('may depend on a group', async () => {
    const lines = { ...check('lines'), type: 'group' } as const;
    const agent = await sound(lines, check('site', 'lines'));
    agent.finds('lines', 'critical');
    agent.finds('site', 'critical');
    await agent.advance(200);
    expect(agent.told()).toEqual([expect.stringContaining('lines')]);
    expect(agent.agent.pipeline.track('site').state.phase).toBe('firing');
  });

  test('goes on waiting after a restart', async () => {
    const agent = await sound(router, database);
    agent.finds('router', 'critical');
    agent.finds('database', 'critical');
    await agent.advance(200);
    agent.told();
    agent.kill();
    await agent.advance(200);
    expect(agent.told()).toEqual([]);
  });

  test('may not depend on itself, by whatever way', async () => {
    const problems = await problemsOf(
      'checks:\n' +
        '  - { name: a, type: command, depends_on: [b] }\n' +
        '  - { name: b, type: command, depends_on: [c] }\n' +
        '  - { name: c, type: command, depends_on: [a] }\n',
    );
    expect(problems.join('\n')).toContain('depends on itself: a → b → c → a');
  });
});
