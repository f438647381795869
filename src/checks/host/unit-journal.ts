import type { Clock } from '../../lib/clock.ts';
import { isUnreadable } from './host-file.ts';
import { isJournalRefused, journalRight, matchesOf } from './journal-match.ts';
import { maskLogLines } from './mask-log-lines.ts';
import type { HostPlaces } from './places.ts';
import { askTool } from './system-tool.ts';

/**
 * The last lines of the journals of some units, the newest last: of units of the system or of a user, and what systemd
 * itself said of them. Says so where they may not be read; empty where there are none, or no answer.
 */
export async function unitJournals(
  units: readonly string[],
  linesMax: number,
  places: HostPlaces,
  limits: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<readonly string[]> {
  const found = await Promise.all(
    units.map(async (unit) => ({ unit, ...(await journalOf(unit, linesMax, places, limits)) })),
  );
  const refused = found.filter(({ isRefused }) => isRefused).map(({ unit }) => unit);
  return [
    ...found.flatMap(({ unit, lines }) =>
      lines.length === 0 ? [] : [`log of ${unit}:`, ...lines],
    ),
    ...(refused.length === 0 ? [] : [`no log of ${refused.join(', ')}: ${journalRight()}`]),
  ];
}

async function journalOf(
  unit: string,
  linesMax: number,
  places: HostPlaces,
  limits: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<{ readonly lines: readonly string[]; readonly isRefused: boolean }> {
  const words = ['--no-pager', '--no-hostname', '--output=short-iso', `--lines=${linesMax}`];
  const read = await askTool(['journalctl', ...words, ...matchesOf(unit)], places, limits);
  if (isUnreadable(read)) return { lines: [], isRefused: isJournalRefused(read.unreadable) };
  const today = new Date(limits.clock.now().wallMs).toISOString().slice(0, 10);
  const lines = read.output
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('-- '))
    .slice(-linesMax)
    // It was asked in UTC, for which one letter is enough, and the time for what is of today.
    .map((line) => line.replace(/^(\d{4}-\S+)\+0000 /, '$1Z ').replace(`${today}T`, ''));
  // Whoever sees only the messages of an own user sees nothing of this unit, which is no error.
  const isRefused = lines.length === 0 && isJournalRefused(read.said);
  return { lines: maskLogLines(lines).map((line) => `  ${line}`), isRefused };
}
