import { heldSockets, socketAt } from './held-sockets.ts';
import { processIds, textOrNothing } from './look-at-files.ts';
import type { HostPlaces } from './places.ts';
import { calledName } from './program-name.ts';

/** A process that holds a socket. */
export interface SocketOwner {
  readonly pid: number;
  /** What it may be called: the name that the kernel keeps, and last the file name of its program. */
  readonly names: readonly string[];
}

export interface OwnerSearch {
  readonly owners: readonly SocketOwner[];
  readonly byInode: ReadonlyMap<string, readonly SocketOwner[]>;
  /** Processes whose open files the agent may not see. */
  readonly hidden: number;
}

interface Remembered {
  readonly place: string;
  readonly owner: SocketOwner;
}

/**
 * Finds the processes that hold sockets. All open files of all processes have to be looked at, so that who
 * was found is remembered for as long as he holds the socket.
 */
export function createOwnerFinder({ proc }: HostPlaces): {
  find(inodes: readonly string[], signal: AbortSignal): Promise<OwnerSearch>;
} {
  let known = new Map<string, readonly Remembered[]>();
  const stillHolds = async (inode: string): Promise<boolean> => {
    const [first] = known.get(inode) ?? [];
    return first !== undefined && (await socketAt(first.place)) === inode;
  };
  return {
    async find(inodes, signal) {
      let hidden = 0;
      const held = await Promise.all(inodes.map(stillHolds));
      if (held.length === 0 || held.includes(false)) {
        const search = await searchAll(proc, new Set(inodes), signal);
        known = search.found;
        hidden = search.hidden;
      }
      const byInode = new Map(
        inodes.map((inode) => [inode, (known.get(inode) ?? []).map(({ owner }) => owner)]),
      );
      const owners = [...byInode.values()].flat();
      const byPid = new Map(owners.map((owner) => [owner.pid, owner]));
      return { owners: [...byPid.values()], byInode, hidden };
    },
  };
}

async function searchAll(proc: string, inodes: ReadonlySet<string>, signal: AbortSignal) {
  const found = new Map<string, Remembered[]>();
  let hidden = 0;
  for (const pid of await processIds(proc).catch(() => [])) {
    if (signal.aborted) break;
    const { sockets, isHidden } = await heldSockets(pid, proc);
    if (isHidden) hidden += 1;
    for (const { inode, place } of sockets) {
      if (!inodes.has(inode)) continue;
      const owner = { pid, names: await namesOf(`${proc}/${pid}`) };
      found.set(inode, [...(found.get(inode) ?? []), { place, owner }]);
    }
  }
  return { found, hidden };
}

async function namesOf(folder: string): Promise<readonly string[]> {
  const kept = await textOrNothing(`${folder}/comm`);
  const called = calledName(await textOrNothing(`${folder}/cmdline`));
  return [kept.trim(), called].filter((name) => name !== '');
}
