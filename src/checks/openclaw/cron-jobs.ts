import { jsonOf } from '../../lib/json-of.ts';
import { join } from 'node:path';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { openclawJobBytesMax, openclawJobsMax } from '../../model/openclaw-limits.ts';
import type { CronSlots } from './cron-slots.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';
import { readSmallFile } from './small-file.ts';
import { notRead } from './state-database.ts';

const optionalNumber = v.optional(v.fallback(v.optional(v.number()), undefined));

const state = v.object({
  nextRunAtMs: optionalNumber,
  runningAtMs: optionalNumber,
  consecutiveErrors: optionalNumber,
  consecutiveSkipped: optionalNumber,
});

const schedule = v.looseObject({
  kind: v.optional(v.string(), ''),
  everyMs: optionalNumber,
  expr: v.optional(v.fallback(v.optional(v.string()), undefined)),
  tz: v.optional(v.fallback(v.optional(v.string()), undefined)),
});

const jobShape = v.object({
  id: v.optional(v.string(), ''),
  name: v.optional(v.string(), ''),
  enabled: v.optional(v.boolean(), true),
  schedule: v.optional(schedule, {}),
  payload: v.optional(
    v.object({ kind: v.optional(v.string(), ''), timeoutSeconds: optionalNumber }),
    {},
  ),
  state: v.optional(state, {}),
});

/** A job of the gateway, as far as it is judged: neither what it does nor what it says. */
type CronJob = v.InferOutput<typeof jobShape>;

/** Never what a job does: only when, and how it went. */
const query = `SELECT job_id AS id, name, enabled, payload_kind AS kind, ${[
  ['schedule', '$.schedule'],
  ['timeout', '$.payload.timeoutSeconds'],
]
  .map(([name, path]) => `${ofShort('job_json', `json_extract(job_json, '${path}')`)} AS ${name}`)
  .join(', ')}, ${ofShort('state_json', 'state_json')} AS state
  FROM cron_jobs LIMIT ${openclawJobsMax}`;

/** The length of a text is known without reading it. */
function ofShort(column: string, value: string): string {
  return `CASE WHEN octet_length(${column}) <= ${openclawJobBytesMax} THEN ${value} END`;
}

const row = v.object({
  id: v.string(),
  name: v.string(),
  enabled: v.number(),
  schedule: v.nullable(v.string()),
  kind: v.string(),
  timeout: v.nullable(v.number()),
  state: v.nullable(v.string()),
});

/** How many jobs there were, and whether some went missing. Kept over a restart of the agent. */
export interface JobMemory {
  count?: number;
  /** How many there were before some went missing, and when that was noticed (Unix milliseconds). */
  fell?: { readonly from: number; readonly atMs: number };
}

/** Judges the jobs of the gateway: in its database, or in the file of older versions. */
export async function judgeCronJobs(
  scene: Scene,
  memory: JobMemory,
  slots: CronSlots,
): Promise<Found> {
  const { stateFolder } = scene.installation;
  const path = join(stateFolder, 'state', 'openclaw.sqlite');
  const answer = await scene.databases.read(path, query, row);
  if (answer.kind === 'absent') {
    const jobs = await jobsOfFile(stateFolder);
    return jobs === undefined ? notRead(answer, path) : judgeJobs(jobs, scene, memory, slots);
  }
  if (answer.kind !== 'read') return notRead(answer, path);
  const jobs = answer.rows.flatMap((one) => {
    const parsed = v.safeParse(jobShape, {
      id: one.id,
      name: one.name,
      enabled: one.enabled === 1,
      schedule: jsonOf(one.schedule ?? '{}'),
      payload: { kind: one.kind, ...(one.timeout === null ? {} : { timeoutSeconds: one.timeout }) },
      state: jsonOf(one.state ?? '{}'),
    });
    return parsed.success ? [parsed.output] : [];
  });
  return judgeJobs(jobs, scene, memory, slots);
}

/** The jobs of versions before June 2026; undefined if there is no such file. */
async function jobsOfFile(stateFolder: string): Promise<readonly CronJob[] | undefined> {
  const file = await readSmallFile(join(stateFolder, 'cron', 'jobs.json'));
  if (file.kind !== 'text') return undefined;
  const parsed = v.safeParse(v.object({ jobs: v.array(jobShape) }), jsonOf(file.text));
  return parsed.success ? parsed.output.jobs.slice(0, openclawJobsMax) : undefined;
}

/** Judges jobs by when they are due, how long they run and how often they failed. */
async function judgeJobs(
  jobs: readonly CronJob[],
  scene: Scene,
  memory: JobMemory,
  slots: CronSlots,
): Promise<Found> {
  noteCount(jobs.length, scene, memory);
  const enabled = jobs.filter((job) => job.enabled);
  const failing = enabled.filter((job) => (job.state.consecutiveErrors ?? 0) > 0);
  const values = [
    { metric: 'jobs', value: jobs.length },
    { metric: 'enabled', value: enabled.length },
    { metric: 'failing', value: failing.length },
  ];
  const troubles = jobs.flatMap((job) => judgeJob(job, scene));
  if (runsJobs(scene)) troubles.push(...(await leftOut(enabled, scene, slots)));
  if (jobs.length === 0) {
    const what = 'there is not a single job, and OpenClaw always has three of its own';
    troubles.push(ill('warning', 'missing', what));
  } else if (memory.fell !== undefined) {
    const ago = humanDuration(scene.now.wallMs - memory.fell.atMs);
    const what = `there are ${jobs.length} jobs, and there were ${memory.fell.from} until ${ago} ago`;
    troubles.push(ill('warning', 'missing', what));
  }
  const twins = twinsOf(enabled);
  if (twins.length > 0) {
    const what = `jobs that are there twice, with one schedule: ${twins.join(', ')}`;
    troubles.push(ill('warning', 'status', what));
  }
  const running = enabled.filter((job) => job.state.runningAtMs !== undefined).length;
  const skipped = enabled.filter((job) => (job.state.consecutiveSkipped ?? 0) >= 3).map(nameOf);
  const often = skipped.length === 0 ? '' : `; skipped three times and more: ${skipped.join(', ')}`;
  return worstFound(
    troubles,
    well(`${enabled.length} jobs enabled, ${running} running${often}`, values),
  );
}

