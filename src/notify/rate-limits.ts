import { formatDuration } from '../lib/duration.ts';
import type { RateLimit } from '../model/route.ts';
import { laterMs, type Instant, type SteadyMs, type WallMs } from '../model/time.ts';
import { clockTime } from './clock-time.ts';
import type { Place } from './place.ts';
import type { ReceiverRecords } from './receiver-record.ts';

/** How many messages an integration of a receiver may still get. */
export interface RateLimits {
  /** Until when the lane is closed; for ever where only the end of an attempt under way can tell. */
  closedUntil(lane: string, receiver: string): SteadyMs | undefined;
  /** What the message that uses the limit up has to say; `place` is being sent. */
  lastOneRemark(place: Place, now: Instant): string | undefined;
  /** Why a place is held back. */
  heldRemark(place: Place, now: Instant): string;
}

/**
 * The rate limits of the receivers, over windows that end now: so many messages that were taken in so much
 * time, those under way counted with them.
 */
export function createRateLimits(options: {
  /** By the name of the receiver. */
  readonly limitOf: (receiver: string) => RateLimit | undefined;
  readonly records: ReceiverRecords;
  readonly load: (receiver: string) => number;
}): RateLimits {
  const { limitOf, records, load } = options;

  const closedUntil = (lane: string, receiver: string): SteadyMs | undefined => {
    if (lane !== receiver) return undefined;
    const limit = limitOf(nameIn(receiver));
    if (limit === undefined) return undefined;
    const left = limit.count - load(receiver);
    if (left <= 0) return Infinity as SteadyMs;
    const told = records.get(receiver).told ?? [];
    const oldest = told[told.length - left];
    return oldest === undefined ? undefined : laterMs(oldest, limit.perMs);
  };

  const wallTime = (steadyMs: SteadyMs, now: Instant): string =>
    clockTime((now.wallMs + steadyMs - now.steadyMs) as WallMs, now.wallMs);

  return {
    closedUntil,
    lastOneRemark({ lane, receiver }, now) {
      const limit = limitOf(nameIn(receiver));
      if (limit === undefined || (closedUntil(lane, receiver) ?? 0) <= now.steadyMs)
        return undefined;
      const told = records.get(receiver).told ?? [];
      const before = told[told.length - limit.count + load(receiver)] ?? now.steadyMs;
      const until = wallTime(laterMs(before, limit.perMs), now);
      return `${limitText(limit)} is reached: what follows is held back until ${until}, then told together`;
    },
    heldRemark({ lane, receiver }, now) {
      const limit = limitOf(nameIn(receiver));
      const until = closedUntil(lane, receiver);
      const when =
        until === undefined || until === Infinity ? '' : ` until ${wallTime(until, now)}`;
      return `held back${when}: ${limit === undefined ? 'a limit' : limitText(limit)} is reached`;
    },
  };
}

function limitText({ count, perMs }: RateLimit): string {
  return `rate_limit ${count}/${formatDuration(perMs)}`;
}

/** The name of the receiver in a `receiverKey`. */
function nameIn(receiver: string): string {
  return String((JSON.parse(receiver) as unknown[])[0]);
}
