import { humanDuration } from '../lib/duration.ts';
import { toldLateMs } from '../model/limits.ts';
import { elapsedMs, type Instant } from '../model/time.ts';
import { clockTime } from './clock-time.ts';
import type { Place } from './place.ts';
import { describeTrouble, type ReceiverRecord } from './receiver-record.ts';

/** When the agent did not run: from the last thing it wrote down to its start. */
export interface Stopped {
  readonly from: Instant;
  readonly until: Instant;
}

/** What a message that is sent late has to say about it, with every reason that was seen. */
export function lateRemark(
  places: readonly Place[],
  record: ReceiverRecord,
  stopped: Stopped | undefined,
  now: Instant,
): string | undefined {
  const [oldest] = places;
  if (oldest === undefined) return undefined;
  const { createdAt, receiver, integration } = oldest.entry.delivery;
  const lateMs = elapsedMs(createdAt, now);
  if (lateMs < toldLateMs) return undefined;
  const { trouble } = record;
  const reasons: string[] = [];
  if (
    oldest.inherited &&
    stopped !== undefined &&
    elapsedMs(stopped.from, stopped.until) > toldLateMs
  ) {
    const span = [stopped.from, stopped.until].map(({ wallMs }) => clockTime(wallMs, now.wallMs));
    reasons.push(`the agent was stopped from ${span.join(' to ')}`);
  }
  const isInvolved =
    trouble !== undefined && (trouble.until?.steadyMs ?? Infinity) >= createdAt.steadyMs;
  if (isInvolved) {
    reasons.push(`${receiver} (${integration}) ${describeTrouble(trouble, now.wallMs)}`);
  }
  if (places.some(({ held }) => held)) reasons.push('a rate limit held it back');
  const why = reasons.length === 0 ? 'other messages came first' : reasons.join('; ');
  return `Told ${humanDuration(lateMs)} late: ${why}`;
}
