import { scheduleSearchDaysMax } from '../../model/limits.ts';

const minuteMs = 60_000;

/** The times of a cron expression, looked up backwards. */
export interface CronTimes {
  /**
   * The latest time of the schedule at or before `atMs` (Unix milliseconds); undefined if there is none
   * in the last `scheduleSearchDaysMax` days.
   */
  previous(atMs: number): number | undefined;
  close(): void;
}

/** A coarser view of the expression: a window in which neither end matches holds no time of it. */
interface Level {
  readonly windowMs: number;
  readonly matches: (atMs: number) => boolean;
}

/**
 * Opens a cron expression of five fields; throws if it is none. The library only tells whether a minute
 * matches, so the search goes by days, then hours, then minutes. A window of half a day cannot hide a
 * whole day between its ends, nor half an hour an hour, even where clocks are put forward.
 */
export async function openCronTimes(expression: string, timeZone?: string): Promise<CronTimes> {
  const { createTask } = await import('node-cron');
  const [, hour = '*', ...date] = expression.split(/\s+/);
  const options = timeZone === undefined ? {} : { timezone: timeZone };
  const tasks = [`* * ${date.join(' ')}`, `* ${hour} ${date.join(' ')}`, expression].map((fields) =>
    createTask(fields, () => undefined, options),
  );
  const levels = [720, 30, 1].map((minutes, position): Level => ({
    windowMs: minutes * minuteMs,
    matches: (atMs) => tasks[position]?.match(new Date(atMs)) ?? false,
  }));
  let searched: { readonly toMs: number; readonly found: number | undefined } | undefined;
  return {
    previous(atMs) {
      const latestMs = Math.floor(atMs / minuteMs) * minuteMs;
      const oldestMs = latestMs - scheduleSearchDaysMax * 24 * 60 * minuteMs;
      const known = searched !== undefined && searched.toMs <= latestMs ? searched : undefined;
      const earliestMs = Math.max(oldestMs, (known?.toMs ?? -Infinity) + minuteMs);
      const found = latestMatch(levels, earliestMs, latestMs) ?? known?.found;
      searched = { toMs: latestMs, found };
      return found;
    },
    close() {
      for (const task of tasks) void task.destroy();
    },
  };
}

/** The latest minute from `earliestMs` to `latestMs`, both included, that every level matches. */
function latestMatch(
  [level, ...finer]: readonly Level[],
  earliestMs: number,
  latestMs: number,
): number | undefined {
  if (level === undefined) return latestMs;
  for (let endMs = latestMs; endMs >= earliestMs; endMs -= level.windowMs) {
    const startMs = Math.max(earliestMs, endMs - level.windowMs + minuteMs);
    if (!level.matches(endMs) && !level.matches(startMs)) continue;
    const found = latestMatch(finer, startMs, endMs);
    if (found !== undefined) return found;
  }
  return undefined;
}
