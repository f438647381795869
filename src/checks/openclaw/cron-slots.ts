import { openclawSlotsPerLook } from '../../model/openclaw-limits.ts';
import { openCronTimes } from '../host/cron-times.ts';

/** A job that goes by a cron expression, and when it is to run next (Unix milliseconds). */
export interface PlannedJob {
  readonly expression: string;
  readonly timeZone: string | undefined;
  readonly nextRunAtMs: number;
}

/** Finds out whether jobs leave out a time of their schedule. */
export interface CronSlots {
  /**
   * The time of the schedule before the one at which the job is planned; undefined if it is not known yet.
   * While that lies ahead, the job leaves it out.
   */
  before(jobs: readonly PlannedJob[]): Promise<readonly (number | undefined)[]>;
}

/** Remembers what it found: a look asks for the same again, until the job has run. */
export function createCronSlots(): CronSlots {
  let known = new Map<string, number | undefined>();
  return {
    async before(jobs) {
      let left = openclawSlotsPerLook;
      const now = new Map<string, number | undefined>();
      const found: (number | undefined)[] = [];
      for (const job of jobs) {
        const key = `${job.expression} ${job.timeZone} ${job.nextRunAtMs}`;
        if (known.has(key)) now.set(key, known.get(key));
        else if (left-- > 0) now.set(key, await slotBefore(job));
        found.push(now.get(key));
      }
      known = now;
      return found;
    },
  };
}

/**
 * A gateway may start jobs some minutes after their time, so that not all begin at once, and may live in
 * another time zone than the agent: only a whole time between now and then is one that was left out.
 */
async function slotBefore({ expression, timeZone, nextRunAtMs }: PlannedJob) {
  if (expression.split(/\s+/).length !== 5) return undefined;
  const times = await openCronTimes(expression, timeZone).catch(() => undefined);
  const own = times?.previous(nextRunAtMs);
  const before = own === undefined ? undefined : times?.previous(own - 60_000);
  times?.close();
  return before;
}
