/** Where something stands, for people: lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** From the root of its own file, such as `checks[2].http.method`. */
  readonly path: string;
}

/** A place for somebody who looks at another one: the line, or the file if it is not the same. */
export function placeSeenFrom({ file, line }: Place, here: Place): string {
  return file === here.file ? `on line ${line}` : `in ${file}:${line}`;
}

/**
 * A configuration as written: plain values, each with its place. Every later step works on trees, so
 * that merging files or writing out a short form never loses where a value came from.
 */
export type Tree = ScalarTree | ListTree | MapTree;

export interface ScalarTree {
  readonly kind: 'scalar';
  /** Bytes are what YAML calls `!!binary`. */
  readonly value: string | number | boolean | Uint8Array | null;
  /** As written, without quotes: `1.10` stays `1.10`. */
  readonly text: string;
  /** From a file in the format of another program, in which `${…}` is no reference. */
  readonly isForeign?: true;
  readonly place: Place;
}

export interface ListTree {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly place: Place;
}

export interface MapTree {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly place: Place;
}

export interface MapEntry {
  readonly key: Place;
  readonly value: Tree;
}

/** Whether nothing was written: a key with nothing behind it counts as a missing key. */
export function isNothing(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}

/** The value of a key; undefined if it is missing, or the tree is no map. */
export function valueOf(tree: Tree | undefined, key: string): Tree | undefined {
  if (tree?.kind !== 'map') return undefined;
  const value = tree.entries.get(key)?.value;
  return value === undefined || isNothing(value) ? undefined : value;
}

/** The items of a list; none if it is missing or something else. */
export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

export function scalarOf(value: string | number | boolean, place: Place): ScalarTree {
  return { kind: 'scalar', value, text: String(value), place };
}

export function listOf(items: readonly Tree[], place: Place): ListTree {
  return { kind: 'list', items, place };
}

/** A map of the trees that are there; missing ones leave out their key. */
export function mapOf(values: Readonly<Record<string, Tree | undefined>>, place: Place): MapTree {
  const entries = new Map<string, MapEntry>();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) entries.set(key, { key: value.place, value });
  }
  return { kind: 'map', entries, place };
}

/** The map with the keys of `missing` added that it lacks. */
export function withMissing(
  tree: MapTree,
  missing: Readonly<Record<string, Tree | undefined>>,
): MapTree {
  const entries = new Map(tree.entries);
  for (const [key, entry] of mapOf(missing, tree.place).entries) {
    if (valueOf(tree, key) === undefined) entries.set(key, entry);
  }
  return { ...tree, entries };
}

/** The map with the value of one of its keys replaced, which stays where it was written. */
export function withValue(tree: MapTree, key: string, value: Tree): MapTree {
  const entry = tree.entries.get(key);
  const entries = new Map(tree.entries).set(key, { key: entry?.key ?? value.place, value });
  return { ...tree, entries };
}

/** The map without one of its keys. */
export function without(tree: MapTree, key: string): MapTree {
  const entries = new Map(tree.entries);
  entries.delete(key);
  return { ...tree, entries };
}

const plainKey = /^[\w-]+$/;

/** The path of a key within the map at `path`. */
export function keyPath(path: string, key: string): string {
  const shown = plainKey.test(key) ? key : JSON.stringify(key);
  return path === '' ? shown : `${path}.${shown}`;
}

/** The tree at the end of the keys and positions, or the last one on the way that there is. */
export function treeAt(tree: Tree, keys: readonly (string | number)[]): Tree {
  let found = tree;
  for (const key of keys) {
    const next =
      found.kind === 'map' ? found.entries.get(String(key))?.value : itemsOf(found)[Number(key)];
    if (next === undefined) return found;
    found = next;
  }
  return found;
}
