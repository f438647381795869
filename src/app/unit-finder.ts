import { isUnreadable } from '../checks/host/host-file.ts';
import { readListeners, type Listener } from '../checks/host/listeners.ts';
import type { HostPlaces } from '../checks/host/places.ts';
import { createOwnerFinder } from '../checks/host/socket-owner.ts';
import { unixListeners } from '../checks/host/unix-listeners.ts';
import { unitOf } from '../checks/host/process-unit.ts';
import type { CheckSpec } from '../model/check.ts';
import { localPort } from './local-port.ts';

/** What on this host a check looks at, as far as a process of the host stands behind it. */
type Subject =
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string };

/** Types whose target may be a socket of the file system. */
const onSockets = new Set(['unix', 'redis', 'postgres', 'smtp', 'caddy']);

/** Undefined for what is elsewhere, and for checks that know their units themselves. */
export function subjectOf(spec: CheckSpec): Subject | undefined {
  const { type, target = '' } = spec;
  if (onSockets.has(type) && target.startsWith('/')) return { kind: 'socket', path: target };
  const port = type === 'port' ? undefined : localPort(spec);
  return port === undefined ? undefined : { kind: 'port', port };
}

export interface UnitFinder {
  /** The units behind checks by their names; without those of which none is seen. */
  find(
    specs: readonly CheckSpec[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** Finds the services of systemd whose processes hold the sockets that checks look at. */
export function createUnitFinder(places: HostPlaces): UnitFinder {
  const finder = createOwnerFinder(places);
  return {
    async find(specs, signal) {
      const read = await readListeners(places.proc, 'tcp');
      const listeners = isUnreadable(read) ? [] : read;
      const subjects = specs.flatMap((spec) => {
        const subject = subjectOf(spec);
        return subject === undefined ? [] : [{ name: spec.name, subject }];
      });
      const held = await Promise.all(
        subjects.map(async ({ name, subject }) => {
          return { name, inodes: await inodesOf(subject, listeners, places) };
        }),
      );
      const all = held.flatMap(({ inodes }) => inodes);
      const owners = all.length === 0 ? undefined : await finder.find(all, signal);
      const found = new Map<string, readonly string[]>();
      for (const { name, inodes } of held) {
        const holders = inodes.flatMap((inode) => owners?.byInode.get(inode) ?? []);
        const units = await unitsOf(
          holders.map(({ pid }) => pid),
          places,
        );
        if (units.length > 0) found.set(name, units);
      }
      return found;
    },
  };
}

async function inodesOf(
  subject: Subject,
  listeners: readonly Listener[],
  places: HostPlaces,
): Promise<readonly string[]> {
  if (subject.kind === 'socket') return unixListeners(subject.path, places);
  return listeners.filter(({ port }) => port === subject.port).map(({ inode }) => inode);
}

/** The units of the processes, each once. */
async function unitsOf(pids: readonly number[], { proc }: HostPlaces): Promise<readonly string[]> {
  const units = await Promise.all([...new Set(pids)].map(async (pid) => unitOf(pid, proc)));
  return [...new Set(units.flatMap((unit) => unit ?? []))];
}
