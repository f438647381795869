import * as v from 'valibot';
import { redactor, type Redact } from '../lib/redact.ts';
import { checkTypeNames, type CheckSpec, type CheckTypeName } from '../model/check.ts';
import { nameFor, takeName } from './check-name.ts';
import {
  checkName,
  checkSchema,
  defaultsSchema,
  splitKeys,
  type SharedKeys,
} from './check-schema.ts';
import { linked, type LinkedChecks } from './check-links.ts';
import { withModules, type CheckTree } from './check-module.ts';
import { debouncePolicy } from './debounce.ts';
import { withoutPasswords } from './masked.ts';
import { oneOf, suggestion } from './nearest.ts';
import { describe, read, readText } from './reader.ts';
import type { ReadModules } from './modules.ts';
import type { ReadCheck } from './read-check.ts';
import { refuse, type Reading } from './reading.ts';
import type { ConfigTables } from './tables.ts';
import { refuseBadCrons, refuseTiming, timingOf } from './timing.ts';
import {
  itemsOf,
  mapOf,
  placeSeenFrom,
  scalarOf,
  valueOf,
  type MapTree,
  type Tree,
} from './tree.ts';

type CheckTypes = ConfigTables['checkTypes'];

/** Reads `defaults:` and `checks:`. What is switched off is checked like the rest, then kept apart. */
export async function readChecks(
  reading: Reading,
  root: MapTree,
  modules: ReadModules,
  tables: ConfigTables,
): Promise<LinkedChecks> {
  const types = tables.checkTypes;
  const defaultsTree = valueOf(root, 'defaults');
  const inherited = defaultsTree && read(reading, defaultsTree, defaultsSchema);
  if (defaultsTree && inherited) refuseTiming(reading, defaultsTree, inherited);
  const trees = checkTrees(reading, root);
  const names = readNames(reading, trees);
  const schemaOf = createSchemas(types);
  const redact: Redact = (text) => text;
  const context = { reading, types, names, inherited: inherited ?? {}, defaultsTree, redact };
  const checks = (await withModules(reading, trees, modules, tables)).flatMap((one) => {
    const type = readType(reading, one.tree);
    if (type === undefined) return [];
    const before = reading.secrets.length;
    const written = read(reading, one.tree, schemaOf(type, one.module !== undefined));
    const redact = redactor(reading.secrets.slice(before));
    return written === undefined ? [] : [buildCheck({ ...context, redact }, one, type, written)];
  });
  await refuseBadCrons(reading, [...trees, ...(defaultsTree ? [defaultsTree] : [])]);
  const own = ownCheck(context, trees);
  return linked(reading, [...checks, ...own], names);
}

function checkTrees(reading: Reading, root: MapTree): readonly Tree[] {
  const list = valueOf(root, 'checks');
  if (list !== undefined && list.kind !== 'list') {
    read(reading, list, v.array(v.unknown(), 'a list of checks'));
  }
  return itemsOf(list).flatMap((item) => {
    if (item.kind === 'map') return [item];
    if (item.kind === 'scalar' && typeof item.value === 'string') {
      return [mapOf({ type: scalarOf('http', item.place), target: item }, item.place)];
    }
    read(reading, item, v.strictObject({}, 'a URL, or a map of keys of a check'));
    return [];
  });
}

/** The names that were written. The second check of a name is the wrong one. */
function readNames(reading: Reading, trees: readonly Tree[]): Set<string> {
  const places = new Map<string, Tree>();
  for (const tree of trees) {
    const written = valueOf(tree, 'name');
    const name = written && read(reading, written, checkName);
    if (written === undefined || name === undefined) continue;
    const first = places.get(name)?.place;
    if (first === undefined) places.set(name, written);
    else {
      const where = placeSeenFrom(first, written.place);
      refuse(reading, written, `the name ${JSON.stringify(name)} is already taken ${where}`);
    }
  }
  return new Set(places.keys());
}

