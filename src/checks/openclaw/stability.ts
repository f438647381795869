import { counted } from '../../model/counted.ts';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';

const lenientText = v.optional(v.fallback(v.optional(v.string()), undefined));

const shape = v.object({
  dropped: v.optional(v.fallback(v.number(), 0), 0),
  events: v.array(
    v.object({ ts: v.number(), type: v.string(), level: lenientText, reason: lenientText }),
  ),
});

/** The events of the gateway's own diary that are looked at, by name. Source: its code, version 2026.9.6. */
export const stabilityEvents = {
  pressure: 'diagnostic.memory.pressure',
  stuck: 'session.stuck',
} as const;

/**
 * Judges the two kinds of events, each by an answer of `diagnostics.stability`. An event counts for `hold`
 * from its own time, so that one is told once, also over a restart of the agent. That older events were
 * dropped is the rule on a busy gateway: its diary has a thousand lines.
 */
export function judgeStability(pressure: unknown, stuck: unknown, { now, options }: Scene): Found {
  const answers = [pressure, stuck].map((payload) => v.safeParse(shape, payload));
  const read = answers.flatMap((answer) => (answer.success ? [answer.output] : []));
  if (read.length < answers.length) return well('this version does not offer that');
  const recent = read
    .flatMap(({ events }) => events)
    .filter(({ ts }) => now.wallMs - ts < options.hold)
    .toSorted((a, b) => b.ts - a.ts);
  const critical = recent.filter(
    ({ type, level }) => type === stabilityEvents.pressure && level === 'critical',
  );
  const sessions = recent.filter(({ type }) => type === stabilityEvents.stuck);
  const dropped = Math.max(...read.map((one) => one.dropped));
  const values = [
    { metric: 'memory_pressure', value: critical.length },
    { metric: 'stuck_sessions', value: sessions.length },
    { metric: 'dropped', value: dropped, unit: 'c' },
  ];
  const within = humanDuration(options.hold);
  const troubles: Found[] = [];
  const tell = (found: typeof recent, what: string): void => {
    const [latest] = found;
    if (latest === undefined) return;
    const ago = humanDuration(Math.max(0, now.wallMs - latest.ts));
    const why = latest.reason === undefined ? '' : ` (${latest.reason})`;
    const text = `${what} ${ago} ago${why}, ${counted(found.length, 'time')} within ${within}`;
    troubles.push(ill('warning', 'status', text));
  };
  tell(critical, 'the gateway says that memory ran short');
  tell(sessions, 'a session was stuck');
  const lost = dropped === 0 ? '' : `; ${counted(dropped, 'older event')} dropped`;
  return worstFound(troubles, well(`no memory pressure, no stuck session${lost}`, values));
}
