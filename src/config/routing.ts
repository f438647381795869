import type { InhibitRule, ReceiverSpec, Route } from '../model/route.ts';
import { withFilesBeside } from './beside.ts';
import { readInhibitRules } from './inhibit-rules.ts';
import { maskedYaml } from './masked.ts';
import { read } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import { readReceivers, withGlobalDefaults } from './receivers.ts';
import { readRoutes } from './routes.ts';
import { globalSchema } from './routing-schema.ts';
import { longFormOf, terminalForm, type LongForm } from './short-form.ts';
import type { ConfigTables } from './tables.ts';
import { readTimeIntervals, timeIntervalSections } from './time-intervals.ts';
import { itemsOf, listOf, mapOf, valueOf, type MapTree, type Tree } from './tree.ts';

export interface Routing {
  readonly route: Route;
  readonly receivers: readonly ReceiverSpec[];
  readonly inhibitRules: readonly InhibitRule[];
  readonly resolveTimeoutMs: number;
  /** All of it as YAML in the long form, secrets masked. */
  readonly longForm: string;
}

/** Every section that is read here. */
export const routingSections: readonly string[] = [
  'global',
  'route',
  'receivers',
  'inhibit_rules',
  ...timeIntervalSections,
];

const resolveTimeoutDefaultMs = 5 * 60_000;

/** Sections that stand as they are beside the long form and the short one. */
const sections = ['inhibit_rules', ...timeIntervalSections] as const;

/**
 * Reads `global`, `route` and `receivers`, or what `notify` stands for, with inhibition and time intervals.
 */
export function readRouting(
  reading: Reading,
  root: MapTree,
  integrations: ConfigTables['integrations'],
): Routing {
  const global = valueOf(root, 'global');
  const defaults = global && read(reading, global, globalSchema(integrations));
  refuseTwins(reading, global);
  const resolveTimeout = defaults?.['resolve_timeout'];
  const form = writtenForm(reading, root);
  const completed = withFilesBeside(withGlobalDefaults(form.receivers, global));
  const receivers = readReceivers(reading, completed, integrations);
  const names = {
    receivers: new Set(receivers.map(({ name }) => name)),
    intervals: readTimeIntervals(reading, root),
  };
  const route = readRoutes(reading, form.route, names);
  const inhibitRules = readInhibitRules(reading, valueOf(root, 'inhibit_rules'));
  const others = sections.map((section) => [section, valueOf(root, section)] as const);
  const tree = mapOf(
    { route: form.route, receivers: completed, ...Object.fromEntries(others) },
    root.place,
  );
  return {
    route,
    receivers,
    inhibitRules,
    resolveTimeoutMs: typeof resolveTimeout === 'number' ? resolveTimeout : resolveTimeoutDefaultMs,
    longForm: maskedYaml(tree, reading.hidden),
  };
}

/** A value and the file that it is read from stand for the same thing. */
function refuseTwins(reading: Reading, global: Tree | undefined): void {
  if (global?.kind !== 'map') return;
  for (const key of global.entries.keys()) {
    const twin = valueOf(global, `${key}_file`);
    if (twin === undefined || valueOf(global, key) === undefined) continue;
    refuse(reading, twin, `expected either ${key} or ${key}_file, found both`);
  }
}

function writtenForm(reading: Reading, root: MapTree): LongForm {
  const notify = valueOf(root, 'notify');
  const route = valueOf(root, 'route');
  const receivers = valueOf(root, 'receivers');
  if (notify !== undefined) {
    if ((route ?? receivers) !== undefined) {
      refuse(reading, notify, 'expected either notify, or route and receivers, found both');
    }
    return longFormOf(reading, notify);
  }
  if (route === undefined && receivers === undefined) return terminalForm(root.place);
  if (route === undefined) refuse(reading, receivers ?? root, 'the section route is missing');
  const first = valueOf(itemsOf(receivers)[0], 'name');
  return {
    route: route ?? mapOf({ receiver: first }, root.place),
    receivers: receivers ?? listOf([], root.place),
  };
}
