import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPlaces, type HostPlaces } from '../../checks/host/places.ts';
import { filesOf } from './files-of.ts';
import type { Proposal } from './proposal.ts';

/** Where engines listen: Docker's and Podman's own place, and that of a user who has one of his own. */
const sockets = [
  'docker.sock',
  'podman/podman.sock',
  'user/*/docker.sock',
  'user/*/podman/podman.sock',
];

/** A check of all containers for each engine; one that is reached by two names counts once. */
export async function proposeContainers({ run }: HostPlaces): Promise<readonly Proposal[]> {
  const paths = (await Promise.all(sockets.map(async (name) => filesOf(join(run, name))))).flat();
  const engines = new Map<string, string>();
  for (const path of paths) {
    const real = await realpath(path).catch(() => path);
    if (!engines.has(real)) engines.set(real, path);
  }
  return [...engines.values()].map((path, at): Proposal => {
    // The first of the usual places is found without being named.
    const isUsual = at === 0 && path === join(hostPlaces.run, sockets[0] ?? '');
    const host = isUsual ? {} : { host: `unix://${path}` };
    const name = at === 0 ? 'containers' : `containers of ${path}`;
    return {
      section: 'containers',
      check: { name, type: 'docker', ...host },
      because: `there is ${path}: every container is watched`,
    };
  });
}
