import { counted } from '../../model/counted.ts';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import type { Instant } from '../../model/time.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';

const flag = v.optional(v.fallback(v.optional(v.boolean()), undefined));
const number = v.optional(v.fallback(v.nullable(v.number()), null), null);

const account = v.object({
  accountId: v.optional(v.string(), 'default'),
  enabled: flag,
  configured: flag,
  running: flag,
  connected: flag,
  healthState: v.optional(v.fallback(v.nullable(v.string()), null), null),
  reconnectAttempts: number,
  lastStartAt: number,
  lastInboundAt: number,
});

const shape = v.object({ channelAccounts: v.record(v.string(), v.array(account)) });

/** Words of the gateway for an account that does not work. */
const badStates = new Set([
  'disconnected',
  'not-running',
  'stale-socket',
  'stuck',
  'blocked',
  'ingress-unavailable',
  'terminal-disconnect',
]);

/** What is remembered of each account, by its name. */
export type ChannelMemory = Map<string, AccountMemory>;

interface AccountMemory {
  readonly attempts: number | null;
  readonly startedAt: number | null;
  /** Steady milliseconds at which it was seen to have begun anew. */
  readonly restarts: readonly number[];
  readonly heardAt: number | null;
  /** Milliseconds between the messages that it heard. */
  readonly gaps: readonly number[];
}

const minuteMs = 60_000;

/** Judges the channels by what the gateway says of each account; it restarts them itself, so time counts. */
export function judgeChannels(payload: unknown, scene: Scene, memory: ChannelMemory): Found {
  const parsed = v.safeParse(shape, payload);
  if (!parsed.success) return well('this version does not offer that');
  const accounts = Object.entries(parsed.output.channelAccounts)
    .flatMap(([channel, list]) =>
      list.map((one) => ({ ...one, name: `${channel} (${one.accountId})` })),
    )
    .filter((one) => one.enabled !== false && one.configured !== false);
  const troubles: Found[] = [];
  const quiet: string[] = [];
  let badCount = 0;
  for (const one of accounts) {
    const word =
      one.healthState !== null && badStates.has(one.healthState)
        ? one.healthState
        : one.running === false
          ? 'not running'
          : one.connected === false
            ? 'not connected'
            : undefined;
    const streak = scene.history.note(`channel ${one.name}`, word !== undefined, scene.now);
    if (word !== undefined) badCount += 1;
    if (word !== undefined && streak.forMs >= 5 * minuteMs) {
      const isSevere = streak.forMs >= 15 * minuteMs || accounts.length === 1;
      const what = `${one.name} has been ${word} for ${humanDuration(streak.forMs)}`;
      troubles.push(ill(isSevere ? 'critical' : 'warning', 'status', what));
    }
    const noted = noteAccount(one, memory.get(one.name), scene.now);
    memory.set(one.name, noted);
    if (noted.restarts.length >= 3) {
      const what = `${one.name} has begun anew ${noted.restarts.length} times within an hour`;
      troubles.push(ill('warning', 'status', what));
    }
    if (word === undefined) quiet.push(...silenceOf(one.name, noted, scene.now));
  }
  const values = [
    { metric: 'accounts', value: accounts.length },
    { metric: 'bad', value: badCount },
    { metric: 'quiet', value: quiet.length },
  ];
  const said = [`${counted(accounts.length, 'account')}, ${badCount} not well`, ...quiet].join(
    '; ',
  );
  return worstFound(troubles, well(said, values));
}

type Account = v.InferOutput<typeof account>;

/** How many gaps make a habit, and how many are remembered. */
const gapsMin = 5;
const gapsMax = 20;

function noteAccount(
  { reconnectAttempts: attempts, lastStartAt: startedAt, lastInboundAt: heardAt }: Account,
  before: AccountMemory | undefined,
  { steadyMs }: Instant,
): AccountMemory {
  if (before === undefined) return { attempts, startedAt, restarts: [], heardAt, gaps: [] };
  const recent = before.restarts.filter((at) => steadyMs - at < 60 * minuteMs);
  // That attempts are counted from zero again, or that it was stopped, is no new beginning.
  const hasBegun =
    (startedAt !== null && before.startedAt !== null && startedAt !== before.startedAt) ||
    (attempts ?? 0) > (before.attempts ?? 0);
  const gapMs = (heardAt ?? 0) - (before.heardAt ?? heardAt ?? 0);
  return {
    attempts,
    startedAt: startedAt ?? before.startedAt,
    restarts: hasBegun ? [...recent, steadyMs].slice(-20) : recent,
    heardAt: heardAt ?? before.heardAt,
    gaps: gapMs > 0 ? [...before.gaps, gapMs].slice(-gapsMax) : before.gaps,
  };
}

/** People write in bursts: a pause of so long is none. */
const gapLeastMs = 10 * minuteMs;

/** That an account hears nothing, while it usually does: of interest, but it may be night. */
function silenceOf(
  name: string,
  { gaps, heardAt }: AccountMemory,
  { wallMs }: Instant,
): readonly string[] {
  const median = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
  if (median === undefined || gaps.length < gapsMin || heardAt === null) return [];
  const usualMs = Math.max(median, gapLeastMs);
  const silentMs = wallMs - heardAt;
  if (silentMs <= 3 * usualMs) return [];
  const usual = humanDuration(usualMs);
  return [`${name} has heard nothing for ${humanDuration(silentMs)}, usually for ${usual} at most`];
}
