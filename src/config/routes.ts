import { formatDuration } from '../lib/duration.ts';
import type { Route, TimeInterval } from '../model/route.ts';
import { noSuchName } from './check-name.ts';
import { escalationOf } from './escalation.ts';
import { readMatchers } from './matchers.ts';
import { read, readText } from './reader.ts';
import { refuse, warn, type Reading } from './reading.ts';
import { routeSchema, type RouteKeys } from './routing-schema.ts';
import { itemsOf, valueOf, type Tree } from './tree.ts';

/** What a route hands down to the ones below it. */
type Inherited = Omit<
  Route,
  'matchers' | 'continue' | 'muteTimeIntervals' | 'activeTimeIntervals' | 'routes'
>;

/** Alertmanager's defaults. */
const defaults: Inherited = {
  receiver: '',
  groupBy: [],
  groupWaitMs: 30_000,
  groupIntervalMs: 5 * 60_000,
  repeatIntervalMs: 4 * 60 * 60_000,
  repeatFactor: 1,
  repeatIntervalMaxMs: Infinity,
  escalate: [],
};

/** What routes speak of by name. */
export interface RouteNames {
  readonly receivers: ReadonlySet<string>;
  readonly intervals: ReadonlyMap<string, TimeInterval>;
}

/** Keys that would make the first route leave out alerts, or times. */
const keysBelowRoot = [
  'matchers',
  'match',
  'match_re',
  'continue',
  'mute_time_intervals',
  'active_time_intervals',
];

/** Reads the tree of routes with the rules of Alertmanager, every inherited setting filled in. */
export function readRoutes(reading: Reading, root: Tree, names: RouteNames): Route {
  for (const key of keysBelowRoot) {
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
  return readRoute(reading, root, defaults, names);
}

function isEmpty(tree: Tree): boolean {
  return tree.kind === 'map' ? tree.entries.size === 0 : itemsOf(tree).length === 0;
}

function readRoute(reading: Reading, tree: Tree, above: Inherited, names: RouteNames): Route {
  const keys = read(reading, tree, routeSchema, ['routes']) ?? {};
  refuseReceiver(reading, valueOf(tree, 'receiver'), names.receivers);
  refuseGrouping(reading, tree, keys);
  const settings: Inherited = {
    receiver: keys.receiver ?? above.receiver,
    groupBy: keys.group_by ?? above.groupBy,
    groupWaitMs: keys.group_wait ?? above.groupWaitMs,
    groupIntervalMs: keys.group_interval ?? above.groupIntervalMs,
    repeatIntervalMs: keys.repeat_interval ?? above.repeatIntervalMs,
    repeatFactor: keys.repeat_factor ?? above.repeatFactor,
    repeatIntervalMaxMs: keys.repeat_interval_max ?? above.repeatIntervalMaxMs,
    escalate: escalationOf(reading, tree, keys, names.receivers) ?? above.escalate,
  };
  refuseRepeats(reading, tree, settings);
  warnOfRepeats(reading, tree, settings);
  const below = valueOf(tree, 'routes');
  if (below !== undefined && below.kind !== 'list') {
    refuse(reading, below, 'expected a list of routes');
  }
  return {
    ...settings,
    matchers: readMatchers(reading, tree, {
      list: ['matchers', keys.matchers],
      equal: ['match', keys.match],
      regex: ['match_re', keys.match_re],
    }),
    continue: keys.continue ?? false,
    muteTimeIntervals: intervalsOf(reading, valueOf(tree, 'mute_time_intervals'), names),
    activeTimeIntervals: intervalsOf(reading, valueOf(tree, 'active_time_intervals'), names),
    routes: itemsOf(below).map((child) => readRoute(reading, child, settings, names)),
  };
}

function refuseRepeats(
  reading: Reading,
  tree: Tree,
  { repeatIntervalMs, repeatIntervalMaxMs }: Inherited,
): void {
  const at = valueOf(tree, 'repeat_interval_max') ?? valueOf(tree, 'repeat_interval');
  if (at === undefined || repeatIntervalMaxMs >= repeatIntervalMs) return;
  const [repeat, most] = [formatDuration(repeatIntervalMs), formatDuration(repeatIntervalMaxMs)];
  refuse(
    reading,
    at,
    `expected a repeat_interval_max of at least the repeat_interval of ${repeat}, found ${most}`,
  );
}

/** Whether a reminder is due is only asked when the group is looked at, as in Alertmanager. */
function warnOfRepeats(
  reading: Reading,
  tree: Tree,
  { groupIntervalMs, repeatIntervalMs }: Inherited,
): void {
  const at = valueOf(tree, 'repeat_interval') ?? valueOf(tree, 'group_interval');
  if (at === undefined || repeatIntervalMs >= groupIntervalMs) return;
  const [repeat, group] = [formatDuration(repeatIntervalMs), formatDuration(groupIntervalMs)];
  warn(
    reading,
    at,
    `a repeat_interval of ${repeat} is below the group_interval of ${group}: reminders come every ${group}`,
  );
}

/** The intervals that a list of names speaks of; they are not handed down. */
function intervalsOf(
  reading: Reading,
  list: Tree | undefined,
  { intervals }: RouteNames,
): readonly TimeInterval[] {
  return itemsOf(list).flatMap((tree) => {
    const name = readText(reading, tree);
    if (name === undefined) return [];
    const interval = intervals.get(name);
    if (interval !== undefined) return [interval];
    refuse(reading, tree, noSuchName('time interval', name, intervals.keys()));
    return [];
  });
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
