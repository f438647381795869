import { describe, expect, test } from 'vitest';
import { watchGateway } from '../../support/openclaw-watch.ts';

const minuteMs = 60_000;

type Event = Readonly<Record<string, unknown>>;

/** What a gateway answers for its diary: events of the one kind that is asked for. */
const diary = (events: readonly Event[], dropped = 0) => ({
  answer: (parameters: Readonly<Record<string, unknown>>) => {
    const of = events.filter(({ type }) => type === parameters['type']);
    return { capacity: 1000, count: of.length, dropped, events: of, summary: { byType: {} } };
  },
});

const pressure = (agoMs: number, level: string): Event => ({
  seq: 7,
  ts: Date.now() - agoMs,
  type: 'diagnostic.memory.pressure',
  level,
  reason: 'rss_threshold',
  memory: { rssBytes: 4e9 },
});

const stuck = (agoMs: number): Event => ({
  seq: 9,
  ts: Date.now() - agoMs,
  type: 'session.stuck',
  level: 'warning',
  reason: 'queued_work_without_active_run',
  ageMs: 240_000,
});

describe('the diary of a gateway', () => {
  const watched = async (events: readonly Event[], dropped?: number) => {
    const one = await watchGateway(['handshake', 'stability']);
    one.gateway.calls.set('diagnostics.stability', diary(events, dropped).answer);
    return one;
  };

  test('that tells of critical memory pressure is a warning for an hour', async () => {
    const { part } = await watched([pressure(2 * minuteMs, 'critical'), pressure(0, 'warning')]);
    expect(await part('stability')).toMatchObject({
      status: 'warning',
      summary: 'the gateway says that memory ran short 3m ago (rss_threshold), 1 time within 1h',
    });
    expect((await part('stability', 60 * minuteMs))?.status).toBe('ok');
  });

  test('that tells of a stuck session is a warning, with the reason and how often', async () => {
    const { part } = await watched([stuck(9 * minuteMs), stuck(5 * minuteMs)]);
    expect(await part('stability')).toMatchObject({
      status: 'warning',
      summary: 'a session was stuck 6m ago (queued_work_without_active_run), 2 times within 1h',
    });
  });

  test('that has dropped older events only says so: a busy one always does', async () => {
    const { part } = await watched([], 4711);
    const found = await part('stability');
    expect(found).toMatchObject({
      status: 'ok',
      summary: 'no memory pressure, no stuck session; 4711 older events dropped',
    });
    expect(found?.values).toContainEqual({ metric: 'dropped', value: 4711, unit: 'c' });
  });
});

describe('runs of jobs', () => {
  const at = Math.floor(Date.now() / (60 * minuteMs)) * 60 * minuteMs - 60 * minuteMs;
  const run = (afterMs: number, over: object = {}) => ({
    jobId: 'j',
    jobName: 'backup',
    status: 'ok',
    runAtMs: at + afterMs,
    ...over,
  });
  const runsOf = async (schedule: object, ...entries: readonly object[]) => {
    const { gateway, part } = await watchGateway(['handshake', 'cron_runs'], { hold: '1d' });
    gateway.calls.set('cron.list', { jobs: [{ id: 'j', schedule }], total: 3 });
    gateway.calls.set('cron.runs', { entries });
    return (await part('cron_runs'))?.summary;
  };
  const hourly = { kind: 'cron', expr: '0 * * * *', tz: 'UTC' };
  const halfHourly = { kind: 'every', everyMs: 30 * minuteMs };
  const twice = /^backup was started twice within/;
  const once = /none of them twice$/;

  test('are twice for one time of a cron expression, also minutes apart', async () => {
    expect(await runsOf(hourly, run(0), run(10 * minuteMs))).toMatch(twice);
    expect(await runsOf(hourly, run(-2 * minuteMs), run(2 * minuteMs))).toMatch(once);
  });

  test('are twice if they are closer than half the interval', async () => {
    expect(await runsOf(halfHourly, run(0), run(14 * minuteMs))).toMatch(twice);
    expect(await runsOf(halfHourly, run(0), run(16 * minuteMs))).toMatch(once);
  });

  test('are not, if the first failed and is tried again, or a person started one', async () => {
    expect(await runsOf(hourly, run(0, { status: 'error' }), run(minuteMs))).toMatch(once);
    const byHand = run(minuteMs, { runId: 'manual:j:1:1' });
    expect(await runsOf(hourly, run(0), byHand)).toMatch(once);
  });

  test('with a schedule that nobody understands count only if they are seconds apart', async () => {
    const strange = { kind: 'cron', expr: 'every other tuesday' };
    expect(await runsOf(strange, run(0), run(10 * minuteMs))).toMatch(once);
    expect(await runsOf(strange, run(0), run(2000))).toMatch(twice);
  });
});

