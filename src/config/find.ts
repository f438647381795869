import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

const names = ['agent.config.yaml', 'agent.config.yml', 'agent.config.json'];

/** Directories that are searched when no file is named: the working directory, then the system's. */
export function defaultDirectories(cwd: string): readonly string[] {
  return [cwd, '/etc/tocsin'];
}

/** The first configuration file in the directories, without walking up; undefined if there is none. */
export async function findConfig(directories: readonly string[]): Promise<string | undefined> {
  const { cosmiconfig } = await import('cosmiconfig');
  // Reading and parsing is done elsewhere, with positions; here a file only has to be there.
  const present = (): object => ({});
  const explorer = cosmiconfig('agent', {
    searchPlaces: names,
    searchStrategy: 'none',
    ignoreEmptySearchPlaces: false,
    cache: false,
    loaders: { '.yaml': present, '.yml': present, '.json': present },
  });
  for (const directory of directories) {
    const found = (await explorer.search(directory))?.filepath ?? (await configIn(directory));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * A configuration that is there, even one that cannot be read: the search passes over that in silence, and the
 * agent would start with a configuration that nobody meant.
 */
export async function configIn(directory: string): Promise<string | undefined> {
  for (const name of names) {
    const file = join(directory, name);
    const there = await lstat(file).then(
      () => true,
      () => false,
    );
    if (there) return file;
  }
  return undefined;
}
