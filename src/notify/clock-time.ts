import type { WallMs } from '../model/time.ts';

const dayMs = 86_400_000;

/** A time of today for people who may be anywhere: `12:03 UTC`; with the date once it is a day ago. */
export function clockTime(wallMs: WallMs, now: WallMs): string {
  const [date = '', time = ''] = new Date(wallMs).toISOString().split('T');
  const short = `${time.slice(0, 5)} UTC`;
  return Math.abs(now - wallMs) < dayMs ? short : `${date} ${short}`;
}
