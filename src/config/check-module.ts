import type { ProberName } from '../model/check.ts';
import { noSuchName } from './check-name.ts';
import { blockTree, defaultModules, type ReadModule, type ReadModules } from './modules.ts';
import { readText } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import type { ConfigTables } from './tables.ts';
import { scalarOf, valueOf, without, withValue, type MapEntry, type Tree } from './tree.ts';

/** A check as written, completed by the module that it names. */
export interface CheckTree {
  readonly tree: Tree;
  readonly module?: ReadModule;
}

/**
 * Writes the options of the modules that checks name under those of the checks, which win key by key. The
 * type of such a check is the prober of its module.
 */
export async function withModules(
  reading: Reading,
  trees: readonly Tree[],
  modules: ReadModules,
  tables: ConfigTables,
): Promise<readonly CheckTree[]> {
  const named = trees.some((tree) => valueOf(tree, 'module') !== undefined);
  const shipped = named ? await defaultModules(tables) : new Map<string, ReadModule>();
  return trees.flatMap((tree) => {
    const at = valueOf(tree, 'module');
    const name = readText(reading, at);
    if (at === undefined || name === undefined || tree.kind !== 'map') return [{ tree }];
    const module = modules.byName.get(name) ?? shipped.get(name);
    if (module === undefined) {
      const names = new Set([...modules.byName.keys(), ...shipped.keys()]);
      if (modules.complete) refuse(reading, at, noSuchName('module', name, names));
      return [];
    }
    const { prober } = module.spec;
    const type = valueOf(tree, 'type');
    if (type !== undefined && readText(reading, type) !== prober) {
      refuse(reading, type, `the module ${JSON.stringify(name)} is one of type ${prober}`);
      return [];
    }
    const typed = withValue(without(tree, 'module'), 'type', type ?? scalarOf(prober, at.place));
    return [{ tree: withBlock(typed, prober, module, tables), module }];
  });
}

function withBlock(
  tree: Extract<Tree, { kind: 'map' }>,
  prober: ProberName,
  module: ReadModule,
  tables: ConfigTables,
): Tree {
  const base = blockTree(module, tables);
  const own = valueOf(tree, prober);
  const block = own === undefined ? base : overlaid(base, own, tables.exclusiveOptions);
  return withValue(tree, prober, block);
}

/**
 * Lays one tree over another: maps are merged key by key, whatever the case of the keys, as names of
 * headers have none; anything else of `own` replaces what is below it.
 */
function overlaid(base: Tree, own: Tree, exclusive: ConfigTables['exclusiveOptions']): Tree {
  if (base.kind !== 'map' || own.kind !== 'map') return own;
  const ownKeys = new Set([...own.entries.keys()].map((key) => key.toLowerCase()));
  const isReplaced = (key: string): boolean =>
    ownKeys.has(key.toLowerCase()) ||
    exclusive.some((keys) => keys.includes(key) && keys.some((other) => ownKeys.has(other)));
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of base.entries) if (!isReplaced(key)) entries.set(key, entry);
  for (const [key, entry] of own.entries) {
    const below = base.entries.get(key)?.value;
    const value = below === undefined ? entry.value : overlaid(below, entry.value, exclusive);
    entries.set(key, { key: entry.key, value });
  }
  return { ...own, entries };
}
