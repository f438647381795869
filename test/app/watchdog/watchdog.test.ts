import { expect, test } from 'vitest';
import type { ServiceEnd } from '../../../src/app/watchdog/supervised-service.ts';
import { Watchdog } from '../../../src/app/watchdog/watchdog.ts';
import { notOk, ok, type CheckResult } from '../../../src/model/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const well = ok('answers');
const bad = notOk('critical', 'status', 'HTTP 500');
const refused = notOk('critical', 'connect', 'refused');
const silent = notOk('critical', 'timeout', 'no answer');

/** A service under a manager with a patience of 60 s, whose life is what the test says. */
function watched(first: CheckResult, blockers?: () => readonly string[]) {
  const writing = { until: Promise.resolve() };
  const clock = createFakeClock();
  const startMs = clock.now().steadyMs;
  const told: { readonly atMs: number; readonly lines: readonly string[] }[] = [];
  const signals: { readonly atMs: number; readonly name: string }[] = [];
  const said: string[] = [];
  const kills: number[] = [];
  const now = (): number => clock.now().steadyMs - startMs;
  const { promise: ended, resolve: end } = Promise.withResolvers<ServiceEnd>();
  const state = { result: first, held: undefined as number | undefined, lookMs: 0 };
  const service = {
    ended,
    pid: 1,
    signal: (name: string) => void signals.push({ atMs: now(), name }),
    kill: () => void signals.push({ atMs: now(), name: 'SIGKILL' }),
  };
  const dog = new Watchdog(service, {
    clock,
    manager: {
      isThere: true,
      watchdogMs: 60_000,
      tell: async (lines) => void told.push({ atMs: now(), lines }),
      settled: async () => undefined,
    },
    brake: {
      heldUntil: () => state.held,
      note: async (atMs) => writing.until.then(() => void kills.push(atMs)),
    },
    service: {
      async look() {
        const { promise, resolve } = Promise.withResolvers<void>();
        clock.after(state.lookMs, resolve);
        await promise;
        return state.result;
      },
      ...(blockers === undefined ? {} : { blockers: async () => blockers() }),
      close: () => undefined,
    },
    intervalMs: 15_000,
    bootMs: 300_000,
    stopMs: 330_000,
    say: (sentence) => void said.push(sentence),
  });
  const over = dog.run();
  const linesFrom = (fromMs: number): string[] =>
    told.filter(({ atMs }) => atMs >= fromMs).flatMap(({ lines }) => lines);
  /** The longest time in which the manager was told neither to wait nor that the service lives. */
  const asksInTime = (untilMs: number): boolean => {
    let patientMs = 90_000;
    for (const { atMs, lines } of told.filter(({ atMs }) => atMs <= untilMs)) {
      if (atMs > patientMs) return false;
      const [, usec] = /^EXTEND_TIMEOUT_USEC=(\d+)$/m.exec(lines.join('\n')) ?? [];
      if (usec !== undefined) patientMs = Math.max(patientMs, atMs + Number(usec) / 1000);
      if (lines.includes('WATCHDOG=1')) patientMs = atMs + 60_000;
    }
    return patientMs >= untilMs;
  };
  return {
    clock,
    dog,
    over,
    end,
    state,
    told,
    linesFrom,
    signals,
    said,
    kills,
    now,
    asksInTime,
    writing,
  };
}

const named = ({ name }: { readonly name: string }): string => name;

test('a service is ready a second after it works, however long WatchdogSec= is', async () => {
  const { clock, state, told, end, over } = watched(refused);
  await clock.advance(20_500);
  state.result = well;
  await clock.advance(1000);
  expect(told.at(-1)?.lines).toEqual(['READY=1', 'WATCHDOG=1', 'STATUS=answers']);
  end({ code: 0 });
  expect(await over).toEqual({ code: 0, gaveUp: false });
});

test('one that is not ready within its boot patience is asked to end, and not a second before', async () => {
  const { clock, signals, said, end, over, asksInTime, linesFrom, kills } = watched(refused);
  await clock.advance(299_000);
  expect(signals).toEqual([]);
  await clock.advance(2000);
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
  expect(asksInTime(301_000)).toBe(true);
  expect(said).toEqual(['not ready after 5m, asked to end: refused']);
  await clock.advance(300_000);
  expect(signals).toHaveLength(2);
  expect(asksInTime(601_000)).toBe(true);
  end({ signal: 'SIGTERM' });
  expect(await over).toEqual({ signal: 'SIGTERM', gaveUp: true });
  // It never ran, so that there is no life that could have been lost.
  expect(linesFrom(0)).not.toContain('WATCHDOG=trigger');
  expect(kills).toEqual([]);
});

