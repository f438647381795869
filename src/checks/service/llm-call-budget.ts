import * as v from 'valibot';
import type { CheckMemory } from '../check-type.ts';
import { dayOf, type WallMs } from '../../model/time.ts';

/** When calls that cost something may be made. What it knows outlasts a restart of the agent. */
export interface LlmCallBudget {
  /** Whether a profile should be called: not for `every`, or the last call of it failed. */
  isDue(profile: string, nowMs: WallMs): boolean;
  /** Counts one call before it is made; false if the day's are used up. */
  take(profile: string, nowMs: WallMs): boolean;
  /** How the call ended; one that the provider refused has cost nothing. */
  ended(profile: string, how: { readonly failed: boolean; readonly refused: boolean }): void;
  left(nowMs: WallMs): number;
}

const savedSchema = v.object({
  day: v.string(),
  used: v.number(),
  calls: v.record(v.string(), v.object({ atMs: v.number(), failed: v.boolean() })),
});

/** Days are those of UTC. `memory` is that of the check of this name. */
export function createLlmCallBudget(
  name: string,
  { everyMs, perDay }: { readonly everyMs: number; readonly perDay: number },
  memory: CheckMemory | undefined,
): LlmCallBudget {
  const recalled = v.safeParse(savedSchema, memory?.recall(name));
  let { day, used, calls } = recalled.success ? recalled.output : { day: '', used: 0, calls: {} };
  const turn = (nowMs: WallMs): void => {
    const today = dayOf(new Date(nowMs));
    if (day !== today) [day, used] = [today, 0];
  };
  const keep = (): void => memory?.keep(name, { day, used, calls });
  return {
    isDue(profile, nowMs) {
      const last = calls[profile];
      // A call in the future: the date was set back.
      return last === undefined || last.failed || Math.abs(nowMs - last.atMs) >= everyMs;
    },
    take(profile, nowMs) {
      turn(nowMs);
      if (used >= perDay) return false;
      used += 1;
      // Counted as failed until it has ended: the agent may be killed in between.
      calls = { ...calls, [profile]: { atMs: nowMs, failed: true } };
      keep();
      return true;
    },
    ended(profile, { failed, refused }) {
      if (refused) used = Math.max(0, used - 1);
      calls = { ...calls, [profile]: { atMs: calls[profile]?.atMs ?? 0, failed } };
      keep();
    },
    left(nowMs) {
      turn(nowMs);
      return Math.max(0, perDay - used);
    },
  };
}
