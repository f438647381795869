import { homedir, hostname } from 'node:os';
import { httpConfigBlock } from '../notify/http-config.ts';
import { exclusiveOptions } from '../checks/net/exclusive-options.ts';
import { loadExpressionEngines } from '../checks/net/http/expression-engines.ts';
import { checkTypes } from '../checks/table.ts';
import { formatProblem, loadConfig, loadText, type ConfigTables } from '../config/load.ts';
import type { Config } from '../model/config.ts';
import { integrations } from '../notify/table.ts';
import { readWebConfig, type WebConfig } from '../web/web-config.ts';
import { defaultDataDir } from './data-dir.ts';

/** Everything that can be configured. */
export const tables: ConfigTables = {
  checkTypes,
  integrations,
  httpConfig: httpConfigBlock,
  exclusiveOptions,
  prepare: loadExpressionEngines,
};

/** A configuration with everything that was read beside it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly web: WebConfig | undefined;
  /** Where state is kept. */
  readonly dataDir: string;
}

export type Loading =
  | { readonly ok: true; readonly loaded: LoadedConfig }
  /** The problems are sentences with file, line and column. */
  | { readonly ok: false; readonly problems: readonly string[] };

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Reads the configuration in `file`, or the one that `TOCSIN_CONFIG` or the search finds. */
export async function load(file: string | undefined, around: Surroundings): Promise<Loading> {
  const { environment, cwd } = around;
  const named = file ?? environment['TOCSIN_CONFIG'];
  const loaded = await loadConfig({
    cwd,
    ...(named === undefined || named === '' ? {} : { file: named }),
    environment,
    hostname: hostname(),
    tables,
  });
  if (!loaded.ok) return { ok: false, problems: loaded.problems.map(formatProblem) };
  const { config } = loaded;
  const dataDir = config.agent.dataDir ?? defaultDataDir(environment, homedir());
  const { webConfigFile } = config.server;
  if (webConfigFile === undefined) return { ok: true, loaded: { config, web: undefined, dataDir } };
  const web = await readWebConfig(webConfigFile);
  if (!web.ok) return { ok: false, problems: web.problems.map(formatProblem) };
  return { ok: true, loaded: { config, web: web.config, dataDir } };
}

/** Reads a configuration that no file holds; `name` stands for the file in problems. */
export async function loadFromText(
  text: string,
  { environment, cwd }: Surroundings,
  name: string,
): Promise<
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] }
> {
  const options = { cwd, environment, hostname: hostname(), tables };
  const loaded = await loadText(options, { name, text });
  if (loaded.ok) return loaded;
  return { ok: false, problems: loaded.problems.map(formatProblem) };
}
