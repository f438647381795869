import { readFileSync } from 'node:fs';
import { readdir, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openclawOf } from '../../src/checks/openclaw.ts';
import { partNames } from '../../src/checks/openclaw/part.ts';
import type { PartFinding, RecordedResult } from '../../src/model/result.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import {
  openedCheck,
  rememberingChecks,
  valuesOf,
  type TestedCheck,
} from '../support/host-check.ts';
import {
  gatewayToken,
  readyBody,
  startGateway,
  type StandInGateway,
} from '../support/openclaw-gateway.ts';
import { startTcpServer } from '../support/tcp-server.ts';

interface Watched {
  readonly gateway: StandInGateway;
  readonly clock: FakeClock;
  readonly check: TestedCheck;
  /** Looks so many times, 15 seconds apart, and gives the last result. */
  readonly look: (times?: number) => Promise<RecordedResult>;
}

async function watched(
  keys: Readonly<Record<string, unknown>> = {},
  ageSeconds?: number,
): Promise<Watched> {
  const gateway = await startGateway(ageSeconds);
  const clock = createFakeClock({ wallMs: Date.now() });
  const given = { state_dir: gateway.stateFolder, ...keys };
  const memory = rememberingChecks();
  const check = openedCheck(openclawOf(gateway.places), given, {
    clock,
    memory,
    common: { timeoutMs: 12_000 },
  });
  const look = async (times = 1): Promise<RecordedResult> => {
    const result = await check.run();
    if (times === 1) return result;
    await clock.advance(15_000);
    return look(times - 1);
  };
  return { gateway, clock, check, look };
}

function part(result: RecordedResult, name: string): PartFinding | undefined {
  return result.findings?.find((one) => one.part === name);
}

describe('a healthy gateway', () => {
  test('is well in every part, with figures that begin with the part', async () => {
    const { look } = await watched();
    const result = await look();
    expect(result.summary).toMatch(/^the gateway on port \d+ is well in all 23 parts$/);
    expect(result.status).toBe('ok');
    expect(valuesOf(result)).toMatchObject({ 'cron_jobs.jobs': 3, 'readiness.failing': 0 });
    expect(valuesOf(result)['memory.resident_bytes']).toBeGreaterThan(1e6);
    expect(result.subjectAgeMs).toBeGreaterThan(3_590_000);
  });

  test('is found without a word of configuration, through the homes of the users', async () => {
    const { gateway } = await watched();
    const home = join(gateway.stateFolder, '..');
    await symlink('/etc/hostname', join(home, 'unrelated'));
    await gateway.write('../passwd', `claw:x:1000:1000::${home}:/bin/sh\n`);
    const result = await openedCheck(openclawOf(gateway.places)).run();
    expect(result.summary).toContain(`port ${gateway.port}`);
    expect(result.status).toBe('ok');
  });

  test('is left as it is: no file appears beside its databases', async () => {
    const { gateway, look } = await watched();
    const folder = join(gateway.stateFolder, 'state');
    const before = await readdir(folder);
    await look();
    expect(await readdir(folder)).toEqual(before);
    gateway.database.exec('PRAGMA journal_mode = DELETE');
    await look();
    expect(await readdir(folder)).toEqual(['openclaw.sqlite']);
  });

  test('never gives away its token, nor what its jobs do', async () => {
    const { gateway, look } = await watched();
    gateway.answer('/readyz', { status: 503, body: readyBody({ failing: [gatewayToken] }) });
    const text = JSON.stringify(await look(4));
    expect(text).toContain('<secret>');
    expect(text).not.toContain(gatewayToken);
    expect(text).not.toContain('nobody may see');
  });

  test('is looked at only in the parts that are wanted', async () => {
    const { look } = await watched({ parts: { memory: false, cron_jobs: false } });
    const result = await look();
    expect(result.findings).toHaveLength(21);
    expect(part(result, 'memory')).toBeUndefined();
  });
});

