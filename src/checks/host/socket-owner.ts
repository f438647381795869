import { readdir, readlink, readFile } from 'node:fs/promises';
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
    return first !== undefined && (await linkOf(first.place)) === `socket:[${inode}]`;
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
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (signal.aborted) break;
    const folder = `${proc}/${pid}/fd`;
    const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') hidden += 1;
      return [];
    });
    for (const file of files) {
      const inode = /^socket:\[(\d+)\]$/.exec(await linkOf(`${folder}/${file}`))?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const owner = { pid: Number(pid), names: await namesOf(`${proc}/${pid}`) };
      found.set(inode, [...(found.get(inode) ?? []), { place: `${folder}/${file}`, owner }]);
    }
  }
  return { found, hidden };
}

async function namesOf(folder: string): Promise<readonly string[]> {
  const kept = await readFile(`${folder}/comm`, 'utf8').catch(() => '');
  const called = calledName(await readFile(`${folder}/cmdline`, 'utf8').catch(() => ''));
  return [kept.trim(), called].filter((name) => name !== '');
}

async function linkOf(path: string): Promise<string> {
  return readlink(path).catch(() => '');
}
