import { describe, expect, onTestFinished, test } from 'vitest';
import type { CheckSpec } from '../../src/model/check.ts';
import { concurrentRunsMax } from '../../src/model/limits.ts';
import type { CronListener } from '../../src/schedule/cron.ts';
import { startCron } from '../../src/schedule/cron.ts';
import { Scheduler } from '../../src/schedule/scheduler.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { policy, spec } from '../support/policy.ts';

function every(name: string, intervalMs: number, changes: Partial<CheckSpec> = {}): CheckSpec {
  return spec({ name, schedule: { kind: 'interval', intervalMs }, ...changes });
}

/** A scheduler whose runs end when the test says so, or at once. */
function begin(options: { readonly manual?: boolean; readonly undecided?: () => boolean } = {}) {
  const clock = createFakeClock();
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const lags: number[] = [];
  let running = 0;
  let most = 0;
  const cron: CronListener[] = [];
  const scheduler = new Scheduler({
    clock,
    startCron: async (_expression, _zone, listener) => {
      cron.push(listener);
      return { next: () => undefined, stop: () => {} };
    },
    onLag: (lag) => lags.push(lag),
    async run({ name }) {
      started.push(name);
      running += 1;
      most = Math.max(most, running);
      if (options.manual) await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return { undecided: options.undecided?.() ?? false };
    },
  });
  return {
    clock,
    scheduler,
    started,
    lags,
    cron,
    end: () => ends.shift()?.(),
    most: () => most,
  };
}