describe('a gateway that does not answer', () => {
  test('is down at the second look that is refused', async () => {
    const { gateway, look } = await watched();
    await gateway.stop();
    expect((await look()).status).toBe('ok');
    const result = await look();
    expect(result).toMatchObject({ status: 'critical', reason: 'connect' });
    expect(result.summary).toMatch(
      /^health: the gateway is down: connect to 127\.0\.0\.1:\d+ refused, though process \d+ runs: it may still be stopping$/,
    );
  });

  test('is given time to start', async () => {
    const { gateway, look } = await watched({}, 30);
    await gateway.stop();
    expect((await look(4)).status).toBe('ok');
  });

  test('is given time to start before it has taken the lock, but not for ever', async () => {
    const { gateway, look, clock } = await watched();
    await gateway.stop();
    await gateway.remove('tmp');
    await gateway.write('../proc/4711/cmdline', 'openclaw\0');
    const ticks =
      100 * (Number(readFileSync(join(gateway.places.proc, 'uptime'), 'utf8').split(' ')[0]) - 5);
    const fields = `S 1 1 1 0 -1 0 ${'0 '.repeat(12)}${Math.round(ticks)} 0`;
    await gateway.write('../proc/4711/stat', `4711 (openclaw) ${fields}`);
    const result = await look(4);
    expect(part(result, 'process')?.summary).toBe(
      'a gateway is starting, and has not taken the lock yet',
    );
    expect(result.status).toBe('ok');
    await clock.advance(300_000);
    expect((await look(2)).status).toBe('critical');
  });

  const hang = async ({ gateway, check, clock }: Watched): Promise<RecordedResult> => {
    for (const path of ['/health', '/startupz', '/readyz']) gateway.answer(path, 'silence');
    const state = { isDone: false };
    const running = check.run().finally(() => (state.isDone = true));
    while (!state.isDone) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await clock.advance(100);
    }
    return running;
  };

  test('hangs if it takes connections and says nothing, and its deadline is kept', async () => {
    const world = await watched();
    await hang(world);
    expect((await hang(world)).status).toBe('ok');
    const result = await hang(world);
    expect(result).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(part(result, 'health')?.summary).toContain('the gateway hangs');
  });

  test('hangs also if it has only just started', async () => {
    const world = await watched({}, 30);
    expect((await world.look()).status).toBe('ok');
    await hang(world);
    await hang(world);
    await world.clock.advance(80_000);
    const result = await hang(world);
    expect(part(result, 'health')?.summary).toContain('the gateway hangs');
    expect(part(result, 'ticks')?.summary).toMatch(/^because of health: the last tick came/);
  });

  test('was stopped if its lock is gone', async () => {
    const { gateway, look } = await watched();
    await gateway.stop();
    await gateway.remove('tmp');
    expect(part(await look(2), 'process')).toMatchObject({
      status: 'critical',
      summary: expect.stringMatching(
        /^no gateway runs on .*: it was stopped, or was never started$/,
      ),
    });
  });

  test('ended badly if its process is gone, or its number belongs to another', async () => {
    const { gateway, look } = await watched();
    await gateway.lock({ startTime: 1 });
    expect(part(await look(2), 'process')?.summary).toMatch(/is another program by now$/);
    await gateway.lock({ pid: 4_000_000 });
    expect(part(await look(2), 'process')?.summary).toMatch(
      /process 4000000 of its lock has ended$/,
    );
  });
});

