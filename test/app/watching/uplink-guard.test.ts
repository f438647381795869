import { describe, expect, test } from 'vitest';
import type { CheckSpec } from '../../../src/model/check.ts';
import type { Config } from '../../../src/model/config.ts';
import { notOk, type FailureReason } from '../../../src/model/result.ts';
import { policy, spec } from '../../support/policy.ts';
import { textsOf, wholeAgent, type WholeAgent } from '../../support/whole-agent.ts';

const silence = (reason: FailureReason = 'timeout') => notOk('critical', reason, 'no answer');

const outside = (name: string, changes: Partial<CheckSpec> = {}): CheckSpec =>
  spec({
    name,
    target: `https://${name}.example.com/`,
    schedule: { kind: 'interval', intervalMs: 30_000 },
    debounce: policy({ failAfter: { kind: 'consecutive', failures: 2 }, recoverAfter: 2 }),
    ...changes,
  });

const reference = spec({ name: 'reference 1.1.1.1:443', target: '1.1.1.1:443', type: 'tcp' });
const names = ['api', 'blog', 'cdn', 'shop'];
const local = outside('local', { target: 'http://127.0.0.1:8080/' });

const guarded: Partial<Config> = {
  agent: {
    name: 'web-1',
    labels: { host: 'web-1' },
    retentionMs: 1e9,
    connectivity: { references: [reference], intervalMs: 300_000 },
  },
};

function agentWith(...more: readonly CheckSpec[]): WholeAgent {
  return wholeAgent([...names.map((name) => outside(name)), ...more], guarded);
}

/** Nothing outside answers any more: neither the checks of these names nor the reference. */
function cutOff(agent: WholeAgent, which: readonly string[] = names): void {
  for (const name of [...which, reference.name]) agent.finds(name, silence());
}

function reconnect(agent: WholeAgent, which: readonly string[] = names): void {
  for (const name of [...which, reference.name]) agent.finds(name, 'ok');
}

const suppressed = 'tocsin_notifications_suppressed_total{reason="uplink"}';

describe('when nothing outside can be reached, nor the reference', () => {
  test('one message says so instead of one for each check, and one that it is over', async () => {
    const agent = agentWith(local);
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(180);
    expect(agent.told()).toEqual([
      expect.stringMatching(/^\d+s 🔴 tocsin uplink is firing on web-1$/),
    ]);
    expect(agent.deliveries.flatMap(textsOf)).toEqual([
      'web-1 cannot reach anything outside: 4 checks failing since 2025-01-15 12:01 UTC, ' +
        'and 1.1.1.1:443 cannot be reached either',
    ]);
    expect(await agent.metric('tocsin_uplink_up')).toBe(0);
    expect(await agent.metric(suppressed)).toBe(4);
    expect(agent.log.join('\n')).toContain('reason=uplink by="tocsin uplink"');
    reconnect(agent);
    await agent.advance(300);
    expect(agent.told()).toEqual([
      expect.stringMatching(/✅ tocsin uplink is resolved on web-1 after/),
    ]);
    expect(agent.deliveries.flatMap(textsOf).at(-1)).toBe('web-1 reaches the outside again');
    expect(await agent.metric('tocsin_uplink_up')).toBe(1);
  });

  test('what happens on the host itself is told as ever', async () => {
    const agent = agentWith(local);
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(120);
    agent.told();
    agent.finds('local', silence('connect'));
    await agent.advance(180);
    expect(agent.told().join()).toContain('local');
    expect(
      agent.deliveries.at(-1)?.notification.alerts.map(({ labels }) => labels['alertname']),
    ).toEqual(['local', 'tocsin uplink']);
  });

  test('what still fails once the uplink is back is told then', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(180);
    agent.told();
    reconnect(agent, ['api', 'blog', 'cdn']);
    await agent.advance(45);
    expect(agent.told().join()).not.toContain('api');
    await agent.advance(120);
    const last = agent.deliveries.at(-1)?.notification.alerts ?? [];
    expect(
      last.map(({ labels, endsAt }) => [labels['alertname'], endsAt === undefined]),
    ).toContainEqual(['shop', true]);
    agent.finds('shop', 'ok');
    await agent.advance(180);
    expect(agent.told().join()).toContain('✅ shop is back');
  });

  test('a check that was told before hears its end although the uplink was down meanwhile', async () => {
    const agent = agentWith();
    agent.finds('shop', notOk('critical', 'status', 'HTTP 500'));
    await agent.advance(120);
    expect(agent.told()).toEqual([expect.stringContaining('🔴 shop is down')]);
    cutOff(agent);
    await agent.advance(180);
    reconnect(agent);
    await agent.advance(300);
    expect(agent.told().join('\n')).toMatch(/shop/);
    expect(agent.deliveries.at(-1)?.notification.status).toBe('resolved');
    const open = agent.agent.pipeline.dispatcher.groups();
    expect(open).toEqual([]);
  });

  test('a short loss that no check would have been told for is not told either', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(20);
    reconnect(agent);
    await agent.advance(300);
    expect(agent.told()).toEqual([]);
  });

  test('an uplink that comes and goes is one story with one end', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(180);
    expect(agent.told()).toHaveLength(1);
    for (let round = 0; round < 10; round += 1) {
      reconnect(agent);
      await agent.advance(15);
      cutOff(agent);
      await agent.advance(45);
    }
    expect(agent.told()).toEqual([]);
    reconnect(agent);
    await agent.advance(10);
    agent.kill();
    await agent.advance(300);
    expect(agent.told()).toEqual([expect.stringContaining('✅ tocsin uplink is resolved')]);
  });

  test('a restart meanwhile changes nothing', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(180);
    expect(agent.told()).toHaveLength(1);
    agent.kill();
    await agent.advance(120);
    expect(agent.told()).toEqual([]);
    reconnect(agent);
    await agent.advance(300);
    expect(agent.told()).toEqual([expect.stringContaining('✅ tocsin uplink is resolved')]);
  });

  test('a configuration without the guard ends it and tells what fails', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(180);
    agent.told();
    const { connectivity: _, ...plain } = agent.agent.config.agent;
    agent.reload({ agent: plain });
    await agent.advance(120);
    const told = agent.deliveries.at(-1)?.notification.alerts ?? [];
    expect(told.map(({ labels }) => labels['alertname'])).toEqual([...names, 'tocsin uplink']);
  });

  test('the messages wait in the outbox and carry the times when they arrive', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent);
    agent.network = false;
    await agent.advance(240);
    expect(agent.told()).toEqual([]);
    reconnect(agent);
    agent.network = true;
    await agent.advance(400);
    expect(agent.deliveries.at(-1)?.notification.status).toBe('resolved');
    const { notification } = agent.deliveries[0] ?? { notification: undefined };
    expect(notification?.remarks?.join()).toMatch(/Told .* late/);
    const [uplink] = notification?.alerts ?? [];
    expect(uplink?.annotations['description']).toContain('failing since 2025-01-15 12:01 UTC');
    expect(agent.told().join()).not.toMatch(/api|blog|cdn|shop/);
  });
});

