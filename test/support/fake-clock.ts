import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/lib/clock.ts';
import { instant } from '../../src/model/time.ts';

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /**
   * Moves both times forward by `ms`, running every timer that comes due in order of its due time, and
   * lets what a timer started settle before the next one runs.
   */
  advance(ms: number): Promise<void>;
  /** Steps the date by `ms`, either way; steady time and timers know nothing of it. */
  jumpWall(ms: number): void;
  /** Moves both times forward by `ms` while the process cannot run: timers that come due wait. */
  stall(ms: number): void;
  /** Timers that are armed and neither run nor cancelled. */
  readonly timers: number;
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * Makes a clock whose date starts at `wallMs`. Steady time starts at `steadyMs`, by default far from any
 * date, so that code which mixes the two up is found out.
 */
export function createFakeClock(
  start: { readonly wallMs?: number; readonly steadyMs?: number } = {},
): FakeClock {
  let wallMs = start.wallMs ?? Date.UTC(2025, 0, 15, 12);
  let steadyMs = start.steadyMs ?? 1_000_000;
  const armed = new Set<Timer>();

  const nextDue = (untilMs: number): Timer | undefined =>
    // Sorting is stable and a set keeps its order: timers of the same moment run as they were armed.
    [...armed].filter((timer) => timer.dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs)[0];

  const moveTo = (targetMs: number): void => {
    wallMs += targetMs - steadyMs;
    steadyMs = targetMs;
  };

  return {
    // The wall clock of a machine counts whole milliseconds.
    now: () => instant(steadyMs, Math.floor(wallMs)),
    after(delayMs, run) {
      const timer = { dueMs: steadyMs + Math.max(0, delayMs), run };
      armed.add(timer);
      return () => void armed.delete(timer);
    },
    async advance(ms) {
      const targetMs = steadyMs + ms;
      // A turn of the event loop drains every microtask, however long the chain of promises is.
      await setImmediate();
      for (let timer = nextDue(targetMs); timer !== undefined; timer = nextDue(targetMs)) {
        armed.delete(timer);
        moveTo(Math.max(steadyMs, timer.dueMs));
        timer.run();
        await setImmediate();
      }
      moveTo(targetMs);
    },
    stall: (ms) => moveTo(steadyMs + ms),
    jumpWall(ms) {
      wallMs += ms;
    },
    get timers() {
      return armed.size;
    },
  };
}
