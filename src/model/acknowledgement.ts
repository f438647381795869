import type { WallMs } from './time.ts';

/**
 * Somebody has taken on a firing alert: reminders and escalation stop until it has resolved. It ends with
 * the alert, and when the alert becomes worse.
 */
export interface Acknowledgement {
  /** Of the alert. */
  readonly fingerprint: string;
  readonly by: string;
  readonly comment: string;
  readonly at: WallMs;
}