describe('jobs', () => {
  test('that leave out a time of their cron expression are a warning', async () => {
    const { gateway, part } = await watchGateway(['cron_jobs']);
    const schedule = { kind: 'cron', expr: '*/10 * * * *', tz: 'UTC' };
    const slot = Math.ceil(Date.now() / (10 * minuteMs)) * 10 * minuteMs;
    gateway.addJob('report', { nextRunAtMs: slot + 1000 }, { schedule });
    expect((await part('cron_jobs', 0))?.status).toBe('ok');
    gateway.addJob('digest', { nextRunAtMs: slot + 60 * minuteMs }, { schedule });
    expect(await part('cron_jobs', 0)).toMatchObject({
      status: 'warning',
      summary: expect.stringMatching(/^digest is due in .*, but is planned only in /),
    });
    gateway.database.exec(`DELETE FROM cron_jobs WHERE name = 'digest'`);
    const failed = { nextRunAtMs: slot + 60 * minuteMs, consecutiveErrors: 1 };
    gateway.addJob('mail', failed, { schedule });
    expect((await part('cron_jobs', 0))?.summary).not.toContain('mail is due');
  });

  test('that were skipped several times are named, and are no trouble', async () => {
    const { gateway, part } = await watchGateway(['cron_jobs']);
    gateway.addJob('beat', { nextRunAtMs: Date.now() + minuteMs, consecutiveSkipped: 3 });
    expect(await part('cron_jobs')).toMatchObject({
      status: 'ok',
      summary: expect.stringContaining('skipped three times and more: beat'),
    });
  });

  test('whose description is very long are judged all the same', async () => {
    const { gateway, part } = await watchGateway(['cron_jobs']);
    const schedule = { kind: 'every', everyMs: 1000, note: 'x'.repeat(100_000) };
    gateway.addJob('long', { nextRunAtMs: Date.now() - 10 * minuteMs }, { schedule });
    expect((await part('cron_jobs'))?.summary).toMatch(/^long should have started 11m ago$/);
  });
});

describe('accounts of channels', () => {
  const heard = (lastInboundAt: number, over: object = {}) => ({
    channelAccounts: {
      telegram: [{ accountId: 'a', running: true, connected: true, lastInboundAt, ...over }],
      whatsapp: [{ accountId: 'b', running: true }],
    },
  });

  test('that hear nothing for much longer than usual are of interest only', async () => {
    const { gateway, clock, part } = await watchGateway(['handshake', 'channels']);
    for (let message = 0; message < 7; message += 1) {
      gateway.calls.set('channels.status', heard(clock.now().wallMs));
      await part('channels', 12 * minuteMs);
    }
    expect((await part('channels', 20 * minuteMs))?.summary).toBe('2 accounts, 0 not well');
    expect(await part('channels', 20 * minuteMs)).toMatchObject({
      status: 'ok',
      summary: expect.stringMatching(
        /^2 accounts, 0 not well; telegram \(a\) has heard nothing for 5\dm.*, usually for 12m.* at most$/,
      ),
    });
  });

  test('that connect again twice have not begun anew more often than that', async () => {
    const { gateway, part } = await watchGateway(['handshake', 'channels']);
    for (const over of [
      { reconnectAttempts: 0, lastStartAt: 1 },
      { reconnectAttempts: 1, lastStartAt: 1 },
      { reconnectAttempts: 0, lastStartAt: 1 },
      { reconnectAttempts: 1, lastStartAt: 1 },
      { reconnectAttempts: 0, lastStartAt: null },
    ]) {
      gateway.calls.set('channels.status', heard(1, over));
      expect((await part('channels'))?.status).toBe('ok');
    }
  });
});

test('cron that the settings switch off was asked for, and is well', async () => {
  const { gateway, part } = await watchGateway(['handshake', 'cron']);
  gateway.calls.set('cron.status', { enabled: false, jobs: 3, nextWakeAtMs: null });
  expect((await part('cron'))?.status).toBe('critical');
  const auth = { token: 'a-token-that-nobody-may-see-4711' };
  const settings = { gateway: { port: gateway.port, auth }, cron: { enabled: false } };
  await gateway.write('openclaw.json', settings);
  expect((await part('cron'))?.status).toBe('ok');
});