function readType(reading: Reading, tree: Tree): CheckTypeName | undefined {
  const written = valueOf(tree, 'type');
  if (written === undefined) {
    refuse(reading, tree, `the key type is missing, expected ${oneOf(checkTypeNames)}`);
    return undefined;
  }
  const type = readText(reading, written);
  const known = checkTypeNames.find((name) => name === type);
  if (known !== undefined || type === undefined) return known;
  const what = describe(written, reading.hidden);
  refuse(reading, written, `unknown check type ${what}${suggestion(type, checkTypeNames)}`);
  return undefined;
}

/** The schema of a type. With a module its block is as lax as the module's. */
function createSchemas(types: CheckTypes) {
  const schemas = new Map<string, ReturnType<typeof checkSchema>>();
  return (type: CheckTypeName, hasModule: boolean): ReturnType<typeof checkSchema> => {
    const keys = types[type];
    const block = hasModule ? keys.prober?.block : undefined;
    const kind = `${type} ${block !== undefined}`;
    const entries = block === undefined ? keys.entries : { ...keys.entries, [type]: block };
    const schema = schemas.get(kind) ?? checkSchema(type, { ...keys, entries });
    schemas.set(kind, schema);
    return schema;
  };
}

/** What the checks of one configuration share. */
interface Context {
  readonly reading: Reading;
  readonly types: CheckTypes;
  /** Names that are taken. */
  readonly names: Set<string>;
  readonly inherited: SharedKeys;
  readonly defaultsTree: Tree | undefined;
  /** Masks the secrets of the check. */
  readonly redact: Redact;
}

function buildCheck(
  { reading, types, names, inherited, defaultsTree, redact }: Context,
  { tree, module }: CheckTree,
  type: CheckTypeName,
  written: Readonly<Record<string, unknown>>,
): ReadCheck {
  const keys = types[type];
  const { options, shared: own } = splitKeys(written, keys);
  const refusal = keys.refuse?.(options);
  if (refusal !== undefined) refuse(reading, tree, refusal);
  refuseTiming(reading, tree, own);
  const found = keys.target?.(options);
  const target = found === undefined ? undefined : redact(withoutPasswords(found));
  const name =
    typeof written['name'] === 'string' ? written['name'] : takeName(nameFor(type, target), names);
  const shared = { ...inherited, ...own };
  const dependsOn =
    own.depends_on ?? (inherited.depends_on ?? []).filter((other) => other !== name);
  const spec: CheckSpec = {
    name,
    type,
    ...(target === undefined ? {} : { target }),
    ...timingOf(reading, tree, { own, inherited: withTimeout(inherited, module), type: keys }),
    startPeriodMs: shared.start_period ?? 0,
    severity: shared.severity ?? 'critical',
    labels: { ...inherited.labels, ...own.labels },
    annotations: { ...inherited.annotations, ...own.annotations },
    dependsOn: [...new Set(dependsOn)],
    expect: shared.expect ?? 'up',
    ...(shared.outside === undefined ? {} : { outside: shared.outside }),
    debounce: debouncePolicy(own.debounce, inherited.debounce),
    options,
  };
  return {
    tree,
    parents: valueOf(tree, 'depends_on') ?? valueOf(defaultsTree, 'depends_on'),
    spec,
    enabled: shared.enabled ?? true,
    references: keys.references?.(options) ?? [],
  };
}

/** The timeout of a module takes the place of the general one. */
function withTimeout(inherited: SharedKeys, module: CheckTree['module']): SharedKeys {
  const timeout = module?.spec.timeoutMs ?? 0;
  return timeout > 0 ? { ...inherited, timeout } : inherited;
}

/** The check of the agent itself, which is always there; `defaults` are not meant for it. */
function ownCheck(context: Context, trees: readonly Tree[]): readonly ReadCheck[] {
  const isConfigured = trees.some((tree) => {
    const type = valueOf(tree, 'type');
    return type?.kind === 'scalar' && type.text === 'agent';
  });
  if (isConfigured) return [];
  const { reading, types, names } = context;
  const place = { file: '', path: 'checks' };
  const tree = mapOf({ type: scalarOf('agent', place) }, place);
  const written = read(reading, tree, checkSchema('agent', types.agent));
  const named = { ...written, name: takeName('tocsin', names) };
  return [
    buildCheck({ ...context, inherited: {}, defaultsTree: undefined }, { tree }, 'agent', named),
  ];
}