/** Remembers for `hold` that jobs went missing; that they are back ends it. */
function noteCount(count: number, { now, options }: Scene, memory: JobMemory): void {
  const { count: before = count, fell } = memory;
  memory.count = count;
  if (count < before) memory.fell = { from: fell?.from ?? before, atMs: now.wallMs };
  else if (fell !== undefined && (count >= fell.from || now.wallMs - fell.atMs >= options.hold)) {
    delete memory.fell;
  }
}

/** Milliseconds that a job may run where it does not say so itself. */
const patienceMs: Readonly<Record<string, number>> = {
  command: 10 * 60_000,
  script: 5 * 60_000,
};
const agentPatienceMs = 60 * 60_000;

function judgeJob(job: CronJob, scene: Scene): readonly Found[] {
  const { now, options, pid, isBooting } = scene;
  const { nextRunAtMs, runningAtMs, consecutiveErrors = 0 } = job.state;
  const name = nameOf(job);
  const isUp = pid !== undefined && !isBooting && runsJobs(scene);
  if (!job.enabled) {
    return consecutiveErrors < 10
      ? []
      : [ill('critical', 'status', `${name} was switched off after ${consecutiveErrors} errors`)];
  }
  const found: Found[] = [];
  if (consecutiveErrors >= 3) {
    const what = `${name} has failed ${consecutiveErrors} times in a row`;
    found.push(ill(consecutiveErrors >= 10 ? 'critical' : 'warning', 'status', what));
  }
  if (runningAtMs !== undefined) {
    const { kind, timeoutSeconds } = job.payload;
    const allowedMs =
      timeoutSeconds === undefined ? (patienceMs[kind] ?? agentPatienceMs) : timeoutSeconds * 1000;
    const ranMs = now.wallMs - runningAtMs;
    if (isUp && ranMs > allowedMs + 5 * 60_000) {
      const what = `${name} has been running for ${humanDuration(ranMs)}, allowed ${humanDuration(allowedMs)}`;
      found.push(ill('critical', 'timeout', what));
    }
    return found;
  }
  const lateMs = now.wallMs - (nextRunAtMs ?? now.wallMs);
  if (isUp && lateMs > options.cron_late) {
    found.push(
      ill('critical', 'stale', `${name} should have started ${humanDuration(lateMs)} ago`),
    );
  }
  const everyMs = job.schedule.everyMs ?? Number.POSITIVE_INFINITY;
  if (isUp && consecutiveErrors === 0 && -lateMs > 1.5 * everyMs) {
    const what = `${name} runs every ${humanDuration(everyMs)}, but next only in ${humanDuration(-lateMs)}`;
    found.push(ill('warning', 'stale', what));
  }
  return found;
}

/** Whether the gateway is to start jobs at all: one that stands by lets their times pass. */
function runsJobs({ options, installation }: Scene): boolean {
  return options.cron === 'leader' || (options.cron === 'any' && !installation.skipsCron);
}

/** Jobs that leave out a time of their cron expression, though they have not failed. */
async function leftOut(
  enabled: readonly CronJob[],
  { now, pid, isBooting }: Scene,
  slots: CronSlots,
): Promise<readonly Found[]> {
  if (pid === undefined || isBooting) return [];
  const planned = enabled.flatMap((job) => {
    const { nextRunAtMs, runningAtMs, consecutiveErrors = 0 } = job.state;
    const { expr: expression, tz: timeZone } = job.schedule;
    if (expression === undefined || nextRunAtMs === undefined) return [];
    if (runningAtMs !== undefined || consecutiveErrors > 0) return [];
    return [{ name: nameOf(job), expression, timeZone, nextRunAtMs }];
  });
  const before = await slots.before(planned);
  return planned.flatMap(({ name, nextRunAtMs }, position) => {
    const inMs = (before[position] ?? 0) - now.wallMs;
    if (inMs <= 0) return [];
    const [due, next] = [humanDuration(inMs), humanDuration(nextRunAtMs - now.wallMs)];
    return [ill('warning', 'stale', `${name} is due in ${due}, but is planned only in ${next}`)];
  });
}

function nameOf({ name, id }: CronJob): string {
  return name === '' ? id : name;
}

function twinsOf(jobs: readonly CronJob[]): readonly string[] {
  const seen = new Set<string>();
  return jobs.flatMap(({ name, schedule: when }) => {
    const key = JSON.stringify([name, when]);
    if (name === '' || !seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [name];
  });
}
