import { describe, expect, onTestFinished, test } from 'vitest';
import { startDeadManPing } from '../../../src/app/watching/dead-man.ts';
import { silentLogger, type LogFields } from '../../../src/lib/log.ts';
import type { CheckSpec } from '../../../src/model/check.ts';
import { Secret } from '../../../src/model/secret.ts';
import { policy, spec } from '../../support/policy.ts';
import { eventually } from '../../support/eventually.ts';
import { startWebhookServer } from '../../support/webhook-server.ts';
import { wholeAgent } from '../../support/whole-agent.ts';

const every = (name: string, changes: Partial<CheckSpec> = {}): CheckSpec =>
  spec({ name, schedule: { kind: 'interval', intervalMs: 15_000 }, ...changes });

/** An agent that pings a real server each minute, and what that got. */
async function pinging(checks: readonly CheckSpec[]) {
  const outside = await startWebhookServer();
  onTestFinished(() => outside[Symbol.asyncDispose]());
  const url = Secret.of(`${outside.origin}/ping`);
  const agent = wholeAgent(checks, {
    agent: {
      name: 'web-1',
      labels: { host: 'web-1' },
      retentionMs: 1e9,
      stalledAfter: 3,
      heartbeat: { url, intervalMs: 60_000 },
    },
  });
  const withheld: LogFields[] = [];
  const stop = startDeadManPing(agent.agent, {
    ...silentLogger,
    warn: (message, fields = {}) =>
      void (message === 'heartbeat withheld' && withheld.push(fields)),
  });
  onTestFinished(stop);
  /** Moves on to the next ping; says whether it came, and with what. */
  const next = async (): Promise<unknown> => {
    const before = outside.requests.length;
    await agent.advance(60);
    await eventually(() => outside.requests.length > before, 'a ping').catch(() => undefined);
    const { body } = outside.requests.at(-1) ?? { body: '{}' };
    return outside.requests.length > before ? JSON.parse(body) : undefined;
  };
  /** Why the next one is withheld. */
  const silence = async (): Promise<unknown> => {
    withheld.length = 0;
    await agent.advance(60);
    return withheld[0]?.['reason'];
  };
  await eventually(() => outside.requests.length === 1, 'the first ping');
  return { agent, next, silence };
}

describe('the heartbeat of the agent', () => {
  test('carries a verdict: what fires, what waits, what is wrong with the agent', async () => {
    const { agent, next } = await pinging([
      every('gateway'),
      every('disk', { severity: 'warning' }),
    ]);
    expect(await next()).toEqual({
      host: 'web-1',
      verdict: 'ok',
      checks: 2,
      firing: [],
      firing_total: 0,
      outbox_pending: 0,
      problems: [],
    });
    agent.finds('disk', 'critical');
    expect(await next()).toMatchObject({ verdict: 'warning', firing: ['disk'] });
    agent.finds('gateway', 'critical');
    expect(await next()).toMatchObject({ verdict: 'critical', firing_total: 2 });
  });

  test('is withheld while the state cannot be saved', async () => {
    const { agent, next, silence } = await pinging([every('gateway')]);
    agent.diskFull = true;
    agent.finds('gateway', 'critical');
    expect(await silence()).toBe('cannot save state: database or disk is full');
    agent.diskFull = false;
    await agent.advance(30);
    expect(await next()).toMatchObject({ verdict: 'critical' });
  });

  test('is withheld while messages wait and no receiver takes any', async () => {
    const { agent, next, silence } = await pinging([every('gateway')]);
    agent.network = false;
    agent.finds('gateway', 'critical');
    expect(await next()).toMatchObject({ outbox_pending: 1 });
    await agent.advance(360);
    expect(await silence()).toBe('no receiver takes messages: nobody can be told');
    agent.network = true;
    await agent.advance(600);
    expect(await next()).toMatchObject({ outbox_pending: 0 });
  });

  test('is withheld while the scheduler runs nothing', async () => {
    const slow = Array.from({ length: 50 }, (_, index) =>
      every(`slow ${index}`, {
        schedule: { kind: 'interval', intervalMs: 3_600_000 },
        timeoutMs: 36_000_000,
        debounce: policy(),
      }),
    );
    const { agent, silence } = await pinging([...slow, every('gateway')]);
    for (const { name } of slow) agent.finds(name, 'hangs');
    await agent.advance(3600);
    await agent.advance(600);
    expect(await silence()).toBe(
      'no run of gateway has ended for too long: the scheduler is stuck',
    );
  });
});
