import type { Alert } from '../../model/alert.ts';
import type { Instant, SteadyMs, WallMs } from '../../model/time.ts';

/** Where alerts come from that are not those of checks. */
export interface AlertSource {
  /** What fires, and what has ended of late, for a routing that begins anew. */
  known(): readonly Alert[];
  /** The times of one that fires. */
  get(fingerprint: string): { readonly endsAt: WallMs; readonly updatedAt: WallMs } | undefined;
  /** What has ended by itself since this was last asked. */
  expire(now: Instant): readonly Alert[];
  /** When `expire` may have something to give. */
  nextExpiryAt(): SteadyMs | undefined;
}
