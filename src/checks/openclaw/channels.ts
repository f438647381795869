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

/** When each account began anew, and by what that was told. */
export type ReconnectMemory = Map<
  string,
  { readonly mark: string; readonly at: readonly number[] }
>;

const minuteMs = 60_000;

/** Judges the channels by what the gateway says of each account; it restarts them itself, so time counts. */
export function judgeChannels(payload: unknown, scene: Scene, memory: ReconnectMemory): Found {
  const parsed = v.safeParse(shape, payload);
  if (!parsed.success) return well('this version does not offer that');
  const accounts = Object.entries(parsed.output.channelAccounts)
    .flatMap(([channel, list]) =>
      list.map((one) => ({ ...one, name: `${channel} (${one.accountId})` })),
    )
    .filter((one) => one.enabled !== false && one.configured !== false);
  const troubles: Found[] = [];
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
    const reconnects = noteReconnect(one, memory, scene.now);
    if (reconnects >= 3) {
      const what = `${one.name} has begun anew ${reconnects} times within an hour`;
      troubles.push(ill('warning', 'status', what));
    }
  }
  const values = [
    { metric: 'accounts', value: accounts.length },
    { metric: 'bad', value: badCount },
  ];
  return worstFound(troubles, well(`${accounts.length} accounts, ${badCount} not well`, values));
}

function noteReconnect(
  one: {
    readonly name: string;
    readonly reconnectAttempts: number | null;
    readonly lastStartAt: number | null;
  },
  memory: ReconnectMemory,
  { steadyMs }: Instant,
): number {
  const mark = `${one.reconnectAttempts} ${one.lastStartAt}`;
  const before = memory.get(one.name);
  const recent = (before?.at ?? []).filter((at) => steadyMs - at < 60 * minuteMs);
  const at =
    before === undefined || before.mark === mark ? recent : [...recent, steadyMs].slice(-20);
  memory.set(one.name, { mark, at });
  return at.length;
}
