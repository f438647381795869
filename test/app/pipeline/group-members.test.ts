import { describe, expect, test } from 'vitest';
import { group } from '../../../src/checks/group.ts';
import type { CheckSpec } from '../../../src/model/check.ts';
import { notOk, ok, type CheckResult } from '../../../src/model/result.ts';
import { checkSpec } from '../../support/host-check.ts';
import { policy, spec } from '../../support/policy.ts';
import { wholeAgent } from '../../support/whole-agent.ts';

const down = notOk('critical', 'connect', 'connect refused');
const ailing = notOk('warning', 'threshold', 'memory is short');
const cannotLook = notOk('unknown', 'permission', 'may not look');

const names = ['gw-1', 'gw-2', 'gw-3'] as const;

const every = (seconds: number): Partial<CheckSpec> => ({
  schedule: { kind: 'interval', intervalMs: seconds * 1000 },
  debounce: policy({ failAfter: { kind: 'consecutive', failures: 3 }, recoverAfter: 2 }),
});

/** Three members looked at every 20 s and a real group of them; members find what is set. */
function three(keys: Readonly<Record<string, unknown>>, member: Partial<CheckSpec> = {}) {
  const found = new Map<string, CheckResult>(names.map((name) => [name, ok('fine')]));
  const all = checkSpec(group, { of: [...names], ...keys }, { ...every(10), name: 'all' });
  const world = wholeAgent(
    [...names.map((name) => spec({ ...every(20), ...member, name })), { ...all, type: 'group' }],
    { agent: { name: 'web-1', labels: { host: 'web-1' }, retentionMs: 1e9, stalledAfter: 3 } },
    (opened, environment) =>
      opened.type === 'group'
        ? group.open(opened as typeof all, environment)
        : { run: async () => found.get(opened.name) ?? ok('fine') },
  );
  const verdict = (): string => {
    const latest = world.agent.pipeline.recent('all').at(-1);
    return `${latest?.status}: ${latest?.summary}`;
  };
  const settle = async (name: (typeof names)[number], result: CheckResult, seconds = 120) => {
    found.set(name, result);
    await world.advance(seconds);
    return verdict();
  };
  return { world, found, verdict, settle };
}

describe('a group of the agent', () => {
  test('takes a member as down once its alert fires, and as up once that is over', async () => {
    const { settle } = three({ min_ok: 2 });
    expect(await settle('gw-1', ok('fine'))).toBe('ok: 3 of 3 up');
    expect(await settle('gw-1', down, 30)).toBe('ok: 3 of 3 up');
    expect(await settle('gw-1', down, 60)).toBe('warning: 2 of 3 up; down: gw-1, no spare left');
    expect(await settle('gw-1', ok('fine'), 15)).toMatch(/^warning: 2 of 3 up/);
    expect(await settle('gw-1', ok('fine'))).toBe('ok: 3 of 3 up');
  });

  test('takes a member that only warns as up', async () => {
    const { settle, world } = three({ min_ok: 2 });
    expect(await settle('gw-1', ailing)).toBe('ok: 3 of 3 up; in warning: gw-1');
    expect(world.agent.pipeline.track('gw-1').state.phase).toBe('firing');
    expect(await settle('gw-1', down)).toBe('warning: 2 of 3 up; down: gw-1, no spare left');
  });

  test('takes a member that goes up and down all the time as down', async () => {
    const flap = { window: 6, high: 0.5, low: 0.2 };
    const { settle, world } = three(
      { min_ok: 2 },
      { debounce: policy({ ...every(20).debounce, flap }) },
    );
    for (const result of [ok('fine'), down, ok('fine'), down, ok('fine')]) {
      await settle('gw-1', result, 20);
    }
    expect(world.agent.pipeline.track('gw-1').state.flapping).toBe(true);
    expect(await settle('gw-1', ok('fine'), 10)).toBe(
      'warning: 2 of 3 up; down: gw-1, no spare left',
    );
  });

  test('does not know of members that nobody could look at, at first or for too long', async () => {
    const { found, world, verdict, settle } = three({ min_ok: 2 });
    found.set('gw-1', cannotLook);
    await world.advance(30);
    expect(verdict()).toBe('ok: 2 of 3 up; cannot be looked at: gw-1');
    expect(await settle('gw-2', cannotLook, 30)).toBe('ok: 2 of 3 up; cannot be looked at: gw-1');
    expect(await settle('gw-2', cannotLook)).toBe(
      'unknown: 1 of 3 up; cannot be looked at: gw-1, gw-2',
    );
    expect(await settle('gw-2', ok('fine'))).toBe('ok: 2 of 3 up; cannot be looked at: gw-1');
  });

  test('keeps a member down that nobody can look at any more', async () => {
    const { settle } = three({ min_ok: 2 });
    await settle('gw-1', down);
    expect(await settle('gw-1', cannotLook, 300)).toBe(
      'warning: 2 of 3 up; down: gw-1, no spare left',
    );
  });

  test('waits for its members after a restart, and tells nothing new', async () => {
    const { settle, world, verdict } = three({ min_ok: 2 });
    await settle('gw-1', down, 300);
    world.told();
    world.kill();
    await world.advance(5);
    expect(verdict()).toMatch(/^(unknown|warning): /);
    await world.advance(60);
    expect(verdict()).toBe('warning: 2 of 3 up; down: gw-1, no spare left');
    expect(world.told()).toEqual([]);
  });

  test('raises an alert of its own for a figure that nobody tells', async () => {
    const { world } = three({ count: { value: 'cron.enabeld', as: 'running cron' }, exactly: 1 });
    await world.advance(9 * 60);
    expect(world.told()).toEqual([]);
    await world.advance(5 * 60);
    expect(world.told()).toEqual([expect.stringContaining('all stalled')]);
    expect(world.deliveries[0]?.notification.alerts[0]?.annotations['description']).toContain(
      'the latest run says: 0 of 3 running cron; nothing is told of cron.enabeld by: gw-1, gw-2, gw-3',
    );
  });
});
