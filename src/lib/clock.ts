import { performance } from 'node:perf_hooks';
import { instant, type Instant, type SteadyMs, type WallMs } from '../model/time.ts';
import { timerSleepMaxMs } from '../model/limits.ts';

export type Cancel = () => void;

/** The only way to the time: everything that waits or measures is handed one of these. */
export interface Clock {
  now(): Instant;
  /** Calls `run` once, `delayMs` of steady time from now. */
  after(delayMs: number, run: () => void): Cancel;
}

/** Where the steady time stood when the agent last wrote it down. */
export interface SteadyAnchor {
  readonly steadyMs: SteadyMs;
  readonly wallMs: WallMs;
}

/**
 * The machine's clocks. Steady time continues from `anchor`, the reading that an earlier process left:
 * it advances by the wall time that passed in between, but never backwards, so that timers kept in the
 * store stay meaningful across a restart whatever happened to the date.
 */
export function systemClock(anchor?: SteadyAnchor): Clock {
  const startWallMs = Date.now();
  const startMonotonicMs = performance.now();
  const startSteadyMs =
    anchor === undefined ? startWallMs : anchor.steadyMs + Math.max(0, startWallMs - anchor.wallMs);
  const now = (): Instant =>
    instant(startSteadyMs + performance.now() - startMonotonicMs, Date.now());
  return {
    now,
    after(delayMs, run) {
      const due = now().steadyMs + delayMs;
      let timer: NodeJS.Timeout;
      const sleep = (): void => {
        const leftMs = due - now().steadyMs;
        timer = setTimeout(
          () => (now().steadyMs >= due - 1 ? run() : sleep()),
          Math.max(0, Math.min(leftMs, timerSleepMaxMs)),
        );
      };
      sleep();
      return () => clearTimeout(timer);
    },
  };
}
