import { counted } from '../../model/counted.ts';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { openCronTimes, type CronTimes } from '../host/cron-times.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';

const runsShape = v.object({
  entries: v.array(
    v.object({
      jobId: v.string(),
      jobName: v.optional(v.string()),
      runId: v.optional(v.string(), ''),
      status: v.optional(v.string(), ''),
      runAtMs: v.optional(v.number()),
    }),
  ),
});

const scheduleShape = v.object({
  kind: v.optional(v.string()),
  everyMs: v.optional(v.number()),
  expr: v.optional(v.string()),
  tz: v.optional(v.string()),
});

const listShape = v.object({
  jobs: v.array(
    v.object({
      id: v.string(),
      schedule: v.optional(v.fallback(v.optional(scheduleShape), undefined)),
    }),
  ),
});

type Schedule = v.InferOutput<typeof scheduleShape>;

interface Run {
  readonly name: string;
  readonly atMs: number;
  readonly failed: boolean;
}

/** Two starts of one job closer than this are one slot that fired twice: the finest schedule is a minute. */
const slotMs = 30_000;

/** Judges whether jobs fired twice, by the latest runs and the schedules of `cron.list`. */
export async function judgeCronRuns(
  runs: unknown,
  list: unknown,
  { now, options }: Scene,
): Promise<Found> {
  const parsed = v.safeParse(runsShape, runs);
  if (!parsed.success) return well('this version does not offer that');
  const listed = v.safeParse(listShape, list);
  const schedules = new Map(
    (listed.success ? listed.output.jobs : []).map(({ id, schedule }) => [id, schedule]),
  );
  const byJob = new Map<string, Run[]>();
  let count = 0;
  for (const { jobId, jobName, runId, status, runAtMs } of parsed.output.entries) {
    // One that a person started is beside the schedule.
    if (runAtMs === undefined || now.wallMs - runAtMs >= options.hold) continue;
    if (runId.startsWith('manual:')) continue;
    count += 1;
    const run = { name: jobName ?? jobId, atMs: runAtMs, failed: status === 'error' };
    byJob.set(jobId, [...(byJob.get(jobId) ?? []), run]);
  }
  const found = await Promise.all(
    [...byJob].map(async ([job, of]) => twiceIn(of, schedules.get(job))),
  );
  const troubles = found.flat().map((what) => ill('warning', 'status', what));
  const values = [{ metric: 'recent', value: count }];
  return worstFound(
    troubles.slice(-5),
    well(`${counted(count, 'run')}, none of them twice`, values),
  );
}

async function twiceIn(runs: readonly Run[], schedule: Schedule | undefined): Promise<string[]> {
  const ordered = runs.toSorted((a, b) => a.atMs - b.atMs);
  const times = ordered.length < 2 ? undefined : await timesOf(schedule);
  try {
    return ordered.flatMap((run, position) => {
      const before = ordered[position - 1];
      if (before === undefined || !isTwice(before, run, schedule, times)) return [];
      return [`${run.name} was started twice within ${humanDuration(run.atMs - before.atMs)}`];
    });
  } finally {
    times?.close();
  }
}

function isTwice(
  before: Run,
  run: Run,
  schedule: Schedule | undefined,
  times: CronTimes | undefined,
): boolean {
  const gapMs = run.atMs - before.atMs;
  if (gapMs < slotMs) return true;
  // One that failed is tried again after half a minute at the soonest, whatever its schedule.
  if (before.failed) return false;
  if (times === undefined) return gapMs < (schedule?.everyMs ?? 0) / 2;
  const slot = times.previous(run.atMs);
  return slot !== undefined && slot === times.previous(before.atMs);
}

/** The times of a job that goes by the clock; an expression with seconds, or a wrong one, has none here. */
async function timesOf(schedule: Schedule | undefined): Promise<CronTimes | undefined> {
  const { expr, tz } = schedule ?? {};
  if (expr === undefined || expr.trim().split(/\s+/).length !== 5) return undefined;
  return openCronTimes(expr.trim(), tz).catch(() => undefined);
}
