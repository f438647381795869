import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';

const statusShape = v.object({
  enabled: v.boolean(),
  jobs: v.optional(v.number(), 0),
  nextWakeAtMs: v.optional(v.nullable(v.number()), null),
});

const listShape = v.object({
  jobs: v.array(
    v.object({ state: v.optional(v.object({ runningAtMs: v.optional(v.nullable(v.number())) })) }),
  ),
  total: v.optional(v.number()),
});

/** How late the timer of all jobs may be. */
const wakeLateMs = 120_000;

/** Judges the timer of the jobs, by `cron.status` and `cron.list`. */
export function judgeCron(
  status: unknown,
  list: unknown,
  { history, now, options, installation }: Scene,
): Found {
  const parsed = v.safeParse(statusShape, status);
  if (!parsed.success) return well('this version does not offer that');
  const { enabled, jobs, nextWakeAtMs } = parsed.output;
  const values = [
    { metric: 'enabled', value: enabled ? 1 : 0 },
    { metric: 'jobs', value: jobs },
  ];
  if (!enabled && options.cron !== 'leader') {
    return well(`runs no jobs: cron is switched off, as it may be (cron: ${options.cron})`, values);
  }
  if (enabled && options.cron === 'standby') {
    const what =
      'runs jobs, and is to stand by: they run twice. Only OPENCLAW_SKIP_CRON=1 switches cron off, no other value';
    return ill('critical', 'status', what, values);
  }
  if (!enabled && installation.settings?.isCronOff === true) {
    return well('switched off in the settings (cron.enabled)', values);
  }
  if (!enabled) {
    const what = 'no job runs: cron is switched off (OPENCLAW_SKIP_CRON=1 in the environment?)';
    return ill('critical', 'status', what, values);
  }
  const listed = v.safeParse(listShape, list);
  const isRunning =
    listed.success &&
    listed.output.jobs.some(({ state }) => typeof state?.runningAtMs === 'number');
  const troubles: Found[] = [];
  if (nextWakeAtMs === null && jobs > 0) {
    troubles.push(ill('critical', 'stale', `there are ${jobs} jobs, and no next time is planned`));
  } else if (nextWakeAtMs !== null && now.wallMs - nextWakeAtMs > wakeLateMs && !isRunning) {
    const late = humanDuration(now.wallMs - nextWakeAtMs);
    troubles.push(
      ill('critical', 'stale', `jobs should have been started ${late} ago, and none runs`),
    );
  }
  const total = listed.success ? listed.output.total : undefined;
  // Both are asked side by side, and a gateway that has just started is still adding its own jobs.
  const differs = history.note('cron count', total !== undefined && total !== jobs, now);
  if (differs.inRow >= 2) {
    const what = `the gateway counts ${jobs} jobs, and lists ${total}`;
    troubles.push(ill('warning', 'status', what));
  }
  return worstFound(troubles, well(`${jobs} jobs, the timer is set`, values));
}