test('what nobody can see is taken for ready once the boot patience is over', async () => {
  const { clock, linesFrom, said } = watched(notOk('unknown', 'permission', 'may not look'));
  await clock.advance(299_000);
  expect(linesFrom(0)).not.toContain('READY=1');
  await clock.advance(2000);
  expect(linesFrom(0)).toContain('READY=1');
  expect(said[0]).toContain('although the check cannot see: may not look');
});

test('failing for as long as WatchdogSec= ends the service in order, before systemd would kill it', async () => {
  const { clock, state, signals, told, linesFrom, said, kills, asksInTime, end, over } =
    watched(well);
  await clock.advance(30_000);
  state.result = bad;
  await clock.advance(57_000);
  expect(linesFrom(30_001)).not.toContain('WATCHDOG=1');
  expect(signals).toEqual([]);
  await clock.advance(2000);
  expect(signals).toEqual([
    { atMs: 88_000, name: 'SIGTERM' },
    { atMs: 88_000, name: 'SIGCONT' },
  ]);
  expect(asksInTime(89_000)).toBe(true);
  expect(said.slice(1)).toEqual(['fails: HTTP 500', 'failing for 58s, asked to end: HTTP 500']);
  expect(kills).toHaveLength(1);
  await clock.advance(200_000);
  expect(asksInTime(289_000)).toBe(true);
  expect(signals).toHaveLength(2);
  end({ code: 0 });
  expect(await over).toEqual({ code: 0, gaveUp: true });
  expect(told.at(-1)?.lines[0]).toBe('WATCHDOG=trigger');
});

test('one that passes again in time is left alone', async () => {
  const { clock, state, signals, said, linesFrom } = watched(well);
  await clock.advance(30_000);
  state.result = bad;
  await clock.advance(50_000);
  state.result = well;
  await clock.advance(100_000);
  expect(signals).toEqual([]);
  expect(said.slice(1)).toEqual(['fails: HTTP 500', 'passes again: answers']);
  expect(linesFrom(90_000).filter((line) => line === 'WATCHDOG=1').length).toBeGreaterThan(4);
});

test('exit code 78 at the end of a service that was given up stays the last word', async () => {
  const { clock, state, linesFrom, end, over } = watched(well);
  await clock.advance(1000);
  state.result = bad;
  await clock.advance(60_000);
  end({ code: 78 });
  expect(await over).toEqual({ code: 78, gaveUp: true });
  expect(linesFrom(0)).not.toContain('WATCHDOG=trigger');
});

test('an end that counts is written down before all is over', async () => {
  const { clock, state, writing, kills, end, over } = watched(well);
  await clock.advance(1000);
  const { promise, resolve } = Promise.withResolvers<void>();
  writing.until = promise;
  state.result = bad;
  await clock.advance(60_000);
  end({ code: 0 });
  const isOver = { yes: false };
  void over.then(() => (isOver.yes = true));
  await clock.advance(1000);
  expect([isOver.yes, kills]).toEqual([false, []]);
  resolve();
  await over;
  expect(kills).toHaveLength(1);
});

test('what a restart would interrupt is waited for, told, and not for ever', async () => {
  const at = { blockers: ['1 × cron-run'] };
  const { clock, state, signals, said, asksInTime, told } = watched(well, () => at.blockers);
  await clock.advance(30_000);
  state.result = bad;
  await clock.advance(150_000);
  expect(signals).toEqual([]);
  expect(asksInTime(180_000)).toBe(true);
  const waits = 'a restart waits up to 2m for what it would interrupt: 1 × cron-run';
  expect(said.slice(1)).toEqual(['fails: HTTP 500', waits]);
  expect(told.at(-1)?.lines).toContain(`STATUS=${waits}`);
  await clock.advance(60_000);
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
  expect(signals[0]?.atMs).toBeLessThanOrEqual(88_000 + 120_000 + 15_000);
  expect(said.at(-1)).toMatch(/^failing for .*although that interrupts 1 × cron-run/);
});

