import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { redactor } from '../lib/redact.ts';
import type { Config, Problem } from '../model/config.ts';
import { readChecks } from './checks.ts';
import { defaultDirectories, findConfig } from './find.ts';
import { deepFreeze } from './freeze.ts';
import { hostDefault } from './host-default.ts';
import { maskedYaml } from './masked.ts';
import { readModules, type ReadModules } from './modules.ts';
import { mergeTrees } from './merge.ts';
import { inReadingOrder } from './problem.ts';
import { read } from './reader.ts';
import { createReading } from './reading.ts';
import type { Environment } from './reference.ts';
import { refuseBadProofs } from './receiver-keys.ts';
import { readRouting } from './routing.ts';
import { readAgent, readServer } from './settings.ts';
import { listFragments, readSource } from './source.ts';
import type { ConfigTables } from './tables.ts';
import { without, type MapTree } from './tree.ts';
import { parseYaml, type Parsed } from './yaml-tree.ts';

export { importAlertmanager } from './import-alertmanager.ts';
export { importBlackbox } from './import-blackbox.ts';
export { defaultModules } from './modules.ts';
export { jsonSchema } from './json-schema.ts';
export { formatProblem } from './problem.ts';
export type { ConfigTables } from './tables.ts';

export interface LoadOptions {
  /** Where relative file names start. */
  readonly cwd: string;
  /** Named outright by `-c` or `TOCSIN_CONFIG`. */
  readonly file?: string;
  readonly environment: Environment;
  /** The name of an agent that has none. */
  readonly hostname: string;
  /** Where to look when no file is named; by default `cwd`, then `/etc/tocsin`. */
  readonly searchDirectories?: readonly string[];
  readonly tables: ConfigTables;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Every key at the top of a file; the first is where editors look for the schema of a JSON file. */
const topKeys = [
  '$schema',
  'agent',
  'server',
  'defaults',
  'notify',
  'global',
  'route',
  'receivers',
  'inhibit_rules',
  'time_intervals',
  'mute_time_intervals',
  'checks',
  'modules',
  'modules_file',
];

/**
 * Finds, reads and checks the configuration: a frozen `Config` with every default filled in, or every
 * problem there is. Without any file the agent watches its own host.
 */
export async function loadConfig(options: LoadOptions): Promise<Loaded> {
  const directories = options.searchDirectories ?? defaultDirectories(options.cwd);
  const file = options.file === undefined ? await findConfig(directories) : options.file;
  if (file === undefined) return readConfig(options, hostDefault(), []);
  const main = resolve(options.cwd, file);
  const fragments = await listFragments(main);
  const files = [main, ...fragments.files];
  const parsed = await Promise.all(files.map((name) => readTree(name, options.tables)));
  const trees = parsed.flatMap(({ tree }) => tree ?? []);
  const merged = mergeTrees(trees);
  const problems = [
    ...fragments.problems,
    ...parsed.flatMap((each) => each.problems),
    ...merged.problems,
  ];
  // What a file that cannot be read would have said, the others would seem to lack.
  const isWhole = trees.length === files.length && fragments.problems.length === 0;
  const result = isWhole ? await readConfig(options, merged.tree, files) : undefined;
  if (result?.ok === true && problems.length === 0) return result;
  const found = result?.ok === false ? result.problems : [];
  return { ok: false, problems: inReadingOrder([...problems, ...found], files) };
}

/** Reads a configuration out of a text; `name` stands for its file in problems. */
export async function loadText(
  options: LoadOptions,
  { name, text }: { readonly name: string; readonly text: string },
): Promise<Loaded> {
  await options.tables.prepare(text);
  const { tree, problems } = await parseYaml(name, text);
  if (tree === undefined || problems.length > 0) return { ok: false, problems };
  const root = mergeTrees([tree]);
  return root.problems.length > 0
    ? { ok: false, problems: root.problems }
    : readConfig(options, root.tree, []);
}

async function readTree(file: string, tables: ConfigTables): Promise<Parsed> {
  const source = await readSource(file);
  if (!source.ok) return { problems: [source.problem] };
  await tables.prepare(source.text);
  return parseYaml(file, source.text);
}

/** Reads a configuration that has become one tree; relative names in it start at the file of its root. */
export async function readConfig(
  { environment, hostname, tables }: LoadOptions,
  root: MapTree,
  mainFiles: readonly string[],
): Promise<Loaded> {
  const [main] = mainFiles;
  const beside =
    main === undefined ? {} : { credentialsDirectory: join(dirname(main), 'credentials') };
  const reading = createReading({ environment, ...beside });
  read(reading, root, v.strictObject({}), topKeys);
  const modules = await readModules(reading, root, tables);
  await refuseBadProofs(reading, root);
  const files = [...mainFiles, ...modules.files];
  const sections = {
    agent: readAgent(reading, root, hostname, tables),
    server: readServer(reading, root),
    modules: specsOf(modules),
    ...(await readChecks(reading, root, modules, tables)),
    ...readRouting(reading, root, tables.integrations),
  };
  const { problems, secrets, hidden } = reading;
  if (problems.length > 0) {
    // Check types word their own refusals and may quote an option; a secret is masked wherever it is.
    const redact = redactor(secrets);
    const shown = problems.map((problem) => ({ ...problem, message: redact(problem.message) }));
    return { ok: false, problems: inReadingOrder(shown, files) };
  }
  const masked = maskedYaml(without(root, 'modules'), hidden);
  const warnings = inReadingOrder(reading.warnings, files);
  return { ok: true, config: deepFreeze({ ...sections, files, masked, warnings, secrets }) };
}

function specsOf({ byName }: ReadModules): Config['modules'] {
  return new Map([...byName].map(([name, { spec }]) => [name, spec]));
}
