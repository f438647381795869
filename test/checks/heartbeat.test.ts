import { describe, expect, test } from 'vitest';
import { heartbeat } from '../../src/checks/heartbeat.ts';
import { openCronTimes } from '../../src/checks/host/cron-times.ts';
import type { WallMs } from '../../src/model/time.ts';
import type { HeartbeatRecord } from '../../src/model/view.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';

const minuteMs = 60_000;
const at = (date: string): WallMs => Date.parse(date) as WallMs;

/** Judges a job that has reported this, at a date. */
async function judged(
  keys: Readonly<Record<string, unknown>>,
  record: HeartbeatRecord | undefined,
  now: WallMs,
) {
  const clock = createFakeClock({ wallMs: now });
  return openedCheck(heartbeat, keys, { clock, view: { heartbeat: () => record } }).run();
}

const noon = at('2025-01-15T12:00:00Z');
const before = (minutes: number): WallMs => (noon - minutes * minuteMs) as WallMs;

describe('a job that reports every so often', () => {
  const hourly = { every: '1h', grace: '5m' };

  test('is in time until the interval and its grace have passed', async () => {
    const record = { since: before(600), lastSuccessAt: before(65) };
    const result = await judged(hourly, record, noon);
    expect(result).toMatchObject({
      status: 'ok',
      summary: 'last report 1h 5m ago, expected every 1h with 5m of grace',
    });
    expect(valuesOf(result)).toEqual({ last_success_age_seconds: 3900 });
  });

  test('is late after that, and how late', async () => {
    const record = { since: before(600), lastSuccessAt: before(75) };
    expect(await judged(hourly, record, noon)).toMatchObject({
      status: 'critical',
      reason: 'stale',
      summary: 'last report 1h 15m ago, expected every 1h with 5m of grace: 10m late',
    });
  });

  test('that never reported counts from when it was first expected', async () => {
    expect((await judged(hourly, { since: before(64) }, noon)).status).toBe('ok');
    expect(await judged(hourly, { since: before(70) }, noon)).toMatchObject({
      status: 'critical',
      reason: 'stale',
      summary: 'no report for 1h 10m, expected every 1h with 5m of grace: 5m late',
    });
  });

  test('is late by the steady clock, whatever became of the date', async () => {
    const dayMs = 24 * 60 * minuteMs;
    const clock = createFakeClock({ wallMs: noon });
    const record = { since: noon, lastSuccessAt: noon, countedFrom: clock.now().steadyMs };
    const check = openedCheck(heartbeat, hourly, { clock, view: { heartbeat: () => record } });
    clock.jumpWall(3 * dayMs);
    await clock.advance(10 * minuteMs);
    expect(await check.run()).toMatchObject({
      status: 'ok',
      summary: 'last report 10m ago, expected every 1h with 5m of grace',
    });
    clock.jumpWall(-6 * dayMs);
    await clock.advance(60 * minuteMs);
    expect(await check.run()).toMatchObject({
      status: 'critical',
      summary: 'last report 1h 10m ago, expected every 1h with 5m of grace: 5m late',
    });
  });

  test('is not late because the date was set back', async () => {
    const record = { since: before(600), lastSuccessAt: before(-30) };
    expect((await judged(hourly, record, noon)).status).toBe('ok');
  });

  test('that started and has not finished says so', async () => {
    const record = { since: before(600), lastSuccessAt: before(75), lastStartAt: before(12) };
    const { summary } = await judged(hourly, record, noon);
    expect(summary).toContain('10m late; a run started 12m ago has not finished');
  });

  test('that failed is critical with its exit code and what it said', async () => {
    const failed = { at: before(5), exitCode: 3, output: '\npg_dump: no space left\nbye\n' };
    expect(await judged(hourly, { since: before(600), failed }, noon)).toMatchObject({
      status: 'critical',
      reason: 'command',
      summary: 'the job failed with exit code 3 5m ago: pg_dump: no space left',
      detail: ['pg_dump: no space left', 'bye'],
    });
  });

  test('that the agent does not wait for is unknown', async () => {
    expect(await judged(hourly, undefined, noon)).toMatchObject({ status: 'unknown' });
  });
});