test('a service that comes back while its restart waits is not restarted', async () => {
  const { clock, state, signals, said } = watched(well, () => ['2 × queue']);
  await clock.advance(30_000);
  state.result = bad;
  await clock.advance(90_000);
  state.result = well;
  await clock.advance(300_000);
  expect(signals).toEqual([]);
  expect(said.at(-1)).toBe('passes again: answers');
});

test.each([silent, refused])(
  'one that does not answer ($summary) is not asked either',
  async (result) => {
    const { clock, state, signals } = watched(well, () => ['work']);
    await clock.advance(30_000);
    state.result = result;
    await clock.advance(60_000);
    expect(signals[0]).toEqual({ atMs: 88_000, name: 'SIGTERM' });
  },
);

test('one with nothing to lose does not wait', async () => {
  const { clock, state, signals } = watched(well, () => []);
  await clock.advance(30_000);
  state.result = bad;
  await clock.advance(60_000);
  expect(signals[0]).toEqual({ atMs: 88_000, name: 'SIGTERM' });
});

test.each([
  { how: 'answers', result: bad },
  { how: 'refuses', result: refused },
])('one that still $how after SIGTERM gets 330 s, and is killed then', async ({ result }) => {
  const { clock, state, signals } = watched(well);
  await clock.advance(30_000);
  state.result = result;
  await clock.advance(58_500 + 329_000);
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
  await clock.advance(2000);
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
});

test('one that keeps silent after SIGTERM hangs for sure after 45 s, and is killed', async () => {
  const { clock, state, signals, said } = watched(well);
  await clock.advance(30_000);
  state.result = silent;
  state.lookMs = 5000;
  // The look that is due when patience is over is the last chance.
  await clock.advance(63_500);
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
  await clock.advance(45_000);
  expect(signals).toHaveLength(2);
  await clock.advance(20_000);
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
  expect(said.at(-1)).toMatch(/^hangs: asked to end, and no answer to anybody for \d+s: killed$/);
});

test('a stop that somebody asks for is passed on once, and more time is asked for until it is done', async () => {
  const { clock, dog, signals, asksInTime, linesFrom, end, over } = watched(well);
  await clock.advance(10_000);
  await dog.take('SIGTERM');
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
  expect(linesFrom(10_000)).toContain('STOPPING=1');
  await clock.advance(320_000);
  expect(signals).toHaveLength(2);
  expect(asksInTime(330_000)).toBe(true);
  end({ signal: 'SIGTERM' });
  expect(await over).toEqual({ signal: 'SIGTERM', gaveUp: false });
  expect(linesFrom(10_000)).not.toContain('WATCHDOG=trigger');
});

test('a stop while the service is being given up does not ask it twice', async () => {
  const { clock, dog, state, signals, end, over } = watched(well);
  await clock.advance(1000);
  state.result = bad;
  await clock.advance(70_000);
  await dog.take('SIGTERM');
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
  end({ code: 0 });
  expect((await over).gaveUp).toBe(false);
});

test('SIGABRT of a manager that has lost patience is a SIGTERM to the service', async () => {
  const { clock, dog, state, signals, kills, asksInTime } = watched(well, () => ['work']);
  await clock.advance(1000);
  state.result = bad;
  await clock.advance(61_000);
  await dog.take('SIGABRT');
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
  expect(kills).toHaveLength(1);
  await clock.advance(100_000);
  expect(asksInTime(160_000)).toBe(true);
});

test('too many kills of late hold the next one back, told once', async () => {
  const { clock, state, signals, said, linesFrom } = watched(well);
  await clock.advance(30_000);
  state.held = clock.now().wallMs + 200_000;
  state.result = bad;
  await clock.advance(150_000);
  expect(signals).toEqual([]);
  expect(linesFrom(100_000)).toContain('WATCHDOG=1');
  expect(said.slice(1)).toHaveLength(1);
  expect(said[1]).toMatch(/^fails, but was ended too often of late: left as it is until 20/);
  state.held = undefined;
  await clock.advance(90_000);
  expect(signals.map(named)).toEqual(['SIGTERM', 'SIGCONT']);
});

test('a look that takes for ever keeps nobody from asking for time', async () => {
  const { clock, state, asksInTime, signals } = watched(well);
  await clock.advance(29_000);
  state.result = silent;
  state.lookMs = 90_000;
  await clock.advance(91_000);
  expect(asksInTime(118_000)).toBe(true);
  await clock.advance(40_000);
  expect(signals[0]?.name).toBe('SIGTERM');
});
