import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SteadyMs } from '../../src/model/time.ts';
import { firstRun, nextSlot, planNext, spread } from '../../src/schedule/plan.ts';

const steady = (ms: number): SteadyMs => ms as SteadyMs;

describe('when a check runs', () => {
  test('a hundred checks of one interval are spread over it', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let number = 0; number < 1000; number += 1) {
      const tenth = Math.floor(spread(`check-${number}`) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(count).toBeGreaterThan(60);
  });

  test('the next slot is always ahead, at most an interval away, and the same over restarts', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 1e8 }),
        fc.double({ min: 0, max: 1e13, noNaN: true }),
        (name, intervalMs, after) => {
          const slot = nextSlot(name, intervalMs, steady(after));
          expect(slot).toBeGreaterThan(after - 0.01);
          expect(slot - after).toBeLessThanOrEqual(intervalMs + 0.01);
        },
      ),
    );
    expect(nextSlot('a', 1000, steady(5000))).toBe(nextSlot('a', 1000, steady(5100)));
  });

  test('the first run comes within a second', () => {
    expect(firstRun('a', 60_000, steady(0))).toBeLessThan(1000);
    expect(firstRun('a', 100, steady(0))).toBeLessThan(100);
  });

  const run = (changes: Partial<Parameters<typeof planNext>[0]>) => {
    const dueAt = nextSlot('a', 10_000, steady(1_000_000));
    return {
      dueAt,
      next: planNext({
        name: 'a',
        intervalMs: 10_000,
        retryIntervalMs: undefined,
        undecided: false,
        first: false,
        dueAt,
        startedAt: dueAt,
        now: steady(dueAt + 50),
        ...changes,
      }),
    };
  };

  test('a run in time is followed by the next slot', () => {
    const { dueAt, next } = run({});
    expect(next).toEqual({ dueAt: dueAt + 10_000, missed: 0 });
  });

  test('slots that pass during a long run, or a stalled process, are missed and not made up for', () => {
    const { dueAt } = run({});
    const { next } = run({ now: steady(dueAt + 35_000) });
    expect(next).toEqual({ dueAt: dueAt + 40_000, missed: 3 });
  });

  test('while undecided the retry interval counts from the start of the run', () => {
    const { dueAt, next } = run({ undecided: true, retryIntervalMs: 2000 });
    expect(next).toEqual({ dueAt: dueAt + 2000, missed: 0 });
  });

  test('a retry is never in the past and never later than the regular slot', () => {
    const { dueAt } = run({});
    const late = run({ undecided: true, retryIntervalMs: 2000, now: steady(dueAt + 5000) });
    expect(late.next.dueAt).toBe(dueAt + 5000);
    const long = run({ undecided: true, retryIntervalMs: 60_000 });
    expect(long.next.dueAt).toBe(dueAt + 10_000);
  });
});