describe('a job that runs by a schedule', () => {
  const nightly = { schedule: '0 3 * * *', tz: 'Europe/Berlin', grace: '30m' };
  const since = before(6000);

  test('is in time when it reported after its last start', async () => {
    const record = { since, lastSuccessAt: at('2025-01-15T02:10:00Z') };
    expect(await judged(nightly, record, noon)).toMatchObject({
      status: 'ok',
      summary: 'last report 9h 50m ago, expected at 2025-01-15 02:00 UTC with 30m of grace',
    });
  });

  test('is late when it did not', async () => {
    const record = { since, lastSuccessAt: at('2025-01-14T02:10:00Z') };
    expect(await judged(nightly, record, noon)).toMatchObject({
      status: 'critical',
      reason: 'stale',
      summary: expect.stringContaining(
        'expected at 2025-01-15 02:00 UTC with 30m of grace: 9h 30m late',
      ) as string,
    });
  });

  test('has its grace', async () => {
    const record = { since, lastSuccessAt: at('2025-01-14T02:10:00Z') };
    expect((await judged(nightly, record, at('2025-01-15T02:29:00Z'))).status).toBe('ok');
    expect((await judged(nightly, record, at('2025-01-15T02:31:00Z'))).status).toBe('critical');
  });

  test('owes nothing from before it was expected', async () => {
    const record = { since: at('2025-01-15T02:01:00Z') };
    expect(await judged(nightly, record, noon)).toMatchObject({ status: 'ok' });
  });
});

describe('the keys', () => {
  test.each([
    [{ every: '1h', schedule: '* * * * *' }, 'every and schedule exclude each other'],
    [{}, 'every (such as 1h) or schedule (such as "0 3 * * *") is missing'],
    [{ every: '1h', tz: 'Europe/Berlin' }, 'tz has a meaning only together with schedule'],
    [{ schedule: '* * * *' }, 'a cron expression of five fields'],
    [{ schedule: '* * * * *', tz: 'Europe/Atlantis' }, 'a time zone such as'],
  ])('%j are refused', (keys, message) => {
    expect(() => openedCheck(heartbeat, keys)).toThrow(message);
  });
});

describe('the last time of a schedule', () => {
  const last = async (expression: string, zone: string | undefined, now: string) => {
    const times = await openCronTimes(expression, zone);
    const found = times.previous(Date.parse(now));
    times.close();
    return found === undefined ? undefined : new Date(found).toISOString().slice(0, 16);
  };

  test.each([
    ['* * * * *', 'UTC', '2025-01-15T12:00:59Z', '2025-01-15T12:00'],
    ['*/15 * * * *', 'UTC', '2025-01-15T12:14:00Z', '2025-01-15T12:00'],
    ['59 23 * * *', 'UTC', '2025-01-15T12:00:00Z', '2025-01-14T23:59'],
    ['0 0 * * *', 'Pacific/Kiritimati', '2025-01-15T12:00:00Z', '2025-01-15T10:00'],
    ['30 3 1 1 *', 'Asia/Kolkata', '2025-12-31T00:00:00Z', '2024-12-31T22:00'],
    ['0 9 * * 1', 'Europe/Berlin', '2025-07-16T12:00:00Z', '2025-07-14T07:00'],
    // Clocks were put forward at 02:00 that night: there was no 02:30.
    ['30 2 * * *', 'Europe/Berlin', '2025-03-30T12:00:00Z', '2025-03-29T01:30'],
  ])('%s in %s, seen at %s, is %s', async (expression, zone, now, found) => {
    expect(await last(expression, zone, now)).toBe(found);
  });

  test('is nothing where there was none for 400 days', async () => {
    expect(await last('0 0 29 2 *', 'UTC', '2027-06-01T00:00:00Z')).toBeUndefined();
  });

  test('is found again from where the last search ended, and after the date was set back', async () => {
    const times = await openCronTimes('0 6 * * *', 'UTC');
    const found = (now: string) => new Date(times.previous(Date.parse(now)) ?? 0).toISOString();
    expect(found('2025-01-15T12:00:00Z')).toBe('2025-01-15T06:00:00.000Z');
    expect(found('2025-01-16T05:59:00Z')).toBe('2025-01-15T06:00:00.000Z');
    expect(found('2025-01-16T06:00:00Z')).toBe('2025-01-16T06:00:00.000Z');
    expect(found('2025-01-10T00:00:00Z')).toBe('2025-01-09T06:00:00.000Z');
    times.close();
  });

  test('agrees with a search minute by minute', async () => {
    const { createTask } = await import('node-cron');
    const zone = 'Australia/Lord_Howe';
    for (const expression of ['7,43 1-3 * * *', '0 */5 6 4 *', '59 1 * * 0', '30 1 5,6 * *']) {
      const task = createTask(expression, () => undefined, { timezone: zone });
      const times = await openCronTimes(expression, zone);
      // The days around the end of summer time, half an hour in that zone.
      for (let now = Date.UTC(2025, 3, 4); now < Date.UTC(2025, 3, 8); now += 211 * minuteMs) {
        const minute = Math.floor(now / minuteMs) * minuteMs;
        let expected = minute;
        while (!task.match(new Date(expected)) && minute - expected < 3 * 86_400_000) {
          expected -= minuteMs;
        }
        if (minute - expected < 3 * 86_400_000) expect(times.previous(now)).toBe(expected);
      }
      times.close();
      await task.destroy();
    }
  });
});
