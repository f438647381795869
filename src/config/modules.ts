import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { proberNames, type ProberName } from '../model/check.ts';
import type { ModuleSpec } from '../model/config.ts';
import { defaultModulesText } from './default-modules.ts';
import { moduleSchema } from './module-schema.ts';
import { read } from './reader.ts';
import { createReading, refuse, type Reading } from './reading.ts';
import { readSource } from './source.ts';
import type { ConfigTables } from './tables.ts';
import {
  placeSeenFrom,
  scalarOf,
  valueOf,
  mapOf,
  type MapEntry,
  type MapTree,
  type Tree,
} from './tree.ts';
import { parseYaml } from './yaml-tree.ts';

/** A module as written and as read. */
export interface ReadModule {
  readonly tree: Tree;
  readonly spec: ModuleSpec;
}

/** The modules of a configuration. */
export interface ReadModules {
  readonly byName: ReadonlyMap<string, ReadModule>;
  /** Every module was read: a name that is not there does not exist. */
  readonly complete: boolean;
  /** The files they came from beside the configuration. */
  readonly files: readonly string[];
}

/** `modules_file:` names one file or several. */
export const modulesFileSchema = v.union(
  [nonEmptyText, v.array(nonEmptyText, 'a list of files')],
  'the name of a file, or a list of them',
);

/** Reads `modules:` and the files of `modules_file:`, which have the format of blackbox_exporter. */
export async function readModules(
  reading: Reading,
  root: MapTree,
  tables: ConfigTables,
): Promise<ReadModules> {
  const before = reading.problems.length;
  const files = filesOf(reading, root);
  const maps = [...entriesOf(reading, valueOf(root, 'modules'))];
  for (const { file, at } of files) {
    maps.push(...(await readModulesFile(reading, file, at, tables)));
  }
  const byName = new Map<string, ReadModule>();
  for (const [name, { key, value }] of maps) {
    const first = byName.get(name);
    if (first !== undefined) {
      const where = placeSeenFrom(first.tree.place, key);
      refuse(reading, value, `the module ${JSON.stringify(name)} is already defined ${where}`);
      continue;
    }
    const spec = readModule(reading, name, value, tables);
    if (spec !== undefined) byName.set(name, { tree: value, spec });
  }
  const complete = reading.problems.length === before;
  return { byName, complete, files: files.map(({ file }) => file) };
}

let shipped: Promise<ReadonlyMap<string, ReadModule>> | undefined;

/** The modules that are there without any configuration. Read at the first question. */
export async function defaultModules(
  tables: ConfigTables,
): Promise<ReadonlyMap<string, ReadModule>> {
  shipped ??= readDefaults(tables);
  return shipped;
}

async function readDefaults(tables: ConfigTables): Promise<ReadonlyMap<string, ReadModule>> {
  await tables.prepare(defaultModulesText);
  const reading = createReading({ environment: {} });
  const { tree } = await parseYaml('', defaultModulesText, true);
  const read = entriesOf(reading, valueOf(tree, 'modules')).flatMap(([name, { value }]) => {
    const spec = readModule(reading, name, value, tables);
    return spec === undefined ? [] : [[name, { tree: value, spec }] as const];
  });
  return new Map(read);
}

interface ModulesFile {
  readonly file: string;
  /** Where it is named. */
  readonly at: Tree;
}

/** The files of modules, relative to the main configuration file. */
function filesOf(reading: Reading, root: MapTree): readonly ModulesFile[] {
  const at = valueOf(root, 'modules_file');
  const named = at && read(reading, at, modulesFileSchema);
  if (at === undefined || named === undefined) return [];
  const names = typeof named === 'string' ? [named] : named;
  return names.map((name) => ({ file: resolve(dirname(root.place.file), name), at }));
}

async function readModulesFile(
  reading: Reading,
  file: string,
  at: Tree,
  tables: ConfigTables,
): Promise<readonly (readonly [string, MapEntry])[]> {
  const source = await readSource(file);
  if (!source.ok) {
    refuse(reading, at, `${file} ${source.problem.message}`);
    return [];
  }
  await tables.prepare(source.text);
  const { tree, problems } = await parseYaml(file, source.text, true);
  reading.problems.push(...problems);
  if (tree === undefined) return [];
  read(reading, tree, v.strictObject({}, 'a map with the one key modules'), ['modules']);
  return entriesOf(reading, valueOf(tree, 'modules'));
}

function entriesOf(
  reading: Reading,
  tree: Tree | undefined,
): readonly (readonly [string, MapEntry])[] {
  if (tree === undefined) return [];
  if (tree.kind === 'map') return [...tree.entries];
  refuse(reading, tree, 'expected a map of names to modules');
  return [];
}

function readModule(
  reading: Reading,
  name: string,
  tree: Tree,
  { checkTypes }: ConfigTables,
): ModuleSpec | undefined {
  const written = read(reading, tree, moduleSchema(checkTypes)) as
    | { readonly prober: ProberName; readonly timeout: number; readonly [block: string]: unknown }
    | undefined;
  if (written === undefined) return undefined;
  const blocks: Partial<Record<ProberName, unknown>> = {};
  for (const prober of proberNames) {
    const keys = checkTypes[prober].prober;
    if (keys === undefined) continue;
    blocks[prober] = written[prober] ?? v.parse(keys.block, keys.absent ?? {});
  }
  const { prober, timeout } = written;
  return { name, prober, timeoutMs: timeout, options: blocks[prober], blocks };
}

/** The block of a module's prober as written; what stands for it where there is none. */
export function blockTree({ tree, spec }: ReadModule, tables: ConfigTables): Tree {
  const absent = tables.checkTypes[spec.prober].prober?.absent ?? {};
  const pairs = Object.entries(absent).map(([key, text]) => [key, scalarOf(text, tree.place)]);
  const block = valueOf(tree, spec.prober);
  return block ?? mapOf(Object.fromEntries(pairs) as Record<string, Tree>, tree.place);
}
