import type { WallMs } from './time.ts';

/** What a signed link allows: to take on one alert, as it fires since `startsAt`. */
export interface AlertLink {
  /** Of the alert. */
  readonly fingerprint: string;
  readonly startsAt: WallMs;
  readonly expiresAt: WallMs;
  readonly token: string;
}

export type LinkVerdict = 'valid' | 'expired' | 'wrong';
