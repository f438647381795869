import type { Problem } from '../model/config.ts';
import { problemAt } from './problem.ts';
import {
  isNothing,
  listOf,
  placeSeenFrom,
  type MapEntry,
  type MapTree,
  type Tree,
} from './tree.ts';

/**
 * Merges the files of one configuration: lists are appended, maps merged deeply, and the same single
 * value in two files is a problem that names both, since neither could be meant to win.
 */
export function mergeTrees(trees: readonly Tree[]): { tree: MapTree; problems: Problem[] } {
  const problems: Problem[] = [];
  const maps = trees.filter((tree) => tree.kind === 'map');
  for (const { kind, place } of trees) {
    if (kind !== 'map')
      problems.push(problemAt(place, 'expected a map of sections such as checks:'));
  }
  const [
    first = { kind: 'map', entries: new Map<string, MapEntry>(), place: { file: '', path: '' } },
  ] = maps;
  const tree = maps
    .slice(1)
    .reduce<MapTree>((merged, next) => mergeMaps(merged, next, problems), first);
  return { tree, problems };
}

function mergeMaps(first: MapTree, second: MapTree, problems: Problem[]): MapTree {
  const entries = new Map(first.entries);
  for (const [key, entry] of second.entries) {
    const earlier = entries.get(key);
    if (earlier === undefined || isNothing(earlier.value)) entries.set(key, entry);
    else if (!isNothing(entry.value)) {
      entries.set(key, { key: earlier.key, value: mergeValues(earlier, entry, key, problems) });
    }
  }
  return { ...first, entries };
}

function mergeValues(earlier: MapEntry, entry: MapEntry, key: string, problems: Problem[]): Tree {
  const [first, second] = [earlier.value, entry.value];
  if (first.kind === 'map' && second.kind === 'map') return mergeMaps(first, second, problems);
  if (first.kind === 'list' && second.kind === 'list') {
    return listOf([...first.items, ...second.items], first.place);
  }
  problems.push(
    problemAt(
      entry.key,
      `the key ${key} is doubled, first ${placeSeenFrom(earlier.key, entry.key)}`,
    ),
  );
  return first;
}
