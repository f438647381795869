import { instant, type Instant, type SteadyMs } from '../model/time.ts';
import type { Clock } from './clock.ts';

/** A clock that moves only when it is told to: for playing what happened, or might happen, in no time. */
export interface SimulatedClock extends Clock {
  /**
   * Moves on to a moment of steady time, running every timer that is due by then at its own moment and in
   * order; timers of the same moment run as they were armed. Never moves back.
   */
  advanceTo(steadyMs: SteadyMs): void;
  /** Moves on to a moment without running anything on the way; what has come due runs afterwards. */
  leapTo(moment: Instant): void;
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

export function createSimulatedClock(start: Instant): SimulatedClock {
  let { steadyMs, wallMs }: { steadyMs: number; wallMs: number } = start;
  const armed = new Set<Timer>();

  const nextDue = (untilMs: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of armed) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  };
  const moveTo = (targetMs: number): void => {
    if (targetMs <= steadyMs) return;
    wallMs += targetMs - steadyMs;
    steadyMs = targetMs;
  };

  return {
    now: () => instant(steadyMs, wallMs),
    after(delayMs, run) {
      const timer = { dueMs: steadyMs + Math.max(0, delayMs), run };
      armed.add(timer);
      return () => void armed.delete(timer);
    },
    advanceTo(targetMs) {
      for (let timer = nextDue(targetMs); timer !== undefined; timer = nextDue(targetMs)) {
        armed.delete(timer);
        moveTo(timer.dueMs);
        timer.run();
      }
      moveTo(targetMs);
    },
    leapTo(moment) {
      steadyMs = Math.max(steadyMs, moment.steadyMs);
      wallMs = moment.wallMs;
    },
  };
}
