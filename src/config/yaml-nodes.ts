import type * as YamlLibrary from 'yaml';
import type { Alias, LineCounter, Node, Pair, Scalar } from 'yaml';
import type { Problem } from '../model/config.ts';
import { aliasedNodesMax } from '../model/limits.ts';
import { problemAt } from './problem.ts';
import { keyPath, type MapEntry, type Place, type ScalarTree, type Tree } from './tree.ts';

export type Yaml = typeof YamlLibrary;

/** The conversion of one document, which goes in document order: anchors come before their aliases. */
export interface Conversion {
  readonly yaml: Yaml;
  readonly file: string;
  readonly lines: LineCounter;
  /** The file has the format of another program. */
  readonly isForeign: boolean;
  readonly problems: Problem[];
  readonly anchors: Map<string, { readonly node: Node; complete: boolean }>;
  /** Nodes that aliases added so far, and how many aliases are being followed. */
  aliasedNodes: number;
  depth: number;
}

export function placeOf({ file, lines }: Conversion, offset: number, path: string): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col, path };
}

/** The tree of a node, with doubled keys and aliases without end among the problems. */
export function convertNode(conversion: Conversion, node: unknown, path: string): Tree {
  const { yaml, file, anchors } = conversion;
  if (!yaml.isNode(node)) return nothing({ file, path });
  const place = placeOf(conversion, node.range?.[0] ?? 0, path);
  if (yaml.isAlias(node)) return convertAlias(conversion, node, place);
  if (conversion.depth > 0) conversion.aliasedNodes += 1;
  const mark = { node, complete: false };
  if ('anchor' in node && node.anchor !== undefined && conversion.depth === 0) {
    anchors.set(node.anchor, mark);
  }
  const tree = convertContent(conversion, node, place);
  mark.complete = true;
  return tree;
}

function nothing(place: Place): ScalarTree {
  return { kind: 'scalar', value: null, text: '', place };
}

function convertContent(conversion: Conversion, node: Node, place: Place): Tree {
  const { yaml } = conversion;
  if (yaml.isMap(node)) {
    return { kind: 'map', entries: convertPairs(conversion, node.items, place.path), place };
  }
  if (yaml.isSeq(node)) {
    const items = node.items.map((item, index) =>
      convertNode(conversion, item, `${place.path}[${index}]`),
    );
    return { kind: 'list', items, place };
  }
  if (!yaml.isScalar(node)) return nothing(place);
  const tree = convertScalar(node, place);
  return conversion.isForeign ? { ...tree, isForeign: true } : tree;
}

function convertScalar({ value, source }: Scalar, place: Place): ScalarTree {
  if (typeof value === 'string') return { kind: 'scalar', value, text: value, place };
  if (typeof value === 'number' || typeof value === 'boolean' || value instanceof Uint8Array) {
    return { kind: 'scalar', value, text: source ?? String(value), place };
  }
  return nothing(place);
}

function convertAlias(conversion: Conversion, { source }: Alias, place: Place): Tree {
  const anchor = conversion.anchors.get(source);
  if (anchor?.complete !== true) {
    const message =
      anchor === undefined
        ? `there is no anchor &${source} before the alias *${source}`
        : `the alias *${source} stands inside the value it repeats`;
    conversion.problems.push(problemAt(place, message));
    return nothing(place);
  }
  if (conversion.aliasedNodes > aliasedNodesMax) return nothing(place);
  conversion.depth += 1;
  const tree = convertNode(conversion, anchor.node, place.path);
  conversion.depth -= 1;
  if (conversion.aliasedNodes > aliasedNodesMax && conversion.depth === 0) {
    const message = `aliases make the file longer than ${aliasedNodesMax} values`;
    conversion.problems.push(problemAt(place, message));
  }
  return tree;
}

function convertPairs(
  conversion: Conversion,
  pairs: readonly Pair[],
  path: string,
): Map<string, MapEntry> {
  const { yaml, problems } = conversion;
  const entries = new Map<string, MapEntry>();
  const bases: Tree[] = [];
  for (const { key, value } of pairs) {
    if (!yaml.isScalar(key)) {
      const offset = yaml.isNode(key) ? key.range?.[0] : undefined;
      problems.push(
        problemAt(placeOf(conversion, offset ?? 0, path), 'a key must be a plain text'),
      );
      continue;
    }
    const name = key.source ?? String(key.value);
    const at = placeOf(conversion, key.range?.[0] ?? 0, keyPath(path, name));
    const first = entries.get(name);
    const tree = convertNode(conversion, value, at.path);
    if (name === '<<') bases.push(tree);
    else if (first === undefined) entries.set(name, { key: at, value: tree });
    else
      problems.push(problemAt(at, `the key ${name} is doubled, first on line ${first.key.line}`));
  }
  for (const base of bases) mergeBase(problems, base, entries);
  return entries;
}

/** The merge key of YAML: what the map itself says wins, then the earlier base. */
function mergeBase(problems: Problem[], base: Tree, entries: Map<string, MapEntry>): void {
  if (base.kind === 'list') for (const item of base.items) mergeBase(problems, item, entries);
  else if (base.kind === 'map') {
    for (const [name, entry] of base.entries) if (!entries.has(name)) entries.set(name, entry);
  } else problems.push(problemAt(base.place, 'expected a map to merge, such as *defaults'));
}
