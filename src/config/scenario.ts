import { dirname, resolve } from 'node:path';
import type { Config, Problem } from '../model/config.ts';
import type { ExpectedNotification, Scenario } from '../model/scenario.ts';
import type { WallMs } from '../model/time.ts';
import { loadConfig, readConfig, type LoadOptions } from './load.ts';
import { suggestion } from './nearest.ts';
import { inReadingOrder, problemAt } from './problem.ts';
import { read, readText } from './reader.ts';
import { createReading, refuse, type Reading } from './reading.ts';
import { readEvents, type ReadConfigOf } from './scenario-events.ts';
import { readResults } from './scenario-results.ts';
import { expectSchema, fileSchema, scenarioSchema } from './scenario-schema.ts';
import { readSource } from './source.ts';
import { itemsOf, valueOf, type MapTree, type Place, type Tree } from './tree.ts';
import { parseYaml } from './yaml-tree.ts';

export type LoadedScenarios =
  | { readonly ok: true; readonly scenarios: readonly Scenario[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A Monday, at midnight. */
const startDefault = Date.UTC(2025, 0, 6);

/** How long a scenario goes on after the last thing it speaks of, so that what follows is seen. */
const afterwardsMs = 5 * 60_000;

/** Reads a file of scenarios with the configurations it names: all of it, or every problem there is. */
export async function loadScenarios(
  file: string,
  options: Omit<LoadOptions, 'file'>,
): Promise<LoadedScenarios> {
  const path = resolve(options.cwd, file);
  const source = await readSource(path);
  if (!source.ok) return { ok: false, problems: [source.problem] };
  await options.tables.prepare(source.text);
  const { tree, problems } = await parseYaml(path, source.text);
  if (tree === undefined || problems.length > 0) return { ok: false, problems };
  const reading = createReading({ environment: options.environment });
  const scenarios = await readFile(reading, tree, options);
  return reading.problems.length === 0
    ? { ok: true, scenarios }
    : { ok: false, problems: inReadingOrder(reading.problems, [path]) };
}

async function readFile(
  reading: Reading,
  root: Tree,
  options: Omit<LoadOptions, 'file'>,
): Promise<readonly Scenario[]> {
  const head = read(reading, root, fileSchema, ['config', 'scenarios']);
  if (root.kind !== 'map') return [];
  const environment = { ...options.environment, ...head?.environment };
  const configOf: ReadConfigOf = (tree) => readConfigOf(reading, tree, { ...options, environment });
  const written = valueOf(root, 'config');
  if (written === undefined) {
    const wanted = 'the name of a configuration file, or checks, route and receivers';
    reading.problems.push(
      problemAt({ ...root.place, path: 'config' }, `the key config is missing: ${wanted}`),
    );
  }
  const config = written && (await configOf(written));
  const list = valueOf(root, 'scenarios');
  if (list?.kind !== 'list' || list.items.length === 0) {
    const place = { ...(list ?? root).place, path: 'scenarios' };
    reading.problems.push(problemAt(place, 'expected scenarios: a list with at least one'));
  }
  if (config === undefined) return [];
  const startsAt = head?.start ?? startDefault;
  const scenarios: Scenario[] = [];
  for (const item of itemsOf(list)) {
    const scenario = await readScenario(reading, item, { config, startsAt, configOf });
    if (scenario !== undefined) scenarios.push(scenario);
  }
  return scenarios;
}

/** A configuration by the name of its file, or as it stands there. */
async function readConfigOf(
  reading: Reading,
  tree: Tree,
  options: Omit<LoadOptions, 'file'>,
): Promise<Config | undefined> {
  const { file } = tree.place;
  if (tree.kind === 'map') {
    const read = await readConfig(options, tree, [file]);
    if (read.ok) return read.config;
    const within = tree.place.path === '' ? '' : `${tree.place.path}.`;
    reading.problems.push(
      ...read.problems.map((problem) => ({
        ...problem,
        path: problem.path.startsWith(within) ? problem.path : within + problem.path,
      })),
    );
    return undefined;
  }
  const name = readText(reading, tree);
  if (name === undefined) return undefined;
  const loaded = await loadConfig({ ...options, file: resolve(dirname(file), name) });
  if (loaded.ok) return loaded.config;
  reading.problems.push(...loaded.problems);
  return undefined;
}

interface Surroundings {
  readonly config: Config;
  readonly startsAt: number;
  readonly configOf: ReadConfigOf;
}

async function readScenario(
  reading: Reading,
  tree: Tree,
  { config, startsAt, configOf }: Surroundings,
): Promise<Scenario | undefined> {
  const written = read(reading, tree, scenarioSchema, ['results', 'events', 'expect']);
  if (tree.kind !== 'map') return undefined;
  const results = readResults(reading, valueOf(tree, 'results'), config);
  const events = await readEvents(reading, valueOf(tree, 'events'), configOf);
  const expected = readExpected(reading, tree, config);
  if (written === undefined) return undefined;
  const times = [
    ...events.map(({ atMs }) => atMs),
    ...expected.phases.map(({ atMs }) => atMs),
    ...(expected.notifications ?? []).map(({ atMs }) => atMs ?? 0),
    results.endMs,
  ];
  return {
    name: written.name,
    place: shownPlace(tree.place),
    config,
    startsAt: (written.start ?? startsAt) as WallMs,
    lengthMs: written.for ?? Math.max(...times) + afterwardsMs,
    results: results.byCheck,
    events,
    ...expected,
  };
}

function readExpected(
  reading: Reading,
  scenario: MapTree,
  config: Config,
): Pick<Scenario, 'notifications' | 'phases'> {
  const tree = valueOf(scenario, 'expect');
  if (tree === undefined) {
    refuse(reading, scenario, 'the key expect is missing: what ought to be told, or phases');
    return { phases: [] };
  }
  const told = itemsOf(valueOf(tree, 'notifications'));
  const phaseTrees = itemsOf(valueOf(tree, 'phases'));
  const receivers = config.receivers.map(({ name }) => name);
  const checks = config.checks.map(({ name }) => name);
  for (const item of told) refuseUnknown(reading, valueOf(item, 'receiver'), receivers, 'receiver');
  for (const item of phaseTrees) refuseUnknown(reading, valueOf(item, 'check'), checks, 'check');
  const written = read(reading, tree, expectSchema);
  if (written === undefined) return { phases: [] };
  const notifications = written.notifications?.map(
    ({ at, ...rest }, index) =>
      ({
        ...rest,
        ...(at === undefined ? {} : { atMs: at }),
        place: shownPlace((told[index] ?? tree).place),
      }) as ExpectedNotification,
  );
  const phases = (written.phases ?? []).map(({ at, ...rest }, index) => ({
    ...rest,
    atMs: at,
    place: shownPlace((phaseTrees[index] ?? tree).place),
  }));
  return { ...(notifications === undefined ? {} : { notifications }), phases };
}

function refuseUnknown(
  reading: Reading,
  tree: Tree | undefined,
  names: readonly string[],
  what: string,
): void {
  if (tree?.kind !== 'scalar' || names.includes(tree.text)) return;
  const hint = suggestion(tree.text, names);
  refuse(reading, tree, `the configuration has no ${what} ${JSON.stringify(tree.text)}${hint}`);
}

function shownPlace({ file, line }: Place): string {
  return line === undefined ? file : `${file}:${line}`;
}
