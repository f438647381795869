import * as v from 'valibot';
import { findingsOf, type Finding } from './issue.ts';
import { isUnsupported } from './later.ts';
import { shownText } from './masked.ts';
import { didYouMean, suggestion } from './nearest.ts';
import { problemAt } from './problem.ts';
import type { Reading } from './reading.ts';
import { readScalar } from './scalar.ts';
import {
  alternatives,
  keysOf,
  schemasOfItem,
  schemasOfKey,
  takesList,
  type Schema,
} from './schema-shape.ts';
import { isNothing, keyPath, treeAt, type MapTree, type ScalarTree, type Tree } from './tree.ts';

/**
 * The value of a tree under a schema; undefined if anything is wrong with it, all of which is told.
 * Keys in `apart` are allowed but left out: they are read on their own.
 */
export function read<Output>(
  reading: Reading,
  tree: Tree,
  schema: v.GenericSchema<unknown, Output>,
  apart: readonly string[] = [],
): Output | undefined {
  const before = reading.problems.length;
  const result = v.safeParse(schema, plain(reading, tree, alternatives(schema), apart));
  for (const issue of result.issues ?? []) {
    for (const finding of findingsOf(issue)) tell(reading, tree, finding);
  }
  return result.success && reading.problems.length === before ? result.output : undefined;
}

/** The text of a scalar; undefined if it is something else or a reference fails, which is told. */
export function readText(reading: Reading, tree: Tree | undefined): string | undefined {
  return tree === undefined ? undefined : read(reading, tree, v.string('a text'));
}

function plain(
  reading: Reading,
  tree: Tree,
  schemas: readonly Schema[],
  apart: readonly string[],
): unknown {
  if (tree.kind === 'scalar') return readScalar(reading, tree, schemas);
  if (tree.kind === 'map') return plainMap(reading, tree, schemas, apart);
  // To a schema a list is an object like any other, with keys of digits.
  if (!takesList(schemas)) return null;
  return tree.items.map((item, index) => plain(reading, item, schemasOfItem(schemas, index), []));
}

/** Keys with a dollar are meant for other tools. */
const isOwnKey = (key: string): boolean => !key.startsWith('$');

function plainMap(
  reading: Reading,
  tree: MapTree,
  schemas: readonly Schema[],
  apart: readonly string[],
): unknown {
  const keys = keysOf(schemas);
  const values: [string, unknown][] = [];
  for (const [key, entry] of tree.entries) {
    if (apart.includes(key)) continue;
    if (keys !== undefined && !keys.includes(key)) {
      const message = isUnsupported(key, entry.key.path)
        ? `${key} is not supported by this version`
        : `unknown key ${JSON.stringify(key)}${suggestion(key, [...keys, ...apart].filter(isOwnKey))}`;
      reading.problems.push(problemAt(entry.key, message));
    } else if (!isNothing(entry.value)) {
      values.push([key, plain(reading, entry.value, schemasOfKey(schemas, key), [])]);
    }
  }
  return Object.fromEntries(values);
}

function tell(reading: Reading, root: Tree, { keys, wanted, words }: Finding): void {
  if (wanted === undefined) {
    const { place } = treeAt(root, keys.slice(0, -1));
    const key = String(keys.at(-1));
    const path = keyPath(place.path, key);
    reading.problems.push(problemAt({ ...place, path }, `the key ${key} is missing`));
    return;
  }
  const tree = treeAt(root, keys);
  if (reading.refused.has(tree)) return;
  const hint = tree.kind === 'scalar' ? didYouMean(tree.text, words) : '';
  const message = `expected ${wanted}, found ${describe(tree, reading.hidden)}${hint}`;
  reading.problems.push(problemAt(tree.place, message));
}

/** Characters of a value that are quoted in a problem. */
const quotedLengthMax = 80;

/** What is there, for people, without secrets. */
export function describe(tree: Tree, hidden: ReadonlySet<ScalarTree>): string {
  if (tree.kind !== 'scalar') return `a ${tree.kind}`;
  if (tree.value === null) return 'nothing';
  const text = shownText(tree, hidden);
  const short = text.length > quotedLengthMax ? `${text.slice(0, quotedLengthMax)}…` : text;
  return typeof tree.value === 'string' ? JSON.stringify(short) : short;
}
