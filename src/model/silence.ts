import type { Matcher } from './route.ts';
import type { WallMs } from './time.ts';

/**
 * Keeps alerts whose labels match from being told, for a time. It never keeps back the end of something
 * that was told.
 */
export interface Silence {
  /** A UUID. */
  readonly id: string;
  /** All must match; at least one of them cannot match the empty value. */
  readonly matchers: readonly Matcher[];
  readonly startsAt: WallMs;
  readonly endsAt: WallMs;
  readonly updatedAt: WallMs;
  readonly createdBy: string;
  readonly comment: string;
  /** Ends by itself once everything it matches is sound again; `endsAt` is then the latest end. */
  readonly untilOk?: true;
}

export const silenceStates = ['pending', 'active', 'expired'] as const;
export type SilenceState = (typeof silenceStates)[number];

/** The state follows from the times alone: it is pending before its start, expired from its end on. */
export function silenceState({ startsAt, endsAt }: Silence, nowMs: WallMs): SilenceState {
  if (nowMs >= endsAt) return 'expired';
  return nowMs < startsAt ? 'pending' : 'active';
}

/** What a person asks for; without an id, or with one that may not be changed, a new silence begins. */
export interface SilenceRequest {
  readonly id?: string;
  readonly matchers: readonly Matcher[];
  readonly startsAt: WallMs;
  readonly endsAt: WallMs;
  readonly createdBy: string;
  readonly comment: string;
  readonly untilOk?: true;
}

/** What became of a request. `invalid` says in a sentence what would be right. */
export type SilenceAnswer =
  /** `unsaved` where it holds, but could not be written down: the end of the process would end it. */
  | { readonly kind: 'kept'; readonly id: string; readonly unsaved?: true }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'invalid'; readonly error: string };
