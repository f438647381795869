import { describe, expect, test } from 'vitest';
import { openclawOf } from '../../../src/checks/openclaw.ts';
import { innerPartNames, partNames } from '../../../src/checks/openclaw/part.ts';
import type { PartFinding } from '../../../src/model/result.ts';
import { eventually } from '../../support/eventually.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { openedCheck } from '../../support/host-check.ts';
import { never, startGateway, unavailable } from '../../support/openclaw-gateway.ts';

const inner: readonly string[] = innerPartNames;
const parts = Object.fromEntries(
  partNames.filter((name) => !inner.includes(name)).map((name) => [name, false]),
);

async function watched(keys: Readonly<Record<string, unknown>> = {}) {
  const gateway = await startGateway();
  const clock = createFakeClock({ wallMs: Date.now() });
  const given = { state_dir: gateway.stateFolder, parts, ...keys };
  const common = { timeoutMs: 12_000 };
  const check = openedCheck(openclawOf(gateway.places), given, { clock, common });
  /** Looks after a minute, at `name`; time goes on while a call waits for its answer. */
  const part = async (name: string, afterMs = 60_000): Promise<PartFinding | undefined> => {
    await clock.advance(afterMs);
    gateway.event('tick');
    const state = { isDone: false };
    const done = check.run().finally(() => {
      state.isDone = true;
    });
    for (let step = 0; !state.isDone && step < 300; step += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (step > 150) await clock.advance(200);
    }
    return (await done).findings?.find((one) => one.part === name);
  };
  return { gateway, clock, check, part };
}

describe('the connection to a gateway', () => {
  test('is made once, kept, and given back', async () => {
    const { gateway, check, part } = await watched();
    expect((await part('handshake'))?.summary).toContain('let in by OpenClaw 2026.9.6');
    await part('cron');
    await part('cron');
    expect(gateway.connections()).toEqual({ made: 1, open: 1 });
    check.open.close?.();
    await eventually(() => gateway.connections().open === 0, 'the connection is closed');
  });

  test('that never greets while /health is green is critical at the second time', async () => {
    const { gateway, part } = await watched();
    gateway.greeting = 'silent';
    expect((await part('handshake'))?.status).toBe('ok');
    const found = await part('handshake');
    expect(found).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(found?.summary).toContain('answers HTTP, but lets nobody in');
    await eventually(() => gateway.connections().open === 0, 'no connection is left');
  });

  test('with the wrong token is a warning about the token', async () => {
    const { part } = await watched({ token: 'another-token' });
    expect(await part('handshake')).toMatchObject({
      status: 'warning',
      reason: 'auth',
      summary: 'the gateway does not let the agent in with its token: AUTH_TOKEN_MISMATCH',
    });
  });

  test('without a token cannot be made, which is no outage', async () => {
    const { gateway, part } = await watched();
    await gateway.write('openclaw.json', `{ gateway: { port: ${gateway.port} } }`);
    expect(await part('handshake')).toMatchObject({ status: 'unknown', reason: 'auth' });
  });

  test('on which no tick comes for 75 seconds is critical', async () => {
    const { part, clock, check } = await watched();
    await part('ticks');
    await clock.advance(80_000);
    const result = await check.run();
    expect(result.findings?.find((one) => one.part === 'ticks')).toMatchObject({
      status: 'critical',
      reason: 'stale',
    });
  });

  test('asks nothing that the version does not offer', async () => {
    const { gateway, part } = await watched();
    gateway.calls.delete('diagnostics.lanes');
    expect(await part('lanes')).toMatchObject({
      status: 'ok',
      summary: 'this version does not offer diagnostics.lanes',
    });
  });

  test('on which a call gets no answer twice is critical', async () => {
    const { gateway, part } = await watched();
    gateway.calls.set('cron.status', never);
    expect((await part('cron'))?.status).toBe('ok');
    expect(await part('cron')).toMatchObject({
      status: 'critical',
      summary: 'no answer within 10s while waiting for cron.status',
    });
  });

  test('on which a call is refused as unavailable twice is critical, another refusal unknown', async () => {
    const { gateway, part } = await watched();
    gateway.calls.set('cron.status', unavailable);
    expect((await part('cron'))?.status).toBe('ok');
    expect(await part('cron')).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'the gateway refuses cron.status: UNAVAILABLE',
    });
    gateway.calls.set('cron.status', undefined);
    expect(await part('cron')).toMatchObject({ status: 'unknown', reason: 'permission' });
  });

  test('on which nonsense is said is no crash', async () => {
    const { gateway, part } = await watched();
    for (const name of gateway.calls.keys()) gateway.calls.set(name, [['what?']]);
    expect((await part('channels'))?.summary).toBe('this version does not offer that');
    expect((await part('tasks'))?.status).toBe('ok');
  });
});

