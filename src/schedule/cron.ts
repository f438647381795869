import type { ScheduledTask } from 'node-cron';

/** A running cron schedule. */
export interface CronTimer {
  /** When it strikes next; undefined if never. */
  next(): Date | undefined;
  stop(): void;
}

export interface CronListener {
  readonly onDue: () => void;
  /** A time passed while the process could not run. */
  readonly onMissed: () => void;
}

export type StartCron = (
  expression: string,
  timeZone: string | undefined,
  listener: CronListener,
) => Promise<CronTimer>;

/** Starts a schedule with node-cron, which knows time zones and daylight saving. */
export const startCron: StartCron = async (expression, timeZone, { onDue, onMissed }) => {
  const { schedule } = await import('node-cron');
  const task: ScheduledTask = schedule(expression, onDue, {
    ...(timeZone === undefined ? {} : { timezone: timeZone }),
    suppressMissedWarning: true,
  });
  task.on('execution:missed', onMissed);
  return {
    next: () => task.getNextRun() ?? undefined,
    stop: () => void task.destroy(),
  };
};
