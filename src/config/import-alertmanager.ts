import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import type * as YamlLibrary from 'yaml';
import type { Document } from 'yaml';
import { redactor } from '../lib/redact.ts';
import type { Problem } from '../model/config.ts';
import type { Route } from '../model/route.ts';
import { escapeReferences } from './import-blackbox.ts';
import { inReadingOrder } from './problem.ts';
import { read } from './reader.ts';
import { createReading, refuse } from './reading.ts';
import { readRouting, routingSections } from './routing.ts';
import { readSource } from './source.ts';
import type { ConfigTables } from './tables.ts';
import { itemsOf, keyPath, valueOf, type Place, type Tree } from './tree.ts';
import { convertDocument, parseDocument, parseYaml } from './yaml-tree.ts';

/** A file of Alertmanager as sections of the agent's own configuration. */
export interface ImportedRouting {
  /** The sections as YAML, with the comments of the file; undefined if nothing of it can be used. */
  readonly text: string | undefined;
  readonly routes: number;
  readonly receivers: number;
  /** What could not be taken over, by line; the smallest whole that it belongs to is left out. */
  readonly problems: readonly Problem[];
}

const nothing = { text: undefined, routes: 0, receivers: 0 };

/** Reads an `alertmanager.yml` and writes it as what may stand in `agent.config.yaml`, secrets as they are. */
export async function importAlertmanager(
  file: string,
  tables: ConfigTables,
): Promise<ImportedRouting> {
  const source = await readSource(file);
  if (!source.ok) return { ...nothing, problems: [source.problem] };
  await tables.prepare(source.text);
  const parsed = await parseYaml(file, source.text, true);
  if (parsed.tree === undefined || parsed.problems.length > 0) {
    return { ...nothing, problems: parsed.problems };
  }
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = parseDocument(yaml, source.text, lines);
  const problems: Problem[] = [];
  const pathsAsWritten = pathsByPlace(parsed.tree);
  if (document === undefined) return { ...nothing, problems };
  // Each round leaves out something, or is the last one.
  for (;;) {
    const { tree } = convertDocument(yaml, document, { file, lines, isForeign: true });
    if (tree === undefined) break;
    const found = tryRouting(tree, tables);
    if (found.problems.length === 0) {
      escapeReferences(yaml, document, /^$/);
      nameFilesOutright(yaml, document, dirname(file));
      const text = document.toString({ lineWidth: 0 });
      return { text, ...found.counts, problems: inReadingOrder(problems, [file]) };
    }
    for (const problem of found.problems) {
      problems.push({ ...problem, path: pathsAsWritten.get(placeKey(problem)) ?? problem.path });
    }
    writeOutAliases(yaml, document);
    // All are looked up before the first is removed, which would move the positions of the others.
    const units = new Set(found.problems.map(unitOf));
    const removals = [...units].flatMap((path) => removalAt(yaml, document, path) ?? []);
    if (removals.length === 0) break;
    for (const remove of removals) remove();
  }
  return { ...nothing, problems: inReadingOrder(problems, [file]) };
}

/** What is the same for a place before and after items in front of it were removed. */
function placeKey({ line, column, path }: Place): string {
  return `${line}:${column}:${path.replaceAll(/\d+/g, '')}`;
}

function pathsByPlace(tree: Tree, paths = new Map<string, string>()): ReadonlyMap<string, string> {
  paths.set(placeKey(tree.place), tree.place.path);
  for (const item of itemsOf(tree)) pathsByPlace(item, paths);
  if (tree.kind !== 'map') return paths;
  for (const { key, value } of tree.entries.values()) {
    paths.set(placeKey(key), key.path);
    pathsByPlace(value, paths);
  }
  return paths;
}

function tryRouting(
  tree: Tree,
  tables: ConfigTables,
): {
  readonly counts: { readonly routes: number; readonly receivers: number };
  readonly problems: readonly Problem[];
} {
  const reading = createReading({ environment: {} });
  read(reading, tree, v.strictObject({}, 'a map of sections such as route:'), routingSections);
  if (tree.kind === 'map' && valueOf(tree, 'route') === undefined) {
    refuse(reading, tree, 'the section route is missing');
  }
  const counts = { routes: 0, receivers: 0 };
  if (tree.kind === 'map') {
    const { route, receivers } = readRouting(reading, tree, tables.integrations);
    counts.routes = countRoutes(route);
    counts.receivers = receivers.length;
  }
  const redact = redactor(reading.secrets);
  const problems = reading.problems.map((problem) => ({
    ...problem,
    message: redact(problem.message),
  }));
  return { counts, problems };
}

function countRoutes({ routes }: Route): number {
  return routes.reduce((sum, route) => sum + countRoutes(route), 1);
}

/** A key that is not known changes nothing beside itself. */
const isAboutKey = (message: string): boolean =>
  message.startsWith('unknown key ') || message.endsWith('is not supported by this version');

/**
 * The path of what is left out for a problem. A route that would match more than it should, or a rule or an
 * interval that would mean something else, is left out as a whole.
 */
function unitOf({ path, message }: Problem): string {
  if (isAboutKey(message)) return path;
  const [whole] = /^(?:inhibit_rules|(?:mute_)?time_intervals)\[\d+\]/.exec(path) ?? [];
  if (whole !== undefined) return whole;
  const [route] = /^route(?:\.routes\[\d+\])+/.exec(path) ?? [];
  return route ?? path;
}

/** Puts copies in the place of aliases, so that what is left out in one place stays in the others. */
function writeOutAliases({ visit, isNode }: typeof YamlLibrary, document: Document): void {
  visit(document, {
    Alias(_, alias) {
      const copy: unknown = alias.resolve(document)?.clone();
      return isNode(copy) ? copy : undefined;
    },
  });
  visit(document, {
    Node(_, node) {
      if ('anchor' in node) delete node.anchor;
    },
  });
}

/** What removes the pair or item at a path, or the nearest one above it that there is. */
function removalAt(
  { isMap, isSeq, isScalar }: typeof YamlLibrary,
  document: Document,
  path: string,
): (() => void) | undefined {
  let removal: (() => void) | undefined;
  const descend = <Item>(at: string, items: Item[], item: Item, value: unknown): void => {
    const isOnTheWay = path === at || path.startsWith(`${at}.`) || path.startsWith(`${at}[`);
    if (!isOnTheWay) return;
    removal = () => void items.splice(0, items.length, ...items.filter((other) => other !== item));
    walk(value, at);
  };
  const walk = (node: unknown, at: string): void => {
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        descend(`${at}[${index}]`, node.items, item, item);
      }
    }
    if (!isMap(node)) return;
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : '';
      descend(keyPath(at, name), node.items, pair, pair.value);
    }
  };
  walk(document.contents, '');
  return removal;
}

/** What Alertmanager looks for beside its own file would not be found from elsewhere. */
function nameFilesOutright(
  { visit, isScalar }: typeof YamlLibrary,
  document: Document,
  directory: string,
): void {
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || !String(key.value).endsWith('_file')) return;
      if (typeof value.value === 'string' && value.value !== '') {
        value.value = resolve(directory, value.value);
      }
    },
  });
}
