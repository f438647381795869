import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPlaces } from './places.ts';

/** The unit file or drop-in of this host that was changed last; undefined if there is none. */
export async function lastUnitChange({
  etc,
}: HostPlaces): Promise<{ readonly atMs: number; readonly name: string } | undefined> {
  const folder = join(etc, 'systemd/system');
  const entries = await readdir(folder).catch(() => []);
  const units = entries.filter((name) => /\.(?:service|timer|socket|mount)$/.test(name));
  const dropIns = await Promise.all(
    entries
      .filter((name) => name.endsWith('.d'))
      .map(async (name) => {
        const files = await readdir(join(folder, name)).catch(() => []);
        return files.filter((file) => file.endsWith('.conf')).map((file) => join(name, file));
      }),
  );
  const changed = await Promise.all(
    [...units, ...dropIns.flat()].map(async (name) => {
      const facts = await stat(join(folder, name)).catch(() => undefined);
      return facts === undefined ? [] : [{ name, atMs: facts.mtimeMs }];
    }),
  );
  return changed.flat().toSorted((a, b) => b.atMs - a.atMs)[0];
}