describe('a failure that is not the uplink', () => {
  test('is told without delay while the reference answers', async () => {
    const plain = wholeAgent(names.map((name) => outside(name)));
    const agent = agentWith();
    for (const one of [plain, agent]) {
      await one.advance(60);
      one.finds('shop', silence());
      await one.advance(180);
    }
    expect(agent.told()).toEqual(plain.told());
    expect(await agent.metric(suppressed)).toBe(0);
  });

  test('of every check is told while the reference answers', async () => {
    const agent = agentWith();
    await agent.advance(60);
    for (const name of names) agent.finds(name, silence());
    await agent.advance(180);
    expect(agent.told().join()).toContain('4 checks failing');
  });

  test('of some checks is told although the reference is gone, which is a problem of its own', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent, ['api', 'shop']);
    await agent.advance(180);
    expect(agent.told().join()).toContain('2 checks failing on web-1: ');
    expect(agent.agent.health().problems.map(({ summary }) => summary)).toEqual([
      '1.1.1.1:443 (agent.connectivity) cannot be reached although checks reach others',
    ]);
    const before = agent.runs.get('cdn') ?? 0;
    await agent.advance(300);
    // The others are not made to run each time that the two fail again.
    expect((agent.runs.get('cdn') ?? 0) - before).toBe(10);
    agent.finds(reference.name, 'ok');
    await agent.advance(400);
    expect(agent.agent.health().problems).toEqual([]);
  });

  test('that is an answer, however bad, proves the uplink', async () => {
    const agent = agentWith();
    await agent.advance(60);
    cutOff(agent);
    agent.finds('blog', notOk('critical', 'status', 'HTTP 503'));
    await agent.advance(180);
    const told = agent.deliveries.flatMap(({ notification }) => notification.alerts);
    const failing = new Set(told.map(({ labels }) => labels['alertname']));
    expect(failing).toEqual(new Set(names));
  });

  test('is told with the verdict, not with the next message of its group', async () => {
    const agent = wholeAgent([outside('shop', { debounce: policy() }), outside('api')], guarded);
    agent.reload({ route: { ...agent.agent.config.route, groupWaitMs: 0 } });
    await agent.advance(60);
    agent.finds('api', 'slow');
    cutOff(agent, ['shop']);
    const before = agent.runs.get('shop') ?? 0;
    while (agent.runs.get('shop') === before) await agent.advance(1);
    await agent.advance(4);
    expect(agent.told()).toEqual([expect.stringContaining('🔴 shop is down')]);
    expect(await agent.metric(suppressed)).toBe(1);
  });

  test('waits for the verdict no longer than the references and the other checks take', async () => {
    const agent = agentWith(
      outside('slow', { schedule: { kind: 'interval', intervalMs: 3_600_000 } }),
    );
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(120);
    expect(agent.told().join()).toContain('4 checks failing');
  });
});

describe('which checks count', () => {
  test('those declared to look outside, and not those declared to look inside', async () => {
    const near = outside('near', { outside: false });
    const plugin = spec({ name: 'plugin', type: 'command', outside: true, debounce: policy() });
    const { target: _, ...command } = plugin;
    const agent = agentWith(near, command);
    await agent.advance(60);
    cutOff(agent);
    agent.finds('plugin', notOk('critical', 'command', 'exit code 2'));
    await agent.advance(180);
    expect(agent.told()).toEqual([expect.stringContaining('tocsin uplink is firing')]);
    expect(agent.deliveries[0]?.notification.alerts[0]?.detail).toEqual([...names, 'plugin']);
  });

  test('not those that want their target down, nor those that cannot look', async () => {
    const never = outside('never', { expect: 'down' });
    const agent = agentWith(never, outside('blind'));
    agent.finds('blind', notOk('unknown', 'permission', 'may not look'));
    agent.finds('never', 'critical');
    await agent.advance(60);
    cutOff(agent);
    await agent.advance(180);
    expect(agent.told()).toEqual([expect.stringContaining('tocsin uplink is firing')]);
  });
});
