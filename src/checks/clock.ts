import * as v from 'valibot';
import type { Clock } from '../lib/clock.ts';
import { humanDuration } from '../lib/duration.ts';
import { defaultedKey, optionalKey, type OutputOf, positiveDuration } from '../lib/schema-atoms.ts';
import { timeServerSilenceMs } from '../model/limits.ts';
import type { CheckResult } from '../model/result.ts';
import { elapsedMs, type Instant } from '../model/time.ts';
import { checkType, type RunContext } from './check-type.ts';
import { stepWatch, type Steps } from './host/clock-steps.ts';
import { isUnreadable, type Unreadable } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { readSynchronization, type Synchronization } from './host/synchronization.ts';
import { isFailure } from './net/failure.ts';
import { parseHostPort } from './net/host-port.ts';
import { askTime } from './net/ntp.ts';
import { durationLimits, judgeFigure } from './service/figure.ts';
import { findingOf, sumUp, type Finding } from './service/finding.ts';

const serverMessage = 'a host such as ntp.example.com, or host:port';
const ntpPort = 123;

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
  offset: defaultedKey(
    'How far the clock may be from the time servers, as chrony, systemd-timesyncd or server tell.',
    durationLimits,
    { warning: '250ms', critical: '2s' },
  ),
  server: optionalKey(
    'A time server that is asked itself, every five minutes: a host, with a port unless it is 123.',
    v.pipe(
      v.string(serverMessage),
      v.check((text) => parseHostPort(text, ntpPort) !== undefined, serverMessage),
    ),
  ),
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
      const watchSteps = stepWatch(options, places, clock);
      let asked: Asked | undefined;
      return {
        async run(context) {
          const { startedAt } = context;
          if (asked === undefined || elapsedMs(asked.at, startedAt) >= synchronizationAgeMaxMs) {
            asked = await ask(options, places, { ...context, clock });
          }
          const result = judge(asked, watchSteps(), options);
          // Whoever did not answer is asked again at the next run.
          if (isUnreadable(asked.synchronization)) asked = undefined;
          return result;
        },
      };
    },
  });

export const clock = clockOf(hostPlaces);

/** What was answered to the questions that are asked now and then. */
interface Asked {
  readonly at: Instant;
  readonly synchronization: Synchronization | Unreadable;
  readonly server?: Awaited<ReturnType<typeof askTime>>;
}

async function ask(
  { server }: Options,
  places: HostPlaces,
  context: RunContext & { readonly clock: Clock },
): Promise<Asked> {
  const place = server === undefined ? undefined : parseHostPort(server, ntpPort);
  const [synchronization, answer] = await Promise.all([
    readSynchronization(places, context),
    place === undefined ? undefined : askTime(place, context),
  ]);
  const at = context.startedAt;
  return { at, synchronization, ...(answer === undefined ? {} : { server: answer }) };
}

function judge(asked: Asked, steps: Steps, options: Options): CheckResult {
  const { now } = steps;
  const { synchronization } = asked;
  const offset = judgeOffset(asked, options);
  const watchedMs = elapsedMs(steps.since, now);
  const noStep =
    watchedMs === 0
      ? 'jumps of the date are watched for from now on'
      : `no jump of the date in ${humanDuration(watchedMs)}`;
  const { state } = isUnreadable(synchronization) ? cannotTell : synchronization;
  const follows = `${sentences[state]}${offset.healthy}`;
  return sumUp({
    healthy: `${follows}; ${noStep}`,
    findings: [
      judgeStep(steps, now, options),
      ...offset.findings,
      judgeFollowing(synchronization, now, options),
    ],
  });
}

function judgeStep({ told }: Steps, now: Instant, options: Options): Finding {
  const values = [{ metric: 'step_seconds', value: (told?.ms ?? 0) / 1000, unit: 's' }];
  if (told === undefined) return { status: 'ok', reason: 'threshold', sentence: '', values };
  const size = Math.abs(told.ms);
  const agoMs = elapsedMs(told.at, now);
  const status = size >= options.step_critical ? 'critical' : 'warning';
  const limitMs = status === 'critical' ? options.step_critical : options.step_warning;
  const sentence =
    `the date jumped ${humanDuration(size)} ${told.ms > 0 ? 'forward' : 'back'} ` +
    `${agoMs === 0 ? 'just now' : `${humanDuration(agoMs)} ago`}, limit ${humanDuration(limitMs)}`;
  return { status, reason: 'threshold', sentence, values };
}

/** Whether something steers the clock, and has heard from the world lately. */
function judgeFollowing(
  synchronization: Synchronization | Unreadable,
  now: Instant,
  { unsynchronized: status }: Options,
): Finding {
  if (isUnreadable(synchronization)) {
    const { reason, unreadable } = synchronization;
    return { status: 'unknown', reason, sentence: unreadable };
  }
  const { state, by, heard } = synchronization;
  const isFollowing = state === 'synchronized';
  const values =
    state === 'cannot_tell' ? [] : [{ metric: 'synchronized', value: isFollowing ? 1 : 0 }];
  const silentMs = heard === undefined ? 0 : now.wallMs - heard.atMs;
  const isSilent = silentMs >= Math.max(timeServerSilenceMs, 8 * (heard?.everyMs ?? 0));
  const well: Finding = { status: 'ok', reason: 'status', sentence: '', values };
  if (status === 'ignore' || state === 'cannot_tell' || (isFollowing && !isSilent)) return well;
  const sentence = isFollowing
    ? `chrony has heard from no time server for ${humanDuration(silentMs)}`
    : by === 'chrony'
      ? 'nothing keeps the clock right: chrony runs, but follows none of its time servers (chronyc sources)'
      : 'nothing keeps the clock right (no time server is followed)';
  return { ...well, status, sentence };
}

/** The offset as the service of this host tells it, and as the time server does. */
function judgeOffset(
  { synchronization, server }: Asked,
  { offset: limits, server: name }: Options,
): { readonly findings: readonly Finding[]; readonly healthy: string } {
  const { aheadMs, by } = isUnreadable(synchronization) ? cannotTell : synchronization;
  const findings: Finding[] = [];
  const said: string[] = [];
  const note = (metric: string, ms: number, whose: string): void => {
    const size = humanDuration(Math.abs(ms));
    const way = ms < 0 ? 'behind' : 'ahead of';
    const sentence = `the clock is ${size} ${way} ${whose}`;
    // Judged by its size, and exported with its sign.
    const figure = { metric, value: Math.abs(ms) / 1000, unit: 's', sentence };
    const finding = judgeFigure(figure, limits);
    const values =
      finding.values?.map((value) => ({ ...value, value: Math.round(ms * 1000) / 1e6 })) ?? [];
    findings.push({ ...finding, values });
    said.push(`${size} ${way} ${whose}`);
  };
  if (aheadMs !== undefined) note('offset_seconds', aheadMs, `the time servers (says ${by})`);
  if (server !== undefined) {
    if (isFailure(server)) findings.push(findingOf({ ...server, unknown: true }));
    else note('server_offset_seconds', server.aheadMs, `${name}`);
  }
  return { findings, healthy: said.map((one) => `, ${one}`).join('') };
}

const cannotTell: Synchronization = { state: 'cannot_tell' };

const sentences: Record<Synchronization['state'], string> = {
  synchronized: 'the clock follows a time server',
  unsynchronized: 'the clock follows no time server',
  cannot_tell: 'cannot see from here whether the clock follows a time server',
};
