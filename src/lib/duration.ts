/** Milliseconds per unit, largest first: the order in which the units may follow each other. */
const units = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const pattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/**
 * Reads a duration in the notation of Prometheus: `500ms`, `30s`, `1h30m`, `7d`; `0` needs no unit.
 * Gives milliseconds, or undefined if the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = pattern.exec(text);
  if (match === null || text === '') return undefined;
  return units.reduce((sum, [, ms], position) => sum + Number(match[position + 1] ?? 0) * ms, 0);
}

/** Writes milliseconds in the notation that `parseDuration` reads: `1h30m`, `0s`. */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs);
  let text = '';
  for (const [unit, ms] of units) {
    // Weeks and years are harder to read than days for people who look at an alert.
    if (unit === 'y' || unit === 'w') continue;
    const count = Math.floor(rest / ms);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * ms;
  }
  return text === '' ? '0s' : text;
}

/** A duration for people: the two largest units, `3h 12m`, `45s`, `1.2s` below ten seconds, `0.05ms`. */
export function humanDuration(durationMs: number): string {
  if (durationMs > 0 && durationMs < 0.95) return `${Number(durationMs.toPrecision(1))}ms`;
  if (durationMs < 1000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 10_000) return `${(durationMs / 1000).toFixed(1).replace(/\.0$/, '')}s`;
  const parts: string[] = [];
  let rest = Math.round(durationMs / 1000) * 1000;
  for (const [unit, ms] of units) {
    if (unit === 'y' || unit === 'w' || unit === 'ms') continue;
    const count = Math.floor(rest / ms);
    rest -= count * ms;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
