import { counted } from '../../model/counted.ts';
import * as v from 'valibot';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';

const count = v.optional(v.fallback(v.number(), 0), 0);
const list = v.optional(v.fallback(v.array(v.unknown()), []), []);

const statusShape = v.object({
  runtimeVersion: v.optional(v.fallback(v.optional(v.string()), undefined)),
  degradedPlugins: list,
  degradedSecretOwners: list,
  taskAudit: v.optional(
    v.object({ byCode: v.optional(v.object({ lost: count, stale_running: count }), {}) }),
    {},
  ),
  processMemory: v.optional(v.object({ rssBytes: count, heapUsedBytes: count })),
});

/**
 * Judges what the gateway says of its own plugins and tasks. Another version `onDisk` than the one that
 * runs is an update that waits for a restart, and only said.
 */
export function judgePlugins(payload: unknown, onDisk: string | undefined): Found {
  const parsed = v.safeParse(statusShape, payload);
  if (!parsed.success) return well('this version does not offer that');
  const { degradedPlugins, degradedSecretOwners, taskAudit, processMemory, runtimeVersion } =
    parsed.output;
  const isOther = runtimeVersion !== undefined && onDisk !== undefined && onDisk !== runtimeVersion;
  const { lost, stale_running: stale } = taskAudit.byCode;
  const values = [
    { metric: 'degraded', value: degradedPlugins.length },
    { metric: 'tasks_lost', value: lost },
    { metric: 'tasks_stale', value: stale },
    { metric: 'other_version_on_disk', value: isOther ? 1 : 0 },
    ...(processMemory === undefined
      ? []
      : [{ metric: 'heap_used_bytes', value: processMemory.heapUsedBytes, unit: 'B' }]),
  ];
  const troubles: Found[] = [];
  const warn = (what: string): void => void troubles.push(ill('warning', 'status', what));
  if (degradedPlugins.length > 0) {
    warn(`not working: ${counted(degradedPlugins.length, 'plugin')} (${namesOf(degradedPlugins)})`);
  }
  // Whose secrets, but never which: an owner is a plugin or a provider.
  if (degradedSecretOwners.length > 0) {
    warn(`without its secrets: ${counted(degradedSecretOwners.length, 'owner')}`);
  }
  if (lost > 0) warn(`the gateway has lost track of ${counted(lost, 'task')}`);
  if (stale > 0) warn(`marked as running, and not so: ${counted(stale, 'task')}`);
  const waits = isOther
    ? `; ${runtimeVersion} runs, and ${onDisk} is on disk and waits for a restart`
    : '';
  return worstFound(troubles, well(`plugins and tasks are well${waits}`, values));
}

function namesOf(entries: readonly unknown[]): string {
  const names = entries.map((entry) => {
    if (typeof entry === 'string') return entry;
    const parsed = v.safeParse(
      v.union([
        v.pipe(
          v.object({ pluginId: v.string() }),
          v.transform(({ pluginId }) => pluginId),
        ),
        v.pipe(
          v.object({ id: v.string() }),
          v.transform(({ id }) => id),
        ),
      ]),
      entry,
    );
    return parsed.success ? parsed.output : 'one without a name';
  });
  return names.slice(0, 5).join(', ');
}

const lanesShape = v.object({
  lanes: v.array(
    v.object({ lane: v.string(), queuedCount: count, activeCount: count, maxConcurrent: count }),
  ),
});

/** How long a lane may be full while something waits for it. */
const laneFullMs = 10 * 60_000;

/** Judges whether work waits in a lane that is full. */
export function judgeLanes(payload: unknown, { history, now }: Scene): Found {
  const parsed = v.safeParse(lanesShape, payload);
  if (!parsed.success) return well('this version does not offer that');
  const { lanes } = parsed.output;
  const troubles = lanes.flatMap((one) => {
    const isFull = one.queuedCount > 0 && one.activeCount >= one.maxConcurrent;
    const streak = history.note(`lane ${one.lane}`, isFull, now);
    if (!isFull || streak.forMs < laneFullMs) return [];
    const what = `${one.lane} has been full for 10m and more, with ${one.queuedCount} waiting for it`;
    return [ill('warning', 'threshold', what)];
  });
  const queued = lanes.reduce((sum, one) => sum + one.queuedCount, 0);
  const active = lanes.reduce((sum, one) => sum + one.activeCount, 0);
  const values = [
    { metric: 'queued', value: queued },
    { metric: 'active', value: active },
  ];
  return worstFound(troubles, well(`${active} at work, ${queued} waiting`, values));
}

const tasksShape = v.object({
  tasks: v.array(
    v.object({
      status: v.string(),
      runtime: v.optional(v.fallback(v.string(), ''), ''),
      /** The job, of a run that a job made. */
      sourceId: v.optional(v.fallback(v.nullable(v.string()), null), null),
      error: v.optional(v.nullable(v.string())),
      endedAt: v.optional(v.nullable(v.number())),
    }),
  ),
});

const hourMs = 3_600_000;

/**
 * Judges whether all work of the last hour failed. Work that was only skipped is no failure; one job that
 * fails again and again counts once, since `cron_jobs` judges it. What succeeded is `completed` in the list
 * of 2026.9.6, though its tables and its counts say `succeeded`.
 */
export function judgeTasks(payload: unknown, { now }: Scene): Found {
  const parsed = v.safeParse(tasksShape, payload);
  if (!parsed.success) return well('this version does not offer that');
  const recent = parsed.output.tasks.filter(
    ({ endedAt }) => typeof endedAt === 'number' && now.wallMs - endedAt < hourMs,
  );
  const of = (...wanted: readonly string[]) =>
    recent.filter(
      ({ status, error }) => wanted.includes(status) && !/\bskipped\b/.test(error ?? ''),
    );
  const failures = of('failed', 'timed_out');
  const [failed, succeeded] = [failures.length, of('succeeded', 'completed').length];
  const sources = new Set(
    failures.map(({ runtime, sourceId }, at) => (runtime === 'cron' ? (sourceId ?? at) : at)),
  );
  const values = [
    { metric: 'failed', value: failed },
    { metric: 'succeeded', value: succeeded },
  ];
  const what = `tasks of the last hour: ${failed} failed, ${succeeded} succeeded`;
  return sources.size >= 3 && succeeded === 0
    ? ill('critical', 'status', what, values)
    : well(what, values);
}