describe('what answers', () => {
  test('must be OpenClaw, whatever its status code says', async () => {
    const { gateway, look } = await watched();
    gateway.answer('/health', { status: 200, body: '<!doctype html>' });
    const health = part(await look(), 'health');
    expect(health).toMatchObject({ status: 'critical', reason: 'body' });
    expect(health?.summary).toContain('GET /health gives HTTP 200 and no JSON');
  });

  test('may be an older version that lacks a probe', async () => {
    const { gateway, look } = await watched();
    for (const path of ['/startupz', '/readyz']) {
      gateway.answer(path, { status: 200, body: '<!doctype html>' });
    }
    const result = await look();
    expect(result.status).toBe('ok');
    expect(part(result, 'startup')?.summary).toContain('this version does not offer /startupz');
  });

  test('that has been starting for too long is told first as a warning', async () => {
    const { gateway, look, clock } = await watched();
    const body = { ok: false, status: 'starting', pendingReason: 'startup-sidecars' };
    gateway.answer('/startupz', { status: 503, body });
    await look();
    await clock.advance(125_000);
    expect(part(await look(), 'startup')).toMatchObject({
      status: 'warning',
      summary: 'has been starting for 2m 5s: startup-sidecars',
    });
    await clock.advance(200_000);
    expect(part(await look(), 'startup')?.status).toBe('critical');
  });

  test('that loses a channel is a warning, and critical if it is often so', async () => {
    const others = partNames.filter((name) => name !== 'readiness');
    const parts = Object.fromEntries(others.map((name) => [name, false]));
    const { gateway, look } = await watched({ parts });
    const bad = { status: 503, body: readyBody({ ready: false, failing: ['telegram'] }) };
    const good = { status: 200, body: readyBody({}) };
    gateway.answer('/readyz', bad);
    expect(part(await look(2), 'readiness')?.status).toBe('ok');
    expect(part(await look(), 'readiness')).toMatchObject({
      status: 'warning',
      summary: 'telegram has not been ready 3 times in a row',
    });
    // It flaps: two bad looks for each good one, never three in a row.
    for (let round = 0; round < 25; round += 1) {
      gateway.answer('/readyz', good);
      await look(2);
      gateway.answer('/readyz', bad);
      await look(2);
      await look(2);
    }
    expect(part(await look(), 'readiness')).toMatchObject({ status: 'critical' });
  });

  test('with channels left off after unclean starts is critical, although it is green', async () => {
    const { gateway, look } = await watched();
    gateway.answer('/readyz', { status: 200, body: readyBody({ suppressed: ['telegram'] }) });
    const result = await look();
    expect(result.status).toBe('critical');
    expect(result.summary).toContain('the restart breaker has switched off telegram');
  });

  test('that says its database is unusable is critical at once', async () => {
    const { gateway, look } = await watched();
    const body = readyBody({ ready: false, failing: ['agent-database:main'] });
    gateway.answer('/readyz', { status: 503, body });
    expect((await look()).summary).toContain('agent-database:main is not usable');
  });

  test('with an overloaded event loop is a warning after a minute', async () => {
    const { gateway, look } = await watched();
    const eventLoop = {
      degraded: true,
      degradedSinceMs: 61_000,
      reasons: ['cpu'],
      delayMaxMs: 4054,
    };
    gateway.answer('/readyz', { status: 200, body: { ready: true, eventLoop } });
    expect(part(await look(), 'event_loop')).toMatchObject({
      status: 'warning',
      summary: 'the event loop has been overloaded for 1m 1s (cpu), answers wait up to 4.1s',
    });
  });
});

