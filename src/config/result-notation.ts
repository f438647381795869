import { parseDuration } from '../lib/duration.ts';
import { scriptedRunsMax } from '../model/limits.ts';
import { statuses } from '../model/result.ts';
import type { ScriptedResults } from '../model/scenario.ts';

const wanted = 'results such as "ok*5 critical*3 10m:ok _*2"';

/**
 * Reads results in a row: a status, or `_` for a run that does not report, optionally `*` and how often,
 * optionally after a time from the start and a colon. The error says what would be right.
 */
export function parseResults(
  text: string,
): readonly ScriptedResults[] | { readonly error: string } {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return { error: `expected ${wanted}, found nothing` };
  const results: ScriptedResults[] = [];
  for (const word of words) {
    const one = parseWord(word);
    if ('error' in one) return one;
    results.push(one);
  }
  return results;
}

function parseWord(word: string): ScriptedResults | { readonly error: string } {
  const quoted = JSON.stringify(word);
  const [, time, name, count] = /^(?:([^:*]*):)?([^:*]*)(?:\*(.*))?$/.exec(word) ?? [];
  const status = name === '_' ? 'none' : statuses.find((known) => known === name);
  if (status === undefined) {
    const choice = `${statuses.join(', ')} or _`;
    return { error: `expected ${wanted}, found ${quoted}: a result is ${choice}` };
  }
  const times = count === undefined ? 1 : /^\d{1,7}$/.test(count) ? Number(count) : 0;
  if (times < 1 || times > scriptedRunsMax) {
    return { error: `expected a number from 1 to ${scriptedRunsMax} after * in ${quoted}` };
  }
  const atMs = time === undefined ? undefined : parseDuration(time);
  if (time !== undefined && atMs === undefined) {
    return { error: `expected a duration such as 10m before the colon in ${quoted}` };
  }
  return { status, times, ...(atMs === undefined ? {} : { atMs }) };
}
