import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import {
  defaultedKey,
  duration,
  optionalKey,
  type OutputOf,
  positiveDuration,
  secret,
} from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult } from '../model/result.ts';
import type { Instant, WallMs } from '../model/time.ts';
import type { HeartbeatRecord } from '../model/view.ts';
import { checkType } from './check-type.ts';
import { openCronTimes, type CronTimes } from './host/cron-times.ts';

const cronMessage = 'a cron expression of five fields, such as "0 3 * * *"';
const timeZoneMessage = 'a time zone such as Europe/Berlin';

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

const entries = {
  every: optionalKey('The job reports at least this often.', positiveDuration),
  schedule: optionalKey(
    'The job starts at these times; instead of every.',
    v.pipe(v.string(cronMessage), v.trim(), v.regex(/^\S+(?:\s+\S+){4}$/, cronMessage)),
  ),
  tz: optionalKey(
    'Time zone of schedule.',
    v.pipe(v.string(timeZoneMessage), v.check(isTimeZone, timeZoneMessage)),
  ),
  grace: defaultedKey('How much later than expected a report may come.', duration, '1m'),
  token: optionalKey('What a report has to carry to be believed.', secret),
};

type Options = OutputOf<typeof entries>;

/** Judges whether a job reported in time; the reports arrive at `/ping/NAME`. */
export const heartbeat = checkType({
  entries,
  refuse(options) {
    if (options.every !== undefined && options.schedule !== undefined) {
      return 'every and schedule exclude each other';
    }
    if (options.every === undefined && options.schedule === undefined) {
      return 'every (such as 1h) or schedule (such as "0 3 * * *") is missing';
    }
    return options.tz !== undefined && options.schedule === undefined
      ? 'tz has a meaning only together with schedule'
      : undefined;
  },
  defaults: { intervalMs: 15_000 },
  open({ name, options }, { view }) {
    const { schedule, tz } = options;
    let times: Promise<CronTimes> | undefined;
    return {
      async run({ startedAt }) {
        const record = view.heartbeat(name);
        if (record === undefined) {
          return notOk('unknown', 'missing', 'the agent does not wait for this job yet');
        }
        if (schedule !== undefined) times ??= openCronTimes(schedule, tz);
        const expected = expectation(options, record, await times, startedAt);
        return judge(record, expected, startedAt);
      },
      close: () => void times?.then((opened) => opened.close()).catch(() => undefined),
    };
  },
});

interface Expectation {
  /** For how long a success has been overdue, grace included. */
  readonly lateMs: number;
  /** Whether a success came in time, or may still come. */
  readonly met: boolean;
  /** What was expected. */
  readonly text: string;
}

function expectation(
  { every, grace }: Options,
  record: HeartbeatRecord,
  times: CronTimes | undefined,
  now: Instant,
): Expectation {
  const { lastSuccessAt, since } = record;
  const allowed = grace > 0 ? ` with ${humanDuration(grace)} of grace` : '';
  if (every !== undefined) {
    const lateMs = countedMs(record, now) - every - grace;
    return { lateMs, met: lateMs <= 0, text: `expected every ${humanDuration(every)}${allowed}` };
  }
  const nowMs = now.wallMs;
  const plannedMs = times?.previous(nowMs - grace);
  // What was planned before the agent waited for the job was nobody's promise.
  if (plannedMs === undefined || plannedMs < since) {
    return { lateMs: 0, met: true, text: 'not due yet' };
  }
  const planned = new Date(plannedMs).toISOString().slice(0, 16).replace('T', ' ');
  return {
    lateMs: nowMs - plannedMs - grace,
    met: lastSuccessAt !== undefined && lastSuccessAt >= plannedMs,
    text: `expected at ${planned} UTC${allowed}`,
  };
}

/**
 * How long ago the job reported success, or was first expected. By the steady clock: no job is late because the date was
 * set, or because the host slept and the job with it.
 */
function countedMs({ countedFrom, lastSuccessAt, since }: HeartbeatRecord, now: Instant): number {
  return countedFrom === undefined
    ? now.wallMs - (lastSuccessAt ?? since)
    : now.steadyMs - countedFrom;
}

function judge(record: HeartbeatRecord, expected: Expectation, now: Instant): CheckResult {
  const { lastSuccessAt, failed } = record;
  const spell = (ms: number): string => humanDuration(Math.max(0, ms));
  const ago = (atMs: number): string => spell(now.wallMs - atMs);
  const quietMs = countedMs(record, now);
  const values =
    lastSuccessAt === undefined
      ? []
      : [{ metric: 'last_success_age_seconds', value: quietMs / 1000, unit: 's' }];
  const running = runningSince(record);
  const note = running === undefined ? '' : `; a run started ${ago(running)} ago has not finished`;
  if (failed !== undefined) {
    const code = failed.exitCode === undefined ? '' : ` with exit code ${failed.exitCode}`;
    const lines = failed.output?.split('\n').filter((line) => line.trim() !== '') ?? [];
    const said = lines[0] === undefined ? '' : `: ${lines[0]}`;
    const summary = `the job failed${code} ${ago(failed.at)} ago${said}${note}`;
    return notOk('critical', 'command', summary, { values, detail: lines });
  }
  const last =
    lastSuccessAt === undefined
      ? `no report for ${spell(quietMs)}`
      : `last report ${spell(quietMs)} ago`;
  if (expected.met) return ok(`${last}, ${expected.text}${note}`, { values });
  const late = spell(expected.lateMs);
  return notOk('critical', 'stale', `${last}, ${expected.text}: ${late} late${note}`, { values });
}

/** When the run started that has not reported its end; absent if none has. */
function runningSince({ lastStartAt, lastSuccessAt, failed }: HeartbeatRecord): WallMs | undefined {
  const endedMs = Math.max(lastSuccessAt ?? 0, failed?.at ?? 0);
  return lastStartAt !== undefined && lastStartAt > endedMs ? lastStartAt : undefined;
}
