import { createMatcher, parseMatchers } from '../lib/matcher.ts';
import { inMatcherOrder, isMatcherError } from '../model/matcher-syntax.ts';
import type { Matcher, MatchOperator, Route } from '../model/route.ts';
import { noSuchName } from './check-name.ts';
import { describe, read, readText } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import { routeSchema, type RouteKeys } from './routing-schema.ts';
import { itemsOf, valueOf, type Tree } from './tree.ts';

/** What a route hands down to the ones below it. */
type Inherited = Pick<
  Route,
  'receiver' | 'groupBy' | 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs'
>;

/** Alertmanager's defaults. */
const defaults: Inherited = {
  receiver: '',
  groupBy: [],
  groupWaitMs: 30_000,
  groupIntervalMs: 5 * 60_000,
  repeatIntervalMs: 4 * 60 * 60_000,
};

/** Reads the tree of routes with the rules of Alertmanager, every inherited setting filled in. */
export function readRoutes(reading: Reading, root: Tree, receivers: ReadonlySet<string>): Route {
  for (const key of ['matchers', 'match', 'match_re', 'continue']) {
    const tree = valueOf(root, key);
    const off = key === 'continue' && tree?.kind === 'scalar' && tree.value === false;
    const empty = tree !== undefined && tree.kind !== 'scalar' && isEmpty(tree);
    if (tree !== undefined && !off && !empty) {
      refuse(reading, tree, `the first route takes every alert, expected it without ${key}`);
    }
  }
  const written = valueOf(root, 'receiver');
  if (root.kind === 'map' && written === undefined) {
    refuse(
      reading,
      root,
      'the key receiver is missing: the first route takes what no other one does',
    );
  }
  return readRoute(reading, root, defaults, receivers);
}

function isEmpty(tree: Tree): boolean {
  return tree.kind === 'map' ? tree.entries.size === 0 : itemsOf(tree).length === 0;
}

function readRoute(
  reading: Reading,
  tree: Tree,
  above: Inherited,
  receivers: ReadonlySet<string>,
): Route {
  const keys = read(reading, tree, routeSchema, ['routes']) ?? {};
  refuseReceiver(reading, valueOf(tree, 'receiver'), receivers);
  refuseGrouping(reading, tree, keys);
  const settings: Inherited = {
    receiver: keys.receiver ?? above.receiver,
    groupBy: keys.group_by ?? above.groupBy,
    groupWaitMs: keys.group_wait ?? above.groupWaitMs,
    groupIntervalMs: keys.group_interval ?? above.groupIntervalMs,
    repeatIntervalMs: keys.repeat_interval ?? above.repeatIntervalMs,
  };
  const below = valueOf(tree, 'routes');
  if (below !== undefined && below.kind !== 'list') {
    refuse(reading, below, 'expected a list of routes');
  }
  return {
    ...settings,
    matchers: readMatchers(reading, tree, keys),
    continue: keys.continue ?? false,
    muteTimeIntervals: [],
    activeTimeIntervals: [],
    routes: itemsOf(below).map((child) => readRoute(reading, child, settings, receivers)),
  };
}

function refuseReceiver(
  reading: Reading,
  tree: Tree | undefined,
  receivers: ReadonlySet<string>,
): void {
  const name = readText(reading, tree);
  if (tree === undefined || name === undefined || receivers.has(name)) return;
  refuse(reading, tree, noSuchName('receiver', name, receivers));
}

function refuseGrouping(reading: Reading, tree: Tree, { group_by: names = [] }: RouteKeys): void {
  const at = valueOf(tree, 'group_by');
  if (at === undefined) return;
  const doubled = names.find((name, position) => names.indexOf(name) !== position);
  if (doubled !== undefined) refuse(reading, at, `${JSON.stringify(doubled)} is doubled`);
  else if (names.includes('...') && names.length > 1) {
    refuse(reading, at, "'...' means all labels, expected it alone");
  }
}

/** The three ways to write matchers, which all must hold, in Alertmanager's order. */
function readMatchers(reading: Reading, tree: Tree, keys: RouteKeys): readonly Matcher[] {
  const matchers: Matcher[] = [
    ...fromMap(reading, valueOf(tree, 'match'), keys.match, '='),
    ...fromMap(reading, valueOf(tree, 'match_re'), keys.match_re, '=~'),
  ];
  const list = valueOf(tree, 'matchers');
  const texts = typeof keys.matchers === 'string' ? [keys.matchers] : (keys.matchers ?? []);
  for (const [position, text] of texts.entries()) {
    const parsed = parseMatchers(text);
    const at = itemsOf(list)[position] ?? list ?? tree;
    if (!isMatcherError(parsed)) matchers.push(...parsed);
    else refuse(reading, at, `the matcher ${describe(at, reading.hidden)} ${parsed.error}`);
  }
  return inMatcherOrder(matchers);
}

function fromMap(
  reading: Reading,
  tree: Tree | undefined,
  values: Readonly<Record<string, string>> = {},
  operator: MatchOperator,
): readonly Matcher[] {
  return Object.entries(values).flatMap(([label, value]) => {
    const matcher = createMatcher(label, operator, value);
    // In the older form Alertmanager writes the anchors into the key of the route.
    const shown = operator === '=' ? value : `^(?:${value})$`;
    if (!isMatcherError(matcher)) return [{ ...matcher, value: shown }];
    const at = valueOf(tree, label);
    if (at !== undefined) refuse(reading, at, `expected a label value, ${matcher.error}`);
    return [];
  });
}
