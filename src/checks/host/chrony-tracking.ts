/** What `chronyc tracking` tells (chronyc(1)). */
export interface Tracking {
  /** Whether chrony has chosen a time server and follows it. */
  readonly isInStep: boolean;
  /** Milliseconds by which the clock is ahead of the time servers; negative when it is behind. */
  readonly aheadMs: number;
  /** When it last heard from a time server; absent if it never did. */
  readonly heard?: { readonly atMs: number; readonly everyMs: number };
}

/** Reads what it prints; undefined if that is something else. */
export function parseTracking(text: string): Tracking | undefined {
  const leap = /^Leap status\s*:\s*(.+)$/m.exec(text)?.[1];
  if (leap === undefined) return undefined;
  const [, seconds = '0', way] =
    /^System time\s*:\s*([\d.]+) seconds (slow|fast) of NTP time/m.exec(text) ?? [];
  const [, day, date, time, year] =
    /^Ref time \(UTC\)\s*:\s*(\w{3}) (\w{3} \s?\d{1,2}) ([\d:]{8}) (\d{4})/m.exec(text) ?? [];
  const atMs = day === undefined ? 0 : Date.parse(`${date} ${year} ${time} UTC`);
  const everySeconds = Number(/^Update interval\s*:\s*([\d.]+) seconds/m.exec(text)?.[1] ?? 0);
  return {
    isInStep: !/not synchroni[sz]ed/i.test(leap),
    aheadMs: Number(seconds) * 1000 * (way === 'slow' ? -1 : 1),
    ...(atMs > 0 ? { heard: { atMs, everyMs: everySeconds * 1000 } } : {}),
  };
}
