import type { Clock } from '../../lib/clock.ts';
import { secretMask } from '../../model/secret.ts';
import { unitJournalLinesMax } from '../../model/limits.ts';
import { isUnreadable } from './host-file.ts';
import type { HostPlaces } from './places.ts';
import { askTool } from './system-tool.ts';

/** The last lines of a unit's journal, the newest last; none where the journal may not be read. */
export async function unitJournal(
  unit: string,
  places: HostPlaces,
  limits: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<readonly string[]> {
  const lines = `--lines=${unitJournalLinesMax}`;
  const words = ['journalctl', '--no-pager', '--quiet', lines, '--output=short-iso'] as const;
  const read = await askTool([...words, `--unit=${unit}`], places, limits);
  if (isUnreadable(read)) return [];
  return read.output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-unitJournalLinesMax)
    .map(withoutSecrets);
}

const named =
  /((?:password|passwd|secret|token|api[_-]?key|authorization)["']?\s*[=:]\s*)(?:(?:bearer|basic)\s+)?\S+/gi;
const shaped =
  /\b(?:sk|pk|ghp|xox[abp])[-_][\w-]{10,}|(?<=:\/\/[^\s:/@]{0,100}:)[^\s@/]{1,200}(?=@)/g;

/** Services write into their log what they should not: what looks like a secret goes no further. */
function withoutSecrets(line: string): string {
  return line.replace(named, `$1${secretMask}`).replace(shaped, secretMask);
}
