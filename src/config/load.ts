import { resolve } from 'node:path';
import * as v from 'valibot';
import { redactor } from '../lib/redact.ts';
import type { Config, Problem } from '../model/config.ts';
import { readChecks } from './checks.ts';
import { defaultDirectories, findConfig } from './find.ts';
import { deepFreeze } from './freeze.ts';
import { hostDefault } from './host-default.ts';
import { maskedYaml } from './masked.ts';
import { mergeTrees } from './merge.ts';
import { inReadingOrder } from './problem.ts';
import { read } from './reader.ts';
import { createReading } from './reading.ts';
import type { Environment } from './reference.ts';
import { readRouting } from './routing.ts';
import { readAgent, readServer } from './settings.ts';
import { listFragments, readSource } from './source.ts';
import type { ConfigTables } from './tables.ts';
import type { MapTree } from './tree.ts';
import { parseYaml, type Parsed } from './yaml-tree.ts';

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
  'checks',
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
  const parsed = await Promise.all(files.map(readTree));
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

async function readTree(file: string): Promise<Parsed> {
  const source = await readSource(file);
  return source.ok ? parseYaml(file, source.text) : { problems: [source.problem] };
}

async function readConfig(
  { environment, hostname, tables }: LoadOptions,
  root: MapTree,
  files: readonly string[],
): Promise<Loaded> {
  const reading = createReading(environment);
  read(reading, root, v.strictObject({}), topKeys);
  const sections = {
    agent: readAgent(reading, root, hostname),
    server: readServer(reading, root),
    checks: await readChecks(reading, root, tables.checkTypes),
    ...readRouting(reading, root, tables.integrations),
  };
  const { problems, secrets, hidden } = reading;
  if (problems.length > 0) {
    // Check types word their own refusals and may quote an option; a secret is masked wherever it is.
    const redact = redactor(secrets);
    const shown = problems.map((problem) => ({ ...problem, message: redact(problem.message) }));
    return { ok: false, problems: inReadingOrder(shown, files) };
  }
  const masked = maskedYaml(root, hidden);
  return { ok: true, config: deepFreeze({ ...sections, files, masked, secrets }) };
}
