import { nominalIntervalMs } from '../model/check.ts';
import type { Config } from '../model/config.ts';
import { scenarioLengthMaxMs } from '../model/limits.ts';
import type { ScriptedResults } from '../model/scenario.ts';
import { suggestion } from './nearest.ts';
import { problemAt } from './problem.ts';
import { read, readText } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import { parseResults } from './result-notation.ts';
import { resultSchema } from './scenario-schema.ts';
import type { Tree } from './tree.ts';

export interface ReadResults {
  readonly byCheck: ReadonlyMap<string, readonly ScriptedResults[]>;
  /** When the last result that is written comes, by the intervals of the checks. */
  readonly endMs: number;
}

/** Reads `results`: for each check of the configuration a text in short notation, or a list. */
export function readResults(reading: Reading, tree: Tree | undefined, config: Config): ReadResults {
  const byCheck = new Map<string, readonly ScriptedResults[]>();
  let endMs = 0;
  if (tree === undefined) return { byCheck, endMs };
  if (tree.kind !== 'map') {
    refuse(reading, tree, 'expected a map of names of checks to results such as "ok*5 critical*3"');
    return { byCheck, endMs };
  }
  const names = config.checks.map(({ name }) => name);
  for (const [name, { key, value }] of tree.entries) {
    const spec = config.checks.find((check) => check.name === name);
    if (spec === undefined) {
      const message = `the configuration has no check ${JSON.stringify(name)}${suggestion(name, names)}`;
      reading.problems.push(problemAt(key, message));
      continue;
    }
    const items = value.kind === 'list' ? value.items : [value];
    const results = items.flatMap((item) => readItem(reading, item));
    byCheck.set(name, results);
    endMs = Math.max(endMs, lastRunMs(reading, value, results, nominalIntervalMs(spec.schedule)));
  }
  return { byCheck, endMs };
}

function readItem(reading: Reading, tree: Tree): readonly ScriptedResults[] {
  if (tree.kind !== 'scalar') {
    const written = read(reading, tree, resultSchema);
    if (written === undefined) return [];
    const { at, times = 1, ...rest } = written;
    return [{ ...rest, times, ...(at === undefined ? {} : { atMs: at }) } as ScriptedResults];
  }
  const text = readText(reading, tree);
  if (text === undefined) return [];
  const results = parseResults(text);
  if (!('error' in results)) return results;
  refuse(reading, tree, results.error);
  return [];
}

/** When the last of these runs is, and tells of a time that goes back. */
function lastRunMs(
  reading: Reading,
  tree: Tree,
  results: readonly ScriptedResults[],
  intervalMs: number,
): number {
  let nextMs = 0;
  let lastMs = 0;
  for (const { atMs, times } of results) {
    if (atMs !== undefined && atMs < lastMs) {
      refuse(reading, tree, `the result at ${atMs / 1000}s comes after one at ${lastMs / 1000}s`);
      return lastMs;
    }
    lastMs = (atMs ?? nextMs) + (times - 1) * intervalMs;
    nextMs = lastMs + intervalMs;
  }
  if (lastMs <= scenarioLengthMaxMs) return lastMs;
  refuse(reading, tree, 'expected results that end within a year (366d)');
  return 0;
}
