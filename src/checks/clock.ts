import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import { defaultedKey, type OutputOf, positiveDuration } from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult } from '../model/result.ts';
import { elapsedMs, type Instant } from '../model/time.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable, readHostFile } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { readSynchronization, type Synchronization } from './host/synchronization.ts';
import { parseUptime } from './host/uptime.ts';

const entries = {
  unsynchronized: defaultedKey(
    'What it means that nothing keeps the clock in step with the world.',
    v.picklist(['ignore', 'warning', 'critical'], 'one of ignore, warning, critical'),
    'warning',
  ),
  step_warning: defaultedKey(
    'A jump of the date by more than this is a warning.',
    positiveDuration,
    '2s',
  ),
  step_critical: defaultedKey(
    'A jump of the date by more than this is critical.',
    positiveDuration,
    '1m',
  ),
  step_hold: defaultedKey('How long a jump is told after it happened.', positiveDuration, '5m'),
};

type Options = OutputOf<typeof entries>;

/** How often the tools are asked: each answer starts a service of systemd, which fills the journal. */
const synchronizationAgeMaxMs = 5 * 60_000;

/** Judges the clock of the host: does something keep it right, and did the date jump? */
export const clockOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: (options) =>
      options.step_warning > options.step_critical
        ? 'step_warning must not be longer than step_critical'
        : undefined,
    defaults: { intervalMs: 60_000 },
    open({ options }, { clock }) {
      const watchSteps = stepWatch(options, places);
      let asked: { readonly at: Instant; readonly answer: Synchronization } | undefined;
      return {
        async run({ startedAt, signal }) {
          if (asked === undefined || elapsedMs(asked.at, startedAt) >= synchronizationAgeMaxMs) {
            const answer = await readSynchronization(places, { clock, signal });
            if (typeof answer !== 'string') {
              const steps = await watchSteps(startedAt);
              const jump = judge('cannot_tell', steps, startedAt, options);
              return steps.told === undefined ? couldNotLook(answer) : jump;
            }
            asked = { at: startedAt, answer };
          }
          return judge(asked.answer, await watchSteps(startedAt), startedAt, options);
        },
      };
    },
  });

export const clock = clockOf(hostPlaces);

interface Step {
  /** Positive when the date jumped forward. */
  readonly ms: number;
  readonly at: Instant;
}

interface Steps {
  readonly since: Instant;
  /** The latest one that is still told. */
  readonly told?: Step;
}

/** Compares the date with the steady clock from run to run. */
function stepWatch(
  { step_warning: stepMinMs, step_hold: holdMs }: Options,
  places: HostPlaces,
): (now: Instant) => Promise<Steps> {
  let first: Instant | undefined;
  let last: { readonly now: Instant; readonly uptimeMs: number } | undefined;
  let latest: Step | undefined;
  return async (now) => {
    const uptime = await readHostFile(`${places.proc}/uptime`, parseUptime);
    const uptimeMs = isUnreadable(uptime) ? 0 : uptime.seconds * 1000;
    first ??= now;
    if (last !== undefined) {
      const steadyMs = elapsedMs(last.now, now);
      const stepMs = now.wallMs - last.now.wallMs - steadyMs;
      // The uptime goes on while a machine sleeps, the steady clock does not: waking up is no jump.
      const sleptMs = uptimeMs - last.uptimeMs - steadyMs;
      const isWaking = sleptMs > 0 && Math.abs(stepMs - sleptMs) < stepMinMs;
      if (Math.abs(stepMs) >= stepMinMs && !isWaking) latest = { ms: stepMs, at: now };
    }
    last = { now, uptimeMs };
    const isTold = latest !== undefined && elapsedMs(latest.at, now) < holdMs;
    return { since: first, ...(isTold && latest !== undefined ? { told: latest } : {}) };
  };
}

function judge(
  synchronization: Synchronization,
  { told, since }: Steps,
  now: Instant,
  options: Options,
): CheckResult {
  const values = [
    { metric: 'step_seconds', value: (told?.ms ?? 0) / 1000, unit: 's' },
    ...(synchronization === 'cannot_tell'
      ? []
      : [{ metric: 'synchronized', value: synchronization === 'synchronized' ? 1 : 0 }]),
  ];
  if (told !== undefined) {
    const size = Math.abs(told.ms);
    const agoMs = elapsedMs(told.at, now);
    const status = size >= options.step_critical ? 'critical' : 'warning';
    const limitMs = status === 'critical' ? options.step_critical : options.step_warning;
    const summary =
      `the date jumped ${humanDuration(size)} ${told.ms > 0 ? 'forward' : 'back'} ` +
      `${agoMs === 0 ? 'just now' : `${humanDuration(agoMs)} ago`}, limit ${humanDuration(limitMs)}`;
    return notOk(status, 'threshold', summary, { values });
  }
  const { unsynchronized } = options;
  const watchedMs = elapsedMs(since, now);
  const noStep =
    watchedMs === 0
      ? 'jumps of the date are watched for from now on'
      : `no jump of the date in ${humanDuration(watchedMs)}`;
  if (synchronization === 'unsynchronized' && unsynchronized !== 'ignore') {
    const summary = `nothing keeps the clock right (no time server is followed); ${noStep}`;
    return notOk(unsynchronized, 'status', summary, { values });
  }
  return ok(`${sentences[synchronization]}; ${noStep}`, { values });
}

const sentences: Record<Synchronization, string> = {
  synchronized: 'the clock follows a time server',
  unsynchronized: 'the clock follows no time server',
  cannot_tell: 'cannot see from here whether the clock follows a time server',
};
