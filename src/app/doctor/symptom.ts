import type { Status } from '../../model/result.ts';

/** One thing that was looked at, and what to do about it if it is not in order. */
export interface Symptom {
  /** What was looked at, in one word or two. */
  readonly area: string;
  readonly status: Status;
  readonly sentence: string;
  /** What a person would do next; absent where nothing is to be done. */
  readonly remedy?: string;
}
