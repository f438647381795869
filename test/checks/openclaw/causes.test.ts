import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startGateway } from '../../support/openclaw-gateway.ts';
import { watchGateway, type Watched } from '../../support/openclaw-watch.ts';

/** The parts that are not well, and the sentence of the whole. */
async function told({ look }: Watched, afterMs = 15_000) {
  const { findings = [], summary } = await look(afterMs);
  return {
    failing: findings.filter(({ status }) => status !== 'ok').map(({ part }) => part),
    summary,
  };
}

describe('a gateway that does not start', () => {
  test('because of its settings is told by them, and by nothing else', async () => {
    const watched = await watchGateway();
    await watched.gateway.stop();
    await watched.gateway.remove('tmp');
    await watched.gateway.write('openclaw.json', '{ gateway: { port: 1');
    await watched.look();
    const found = await told(watched);
    expect(found.failing).toEqual(['config']);
    expect(found.summary).toMatch(/^config: .*openclaw\.json is not valid JSON5/);
  });

  test('because of its database is told by that, and by nothing else', async () => {
    const watched = await watchGateway();
    await watched.gateway.stop();
    await watched.gateway.remove('tmp');
    watched.gateway.database.close();
    await watched.gateway.write('state/openclaw.sqlite', 'x'.repeat(8192));
    await watched.look();
    const found = await told(watched);
    expect(found.failing).toEqual(['storage']);
  });

  test('for no reason that is to be seen is told by its process alone', async () => {
    const watched = await watchGateway();
    await watched.gateway.stop();
    await watched.gateway.remove('tmp');
    await watched.look();
    expect((await told(watched)).failing).toEqual(['process']);
  });
});

describe('the black box of a start that failed', () => {
  const write = async (watched: Watched, reason: string, agoMs: number): Promise<void> => {
    const name = 'logs/stability/openclaw-stability-2026-11-28-9-x.json';
    await watched.gateway.write(name, { reason });
    const at = new Date(watched.clock.now().wallMs - agoMs);
    await utimes(join(watched.gateway.stateFolder, name), at, at);
  };

  test('is over once a gateway runs that started later', async () => {
    const watched = await watchGateway(undefined, {}, { gateway: await startGateway(600) });
    await write(watched, 'gateway.startup_failed', 60_000);
    expect((await told(watched)).failing).toEqual(['black_box']);
    await write(watched, 'gateway.startup_failed', 900_000);
    expect((await told(watched)).failing).toEqual([]);
  });

  test('is none if it tells of the end of one that ran', async () => {
    const watched = await watchGateway(undefined, {}, { gateway: await startGateway(600) });
    await write(watched, 'gateway.stop_shutdown_timeout', 900_000);
    expect((await told(watched)).failing).toEqual(['black_box']);
  });
});

test('a gateway that starts slowly raises nothing for as long as it may', async () => {
  const gateway = await startGateway(5);
  const watched = await watchGateway(undefined, {}, { gateway });
  const body = { ok: false, status: 'starting', pendingReason: 'startup-sidecars' };
  const eventLoop = { degraded: true, degradedSinceMs: 90_000, reasons: ['cpu'] };
  gateway.answer('/startupz', { status: 503, body });
  gateway.answer('/readyz', {
    status: 503,
    body: { ready: false, failing: ['startup-sidecars'], eventLoop },
  });
  gateway.greeting = 'silent';
  for (let look = 0; look < 7; look += 1) {
    expect((await told(watched)).failing).toEqual([]);
  }
});

test('a healthy gateway raises nothing for ten minutes of looks', async () => {
  const watched = await watchGateway(undefined, { canary: {} });
  for (let look = 0; look < 40; look += 1) {
    expect((await told(watched)).failing).toEqual([]);
  }
});
