import type { Labels } from './labels.ts';
import type { WallMs } from './time.ts';

/** An alert as somebody else posts it, such as a Prometheus. What is left out is absent. */
export interface AlertPost {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt?: WallMs;
  /** In the past: it has resolved. */
  readonly endsAt?: WallMs;
  readonly generatorURL: string;
}

/** What became of the alerts of one request. */
export interface PostAnswer {
  /** Why alerts were not taken, a clause each. */
  readonly faults: readonly string[];
  /** Alerts that were not taken only because there are too many. */
  readonly tooMany: number;
  /** Whether everything that was taken is on disk. What is not counts all the same. */
  readonly saved: boolean;
}
