import { humanDuration } from '../../lib/duration.ts';
import { standstillMaxMs } from '../../model/limits.ts';

/** How far the parts of the agent are behind with what is due. */
export interface Progress {
  readonly schedulerStandstillMs: number;
  readonly outboxStandstillMs: number;
  /** The longest time that one run may take: so long every place may be taken by runs that are in order. */
  readonly longestRunMs: number;
}

/**
 * Why the agent makes no progress, or undefined while it does. It is asked before each sign of life to the
 * service manager, so that it names only what a new start cures: neither a failing check nor a dead receiver,
 * and not a disk that refuses to save either, as the agent goes on in memory and a new start would find the
 * same disk. A database call that hangs holds up the whole process, and with it the sign of life itself.
 */
export function standstill(progress: Progress): string | undefined {
  const { schedulerStandstillMs, outboxStandstillMs, longestRunMs } = progress;
  if (schedulerStandstillMs > standstillMaxMs + longestRunMs) {
    return `the scheduler has not moved for ${humanDuration(schedulerStandstillMs)}`;
  }
  if (outboxStandstillMs > standstillMaxMs) {
    return `the outbox has not moved for ${humanDuration(outboxStandstillMs)}`;
  }
  return undefined;
}
