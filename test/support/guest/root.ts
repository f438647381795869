import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What stays of a guest between two boots: its files, kept in memory over a tree, and its network. */
export interface GuestRoot {
  /** The process in whose mounts the root is. */
  readonly holder: number;
  /** The root, as the holder sees it. */
  readonly folder: string;
  /** The path here of one of its files. */
  readonly outside: (path: string) => string;
  readonly network: string;
  readonly release: () => Promise<void>;
}

const script = `
  set -e
  mount -t tmpfs -o size=1g,mode=755 tmpfs "$1"
  mkdir "$1/upper" "$1/work" "$1/root"
  mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
  ip link set lo up
  echo ready
  read -r end || true
`;

/** A throw-away copy of the tree. It goes with its holder, and the holder with whoever started it, even at a kill. */
export async function holdRoot(tree: string): Promise<GuestRoot> {
  const place = mkdtempSync(join(tmpdir(), 'tocsin-guest-'));
  const namespaces = ['--mount', '--net', '--propagation', 'private'];
  const child = spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', place, tree]);
  const closed = once(child, 'close');
  await firstWord(child);
  const folder = join(place, 'root');
  return {
    holder: child.pid ?? -1,
    folder,
    outside: (path) => join(`/proc/${child.pid}/root`, folder, path),
    network: `/proc/${child.pid}/ns/net`,
    release: async () => {
      child.stdin.end();
      await closed;
      rmdirSync(place);
    },
  };
}

/** Resolves once the child has said something; rejects with what it complained of. */
export async function firstWord(child: ChildProcess): Promise<void> {
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const said = once(child.stdout ?? child, 'data').then(() => true);
  const ended = once(child, 'close').then(() => false);
  if (!(await Promise.race([said, ended]))) throw new Error(complaint);
}
