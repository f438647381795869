import { join } from 'node:path';
import type { HostPlaces } from '../../checks/host/places.ts';
import { filesOf } from './files-of.ts';
import type { Proposal } from './proposal.ts';

const databases = [
  { type: 'postgres', name: 'PostgreSQL', pattern: 'postgresql/.s.PGSQL.*' },
  { type: 'redis', name: 'Redis', pattern: '{redis,valkey}/*.sock' },
] as const;

/** Databases that listen on a socket in the file system and, as far as was seen, on no port. */
export async function proposeSockets(
  { run }: HostPlaces,
  onPorts: ReadonlySet<string>,
): Promise<readonly Proposal[]> {
  const wanted = databases.filter(({ type }) => !onPorts.has(type));
  const found = await Promise.all(
    wanted.map(async ({ type, name, pattern }) => {
      const files = await filesOf(join(run, pattern));
      const paths = files.filter((file) => !file.endsWith('.lock'));
      return paths.map((target, at): Proposal => {
        const check = { name: at === 0 ? type : `${type} ${target}`, type, target };
        return { section: 'services', check, because: `${name} listens on ${target}` };
      });
    }),
  );
  return found.flat();
}
