import type { Config, Problem } from '../model/config.ts';
import type { ConfigTables } from './tables.ts';

export type { ConfigTables } from './tables.ts';

export interface LoadOptions {
  readonly cwd: string;
  /** Named outright by `-c` or `TOCSIN_CONFIG`. */
  readonly file?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  /** Where to look when no file is named; by default `cwd`, then `/etc/tocsin`. */
  readonly searchDirectories?: readonly string[];
  readonly tables: ConfigTables;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export async function loadConfig(_options: LoadOptions): Promise<Loaded> {
  return { ok: false, problems: [] };
}

/** `file:line:column: path: message`, one line. */
export function formatProblem(problem: Problem): string {
  return problem.message;
}

/** The JSON Schema of the whole file. */
export async function jsonSchema(_tables: ConfigTables): Promise<object> {
  return {};
}

/** Route and receivers of a configuration in the long form, as YAML, secrets masked. */
export function longFormYaml(_config: Config): string {
  return '';
}
