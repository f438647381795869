import { join } from 'node:path';
import { isUnreadable } from '../../checks/host/host-file.ts';
import { onePerPort, readListeners } from '../../checks/host/listeners.ts';
import { textOrNothing } from '../../checks/host/look-at-files.ts';
import type { HostPlaces } from '../../checks/host/places.ts';
import { createOwnerFinder } from '../../checks/host/socket-owner.ts';
import type { Clock } from '../../lib/clock.ts';
import { counted } from '../../model/counted.ts';
import { listenersAskedMax } from '../../model/command-limits.ts';
import { listenerProposal } from './listener-proposal.ts';
import type { Findings, Proposal } from './proposal.ts';
import { whatSpeaks } from './speaks.ts';

/** Something that listens on this host. */
export interface Found {
  readonly host: string;
  readonly port: number;
  readonly inode: string;
}

/** Who listens: the name of the program, and whether the port stands in its command line. */
interface Owner {
  readonly program: string | undefined;
  readonly isNamed: boolean;
}

interface Limits {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Where we listen ourselves. */
const ownPort = 9860;

/** What listens on this host, one address for each port, in order: loopback where that is enough. */
export async function findListeners({ proc }: HostPlaces): Promise<readonly Found[]> {
  const listeners = await readListeners(proc, 'tcp');
  if (isUnreadable(listeners)) return [];
  return onePerPort(listeners)
    .filter(({ port }) => port !== ownPort)
    .map(({ address, port, inode }) => ({ host: address, port, inode }));
}

/** Proposes a check for whatever listens on these ports and says what it is. */
export async function proposeListeners(
  found: readonly Found[],
  places: HostPlaces,
  limits: Limits,
): Promise<Findings> {
  const owned = await withOwners(found, places, limits.signal);
  const isPassing = await passingPorts(places);
  const passing = owned.filter(({ port, isNamed }) => isPassing(port) && !isNamed);
  const lasting = owned.filter((one) => !passing.includes(one));
  const asked = lasting.slice(0, listenersAskedMax);
  const proposals = await Promise.all(
    asked.map(async (one): Promise<readonly Proposal[]> => {
      const spoken = await whatSpeaks(one, one.program, limits.clock);
      return listenerProposal(one, spoken);
    }),
  );
  const remarks = [
    ...leftOut(passing, 'that change with each start of their program'),
    ...leftOut(lasting.slice(listenersAskedMax), `beyond the first ${listenersAskedMax}`),
  ];
  return { proposals: proposals.flat(), remarks };
}

function leftOut(list: readonly (Found & Owner)[], why: string): readonly string[] {
  if (list.length === 0) return [];
  const words = list
    .slice(0, 10)
    .map(({ port, program }) => `${port}${program ? ` (${program})` : ''}`);
  const more = list.length > words.length ? ', …' : '';
  return [`left out ${counted(list.length, 'port')} ${why}: ${words.join(', ')}${more}`];
}

async function withOwners(
  found: readonly Found[],
  places: HostPlaces,
  signal: AbortSignal,
): Promise<readonly (Found & Owner)[]> {
  // All at once: the search goes through all open files of all processes.
  const inodes = found.map(({ inode }) => inode);
  const { byInode } = await createOwnerFinder(places).find(inodes, signal);
  return Promise.all(
    found.map(async (one) => {
      const [owner] = byInode.get(one.inode) ?? [];
      const file = join(places.proc, String(owner?.pid), 'cmdline');
      const line = await textOrNothing(file);
      const isNamed = new RegExp(String.raw`(?<!\d)${one.port}(?!\d)`).test(line);
      return { ...one, program: owner?.names[0], isNamed };
    }),
  );
}

/**
 * Ports that the kernel gives to whoever asks for any: what listens there is elsewhere after its next start,
 * unless it was told the number. Source: ip-sysctl, `ip_local_port_range`.
 */
async function passingPorts({ proc }: HostPlaces): Promise<(port: number) => boolean> {
  const file = join(proc, 'sys/net/ipv4/ip_local_port_range');
  const text = await textOrNothing(file);
  const [first = Infinity, last = 0] = text.trim().split(/\s+/).map(Number);
  return (port) => port >= first && port <= last;
}
