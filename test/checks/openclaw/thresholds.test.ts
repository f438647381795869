import { describe, expect, test } from 'vitest';
import { readyBody, startGateway, type StandInGateway } from '../../support/openclaw-gateway.ts';
import { watchGateway } from '../../support/openclaw-watch.ts';

describe('answers of the probes', () => {
  const slow = async (gateway: StandInGateway) => {
    const watched = await watchGateway(
      ['health'],
      { slow: '1ms', boot_patience: '2m' },
      { gateway },
    );
    // Whatever the machine: each answer takes as long as the clock goes on meanwhile.
    const now = watched.clock.now.bind(watched.clock);
    let reads = 0;
    watched.clock.now = () => {
      reads += 1;
      if (reads % 2 === 0) watched.clock.stall(5);
      return now();
    };
    return watched;
  };

  test('that are slow three times of five are a warning', async () => {
    const { part } = await slow(await startGateway());
    for (let look = 0; look < 2; look += 1) expect((await part('health', 0))?.status).toBe('ok');
    expect(await part('health', 0)).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary: expect.stringMatching(/^slow: 3 of the last 5 answers took longer than 1ms/),
    });
  });

  test('may be slow while the gateway starts', async () => {
    const gateway = await startGateway(10);
    gateway.answer('/startupz', { status: 503, body: { ok: false, status: 'starting' } });
    const { part } = await slow(gateway);
    for (let look = 0; look < 5; look += 1) expect((await part('health', 0))?.status).toBe('ok');
  });

  test('that say for over six minutes that it is stopping are critical', async () => {
    const { gateway, part } = await watchGateway(['startup']);
    gateway.answer('/startupz', { status: 503, body: { ok: false, status: 'draining' } });
    expect((await part('startup'))?.status).toBe('ok');
    expect((await part('startup', 350_000))?.status).toBe('ok');
    expect(await part('startup', 15_000)).toMatchObject({
      status: 'critical',
      summary: 'has been stopping for 6m 5s',
    });
  });

  test.each([
    [30_000, 3600, 'ok'],
    [61_000, 3600, 'warning'],
    [301_000, 3600, 'critical'],
    [301_000, 50, 'ok'],
  ])('that tell of %i ms of overload, %i s after the start, are %s', async (ms, age, status) => {
    const gateway = await startGateway(age);
    const eventLoop = { degraded: true, degradedSinceMs: ms, reasons: ['cpu'], delayMaxMs: 2000 };
    gateway.answer('/readyz', { status: 200, body: readyBody({ eventLoop }) });
    const { part } = await watchGateway(['event_loop'], {}, { gateway });
    expect((await part('event_loop', 0))?.status).toBe(status);
  });
});

describe('what the gateway tells of itself', () => {
  test.each(['not-running', 'stale-socket', 'stuck', 'blocked', 'terminal-disconnect'])(
    'the only account, %s for five minutes, is critical',
    async (healthState) => {
      const { gateway, part } = await watchGateway(['handshake', 'channels']);
      const account = { accountId: 'main', running: true, healthState };
      gateway.calls.set('channels.status', { channelAccounts: { whatsapp: [account] } });
      expect((await part('channels'))?.status).toBe('ok');
      expect(await part('channels', 300_000)).toMatchObject({
        status: 'critical',
        summary: `whatsapp (main) has been ${healthState} for 5m`,
      });
    },
  );

  test('an account that is switched off or was never set up is no trouble', async () => {
    const { gateway, part } = await watchGateway(['handshake', 'channels']);
    const off = { accountId: 'a', enabled: false, running: false };
    const bare = { accountId: 'b', configured: false, connected: false };
    gateway.calls.set('channels.status', { channelAccounts: { telegram: [off, bare] } });
    await part('channels');
    expect(await part('channels', 900_000)).toMatchObject({
      status: 'ok',
      summary: '0 accounts, 0 not well',
    });
  });

  test('a job that was switched off after ten errors is critical', async () => {
    const { gateway, part } = await watchGateway(['cron_jobs']);
    gateway.addJob('backup', { consecutiveErrors: 10 }, { enabled: false });
    expect(await part('cron_jobs')).toMatchObject({
      status: 'critical',
      summary: 'backup was switched off after 10 errors',
    });
  });

  test.each([
    [{ lost: 1 }, 'the gateway has lost track of 1 task'],
    [{ stale_running: 2 }, 'marked as running, and not so: 2 tasks'],
  ])('tasks that are %o are a warning', async (byCode, summary) => {
    const { gateway, part } = await watchGateway(['handshake', 'plugins']);
    gateway.calls.set('status', { taskAudit: { byCode } });
    expect(await part('plugins')).toMatchObject({ status: 'warning', summary });
  });

  test('plugins whose secrets cannot be read are a warning that names no secret', async () => {
    const { gateway, part } = await watchGateway(['handshake', 'plugins']);
    gateway.calls.set('status', { degradedSecretOwners: [{ owner: 'x', path: 'a.secret.path' }] });
    const found = await part('plugins');
    expect(found?.status).toBe('warning');
    expect(found?.summary).not.toContain('a.secret.path');
  });
});
