import type { CheckResult } from '../../model/result.ts';

/** How it is seen whether a service under `tocsin watchdog` works. */
export interface ServiceLook {
  /**
   * Looks once; never throws, and ends by itself. While the service is `booting`, a pass says that it is
   * ready; later on, that it lives.
   */
  readonly look: (phase: 'booting' | 'running') => Promise<CheckResult>;
  /** What a restart would interrupt just now, such as `2 × task`; none if nobody can be asked. */
  readonly blockers?: () => Promise<readonly string[]>;
  /** Gives back what looking took. */
  readonly close: () => void;
}