describe('what the gateway says of itself', () => {
  test('cron that is switched off, or has no next time', async () => {
    const { gateway, part } = await watched();
    gateway.calls.set('cron.status', { enabled: false, jobs: 3, nextWakeAtMs: null });
    expect((await part('cron'))?.summary).toContain('OPENCLAW_SKIP_CRON=1');
    gateway.calls.set('cron.status', { enabled: true, jobs: 3, nextWakeAtMs: null });
    expect((await part('cron'))?.summary).toBe('there are 3 jobs, and no next time is planned');
    gateway.calls.set('cron.status', { enabled: true, jobs: 3, nextWakeAtMs: Date.now() - 1e6 });
    expect(await part('cron')).toMatchObject({ status: 'critical', reason: 'stale' });
    gateway.calls.set('cron.list', { jobs: [{ state: { runningAtMs: Date.now() } }], total: 3 });
    expect((await part('cron'))?.status).toBe('ok');
    gateway.calls.set('cron.list', { jobs: [{ state: { runningAtMs: Date.now() } }], total: 2 });
    expect((await part('cron'))?.status, 'a job may have come between the calls').toBe('ok');
    expect((await part('cron'))?.summary).toBe('the gateway counts 3 jobs, and lists 2');
  });

  const account = (over: object) => ({
    channelAccounts: {
      telegram: [{ accountId: 'main', enabled: true, configured: true, ...over }],
      whatsapp: [{ accountId: 'main', enabled: true, configured: true, running: true }],
    },
  });

  test('a channel that does not run is a warning after 5 minutes, critical after 15', async () => {
    const { gateway, part } = await watched();
    gateway.calls.set('channels.status', account({ running: false, lifecycle: 'recovering' }));
    expect((await part('channels'))?.status).toBe('ok');
    for (let minute = 0; minute < 4; minute += 1) await part('channels');
    expect(await part('channels')).toMatchObject({
      status: 'warning',
      summary: expect.stringMatching(/^telegram \(main\) has been not running for 5m/),
    });
    for (let minute = 0; minute < 10; minute += 1) await part('channels');
    expect((await part('channels'))?.status).toBe('critical');
  });

  test('a channel that begins anew again and again is a warning', async () => {
    const { gateway, part } = await watched();
    for (const lastStartAt of [1, 2, 3]) {
      gateway.calls.set('channels.status', account({ running: true, lastStartAt }));
      expect((await part('channels'))?.status).toBe('ok');
    }
    gateway.calls.set('channels.status', account({ running: true, lastStartAt: 4 }));
    expect((await part('channels'))?.summary).toContain('has begun anew 3 times within an hour');
  });

  test('a job that fired twice for one slot', async () => {
    const { gateway, part } = await watched();
    const run = (agoMs: number) => ({
      jobId: 'j',
      jobName: 'backup',
      status: 'ok',
      runAtMs: Date.now() - agoMs,
    });
    gateway.calls.set('cron.runs', { entries: [run(60_000), run(180_000)] });
    expect((await part('cron_runs'))?.status).toBe('ok');
    gateway.calls.set('cron.runs', { entries: [run(60_000), run(62_000)] });
    expect((await part('cron_runs'))?.summary).toBe('backup was started twice within 2s');
  });

  test('plugins, lanes and tasks that are not well', async () => {
    const { gateway, part } = await watched();
    const byCode = { lost: 2, stale_running: 0 };
    gateway.calls.set('status', { degradedPlugins: [{ pluginId: 'x' }], taskAudit: { byCode } });
    expect((await part('plugins'))?.summary).toBe(
      'not working: 1 plugin (x); the gateway has lost track of 2 tasks',
    );
    const lane = { lane: 'main', queuedCount: 2, activeCount: 8, maxConcurrent: 8 };
    gateway.calls.set('diagnostics.lanes', { lanes: [lane] });
    await part('lanes');
    expect((await part('lanes', 601_000))?.status).toBe('warning');
    const failed = { status: 'failed', endedAt: Date.now(), error: 'boom' };
    gateway.calls.set('tasks.list', { tasks: [failed, failed, failed] });
    expect((await part('tasks'))?.summary).toBe('tasks of the last hour: 3 failed, 0 succeeded');
    gateway.calls.set('tasks.list', {
      tasks: [failed, failed, failed, { status: 'completed', endedAt: Date.now(), error: null }],
    });
    expect((await part('tasks'))?.summary).toBe('tasks of the last hour: 3 failed, 1 succeeded');
    expect((await part('tasks'))?.status).toBe('ok');
    const ofJob = { ...failed, runtime: 'cron', sourceId: 'a' };
    gateway.calls.set('tasks.list', { tasks: [ofJob, ofJob, ofJob] });
    expect((await part('tasks'))?.status, 'one job is judged by cron_jobs').toBe('ok');
    const others = ['b', 'c'].map((sourceId) => ({ ...ofJob, sourceId }));
    gateway.calls.set('tasks.list', { tasks: [ofJob, ...others] });
    expect((await part('tasks'))?.status).toBe('critical');
    const skipped = { ...failed, error: 'heartbeat skipped: no-route' };
    gateway.calls.set('tasks.list', { tasks: [failed, failed, skipped] });
    expect((await part('tasks'))?.status).toBe('ok');
  });
});