describe('the state folder', () => {
  test('with a database that is none any more is critical, behind a green /health', async () => {
    const { gateway, look } = await watched();
    await gateway.write('agents/main/agent/openclaw-agent.sqlite', 'garbage garbage garbage');
    expect(part(await look(), 'storage')).toMatchObject({
      status: 'critical',
      reason: 'body',
      summary: expect.stringMatching(
        /openclaw-agent\.sqlite is no SQLite database any more: restore it/,
      ),
    });
  });

  test('with settings that are empty, cut off or replaced', async () => {
    const { gateway, look } = await watched();
    await gateway.write('openclaw.json', '{ gateway: { port: 1');
    expect(part(await look(), 'config')?.summary).toContain('is not valid JSON5');
    await gateway.write('openclaw.json', ' \n');
    expect(part(await look(), 'config')?.summary).toMatch(/openclaw\.json is empty$/);
    await gateway.write('openclaw.json', '{}');
    await gateway.write('openclaw.json.clobbered.2026-11-28', 'x');
    expect(part(await look(), 'config')).toMatchObject({ status: 'warning', reason: 'status' });
    const old = new Date(Date.now() - 3_700_000);
    await utimes(join(gateway.stateFolder, 'openclaw.json.clobbered.2026-11-28'), old, old);
    expect(part(await look(), 'config')?.status).toBe('ok');
  });

  test('with a new black box, and with jobs that are no longer read', async () => {
    const { gateway, look } = await watched();
    const name = 'logs/stability/openclaw-stability-2026-11-28-9-x.json';
    await gateway.write(name, { reason: 'gateway.stop_shutdown_timeout', version: '2026.9.6' });
    await gateway.write('cron/jobs.json', '{ broken');
    const result = await look();
    expect(part(result, 'black_box')?.summary).toContain('(gateway.stop_shutdown_timeout)');
    expect(part(result, 'leftovers')).toMatchObject({ status: 'warning', reason: 'stale' });
    expect(result.summary).toMatch(/\(not well: black_box, leftovers\)$/);
    expect(result.detail).toHaveLength(2);
  });

  test('that is not there says so, and is no outage', async () => {
    const { gateway } = await watched();
    const keys = { state_dir: join(gateway.stateFolder, 'nowhere') };
    expect(await openedCheck(openclawOf(gateway.places), keys).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
    });
  });
});

describe('starts', () => {
  const start = (gateway: StandInGateway, id: string, agoMs: number, outcome: string | null) =>
    gateway.database
      .prepare('INSERT INTO gateway_boot_lifecycle VALUES (?, ?, ?, NULL, ?, NULL, NULL)')
      .run(
        id,
        outcome === 'running' ? process.pid : 1,
        Date.now() - agoMs,
        outcome === 'running' ? null : outcome,
      );

  test('after clean stops are nobody’s news; those after crashes are counted', async () => {
    const { gateway, look } = await watched();
    start(gateway, 'a', 200_000, 'clean_stop');
    start(gateway, 'b', 150_000, 'clean_stop');
    start(gateway, 'd', 10_000, 'running');
    expect(part(await look(), 'boots')?.status).toBe('ok');
    start(gateway, 'b2', 100_000, null);
    start(gateway, 'c', 50_000, 'forced_stop');
    expect(part(await look(), 'boots')).toMatchObject({
      status: 'warning',
      summary: '2 starts without a clean stop before them within 5m',
    });
    start(gateway, 'c2', 30_000, null);
    expect(part(await look(), 'boots')?.status).toBe('critical');
  });

  test('that failed for good ask for a person, not for another start', async () => {
    const { gateway, look } = await watched();
    await gateway.stop();
    await gateway.remove('tmp');
    start(gateway, 'a', 10_000, 'startup_failed');
    expect(part(await look(), 'boots')?.summary).toContain('starting it again does not help');
  });
});

test('a port that another program holds is critical, and named', async () => {
  const { gateway, look } = await watched();
  await gateway.lock({ pid: 1, startTime: undefined });
  const { symlinkSync } = await import('node:fs');
  symlinkSync('/proc/1', join(gateway.places.proc, '1'));
  expect(part(await look(), 'port')).toMatchObject({
    status: 'critical',
    summary: expect.stringMatching(
      /^port \d+ belongs to .+ \(process \d+\), not to the gateway \(process 1\)$/,
    ),
  });
});

test('what answers nonsense on the port is never a crash of the check', async () => {
  const { gateway, look } = await watched();
  await gateway.stop();
  await using nonsense = await startTcpServer((socket) => socket.end('\0\0 what?\r\n\r\n'));
  await gateway.lock({ port: nonsense.port });
  expect(part(await look(2), 'health')).toMatchObject({ status: 'critical', reason: 'protocol' });
});