describe('the scheduler', () => {
  test('runs a check soon, and then once an interval', async () => {
    const { clock, scheduler, started } = begin();
    scheduler.set([every('a', 10_000)]);
    await clock.advance(1000);
    expect(started).toEqual(['a']);
    await clock.advance(60_000);
    expect(started.length).toBeGreaterThanOrEqual(6);
    expect(started.length).toBeLessThanOrEqual(7);
    expect(scheduler.view('a')).toMatchObject({ runs: started.length, missed: 0, running: false });
  });

  test('a check never overlaps itself; slots that pass are counted as missed', async () => {
    const { clock, scheduler, started, end } = begin({ manual: true });
    scheduler.set([every('a', 10_000)]);
    await clock.advance(55_000);
    expect(started).toEqual(['a']);
    expect(scheduler.view('a')).toMatchObject({ running: true });
    end();
    await clock.advance(10_000);
    expect(started).toEqual(['a', 'a']);
    expect(scheduler.view('a')?.missed).toBeGreaterThanOrEqual(4);
  });

  test('concurrency is bounded, and who waits comes next in order', async () => {
    const { clock, scheduler, started, end, most } = begin({ manual: true });
    const names = Array.from({ length: concurrentRunsMax + 10 }, (_, index) => `check-${index}`);
    scheduler.set(names.map((name) => every(name, 60_000)));
    await clock.advance(1000);
    expect(started).toHaveLength(concurrentRunsMax);
    for (let index = 0; index < 10; index += 1) end();
    await clock.advance(0);
    expect(started).toHaveLength(concurrentRunsMax + 10);
    expect(most()).toBe(concurrentRunsMax);
  });

  test('it stands still only while something is due and no run begins or ends', async () => {
    const { clock, scheduler, end } = begin({ manual: true });
    const names = Array.from({ length: concurrentRunsMax + 1 }, (_, index) => `check-${index}`);
    scheduler.set(names.slice(0, -1).map((name) => every(name, 60_000)));
    await clock.advance(120_000);
    expect(scheduler.standstillMs()).toBe(0);
    scheduler.set(names.map((name) => every(name, 60_000)));
    scheduler.runSoon(names.at(-1) ?? '');
    await clock.advance(30_000);
    expect(scheduler.standstillMs()).toBe(30_000);
    end();
    await clock.advance(0);
    expect(scheduler.standstillMs()).toBe(0);
  });

  test('while undecided a check runs at its retry interval', async () => {
    let undecided = true;
    const { clock, scheduler, started } = begin({ undecided: () => undecided });
    scheduler.set([every('a', 60_000, { debounce: policy({ retryIntervalMs: 1000 }) })]);
    await clock.advance(1000);
    await clock.advance(10_000);
    expect(started.length).toBeGreaterThanOrEqual(10);
    undecided = false;
    await clock.advance(2000);
    const { length } = started;
    await clock.advance(20_000);
    expect(started.length).toBeLessThanOrEqual(length + 1);
  });

  test('a run out of turn leaves the regular time alone', async () => {
    const { clock, scheduler, started } = begin();
    scheduler.set([every('a', 60_000)]);
    await clock.advance(1000);
    const before = scheduler.view('a')?.nextRunAt;
    scheduler.runSoon('a');
    await clock.advance(0);
    expect(started).toEqual(['a', 'a']);
    expect(scheduler.view('a')?.nextRunAt).toBe(before);
  });

  test('asked to run while running, it runs once more afterwards', async () => {
    const { clock, scheduler, started, end } = begin({ manual: true });
    scheduler.set([every('a', 60_000)]);
    await clock.advance(1000);
    scheduler.runSoon('a');
    scheduler.runSoon('a');
    end();
    await clock.advance(0);
    expect(started).toEqual(['a', 'a']);
  });

  test('a reload keeps the time of unchanged checks, drops removed ones, and starts new ones', async () => {
    const { clock, scheduler, started } = begin();
    const a = every('a', 60_000);
    scheduler.set([a, every('b', 60_000)]);
    await clock.advance(1000);
    const before = scheduler.view('a')?.nextRunAt;
    started.length = 0;
    scheduler.set([a, every('c', 60_000)]);
    expect(scheduler.view('a')?.nextRunAt).toBe(before);
    expect(scheduler.view('b')).toBeUndefined();
    await clock.advance(1000);
    expect(started).toContain('c');
    await clock.advance(120_000);
    expect(started).not.toContain('b');
  });

  test('a step of the wall clock neither delays nor hastens a run', async () => {
    const { clock, scheduler, started } = begin();
    scheduler.set([every('a', 10_000)]);
    await clock.advance(1000);
    clock.jumpWall(86_400_000);
    await clock.advance(1);
    expect(started).toHaveLength(1);
    clock.jumpWall(-2 * 86_400_000);
    await clock.advance(20_000);
    expect(started.length).toBeGreaterThanOrEqual(2);
  });

  test('cron strikes during a run are counted as missed', async () => {
    const { clock, scheduler, started, cron, end } = begin({ manual: true });
    scheduler.set([spec({ name: 'a', schedule: { kind: 'cron', expression: '* * * * *' } })]);
    await clock.advance(0);
    cron[0]?.onDue();
    cron[0]?.onDue();
    cron[0]?.onMissed();
    end();
    await clock.advance(0);
    expect(started).toEqual(['a']);
    expect(scheduler.view('a')).toMatchObject({ runs: 1, missed: 2 });
  });

  test('stopping waits for runs under way and starts no more', async () => {
    const { clock, scheduler, started, end } = begin({ manual: true });
    scheduler.set([every('a', 1000), every('b', 60_000)]);
    await clock.advance(1000);
    let stopped = false;
    const stopping = scheduler.stop().then(() => {
      stopped = true;
    });
    end();
    await clock.advance(5000);
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(started).toEqual(expect.arrayContaining(['a', 'b']));
    expect(started).toHaveLength(2);
    expect(clock.timers).toBe(0);
  });
});

describe('cron schedules', () => {
  test('strike at the minute of their time zone', async () => {
    const timer = await startCron('30 3 * * *', 'Asia/Kolkata', { onDue() {}, onMissed() {} });
    onTestFinished(() => timer.stop());
    const next = timer.next();
    // Half past three in India is ten o'clock the evening before in UTC.
    expect([next?.getUTCHours(), next?.getUTCMinutes()]).toEqual([22, 0]);
  });

  test('strike when due', async () => {
    const due = Promise.withResolvers<void>();
    const timer = await startCron('* * * * * *', undefined, { onDue: due.resolve, onMissed() {} });
    onTestFinished(() => timer.stop());
    await due.promise;
  });
});
