import { formatDuration } from '../lib/duration.ts';
import { nominalIntervalMs, type CheckSchedule } from '../model/check.ts';
import type { SharedKeys } from './check-schema.ts';
import { describe, readText } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import type { CheckTypeKeys } from './tables.ts';
import { valueOf, type Tree } from './tree.ts';

const intervalDefaultMs = 30_000;
const timeoutDefaultMs = 10_000;

/** Tells what is wrong between the time keys of one map, be it a check or `defaults`. */
export function refuseTiming(reading: Reading, tree: Tree, keys: SharedKeys): void {
  const schedule = valueOf(tree, 'schedule');
  if (keys.interval !== undefined && keys.schedule !== undefined && schedule !== undefined) {
    refuse(reading, schedule, 'expected either interval or schedule, found both');
  }
  const tz = valueOf(tree, 'tz');
  if (keys.tz !== undefined && keys.schedule === undefined && tz !== undefined) {
    refuse(reading, tz, 'expected tz only together with schedule');
  }
  if (keys.interval !== undefined) refuseTimeout(reading, tree, keys, keys.interval);
}

function refuseTimeout(
  reading: Reading,
  tree: Tree,
  { timeout = 0 }: SharedKeys,
  intervalMs: number,
): void {
  const at = valueOf(tree, 'timeout');
  if (at === undefined || timeout <= intervalMs) return;
  const limit = `at most the interval of ${formatDuration(intervalMs)}`;
  refuse(reading, at, `expected ${limit}, found ${formatDuration(timeout)}`);
}

/**
 * When a check runs and how long it may take: its own keys over `defaults` over those of its type. A
 * type with a `schedule` of its own means something else by it, and keeps its own pace.
 */
export function timingOf(
  reading: Reading,
  tree: Tree,
  { own, inherited, type }: { own: SharedKeys; inherited: SharedKeys; type: CheckTypeKeys },
): { readonly schedule: CheckSchedule; readonly timeoutMs: number } {
  const typeIntervalMs = type.defaults?.intervalMs ?? intervalDefaultMs;
  const schedule = Object.hasOwn(type.entries, 'schedule')
    ? every(own.interval ?? typeIntervalMs)
    : (scheduleOf(own) ?? scheduleOf(inherited) ?? every(typeIntervalMs));
  const longestMs = nominalIntervalMs(schedule);
  if (schedule.kind === 'interval') refuseTimeout(reading, tree, own, longestMs);
  const general = inherited.timeout ?? type.defaults?.timeoutMs ?? timeoutDefaultMs;
  return { schedule, timeoutMs: own.timeout ?? Math.min(general, longestMs) };
}

const every = (intervalMs: number): CheckSchedule => ({ kind: 'interval', intervalMs });

function scheduleOf({ interval, schedule, tz }: SharedKeys): CheckSchedule | undefined {
  if (schedule === undefined) return interval === undefined ? undefined : every(interval);
  return { kind: 'cron', expression: schedule, ...(tz === undefined ? {} : { timeZone: tz }) };
}

/** Tells which of the cron expressions cannot be read. Loads the library only if there are any. */
export async function refuseBadCrons(reading: Reading, trees: readonly Tree[]): Promise<void> {
  const schedules = trees.flatMap((tree) => valueOf(tree, 'schedule') ?? []);
  if (schedules.length === 0) return;
  const { validateDetailed } = await import('node-cron');
  for (const schedule of schedules) {
    const expression = reading.refused.has(schedule) ? undefined : readText(reading, schedule);
    if (expression === undefined) continue;
    const { valid, errors } = validateDetailed(expression);
    const reasons = errors.map(({ message }) => message).join('; ');
    if (!valid) {
      const wanted = 'a cron expression such as "*/5 * * * *"';
      refuse(
        reading,
        schedule,
        `expected ${wanted}, found ${describe(schedule, reading.hidden)} (${reasons})`,
      );
    }
  }
}
