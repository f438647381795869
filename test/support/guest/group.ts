import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** The control groups of one guest and of what is run in it: they stop and go together. */
export interface GuestGroup {
  /** The files to which a process writes its id to join before it becomes the guest. */
  readonly machine: readonly string[];
  /** The same for a command that visits the guest: beside what the guest's systemd manages. */
  readonly visitor: string;
  /** Stops everything in the guest where it stands, or lets it go on. */
  readonly freeze: (frozen: boolean) => void;
  /** Whether nothing is left; false while a process is still in it. */
  readonly remove: () => boolean;
}

/** Where version 2 of control groups is mounted; undefined if it is nowhere. */
export function unifiedHierarchy(): string | undefined {
  return mounted((type) => type === 'cgroup2');
}

/** What every group of a guest is called: by the process that booted it, and a number. */
const guestName = /^tocsin-guest-(\d+)-\d+$/;

/** A group in the unified hierarchy, and in systemd's own where there are both. */
export function makeGroup(number: number): GuestGroup {
  const name = `tocsin-guest-${process.pid}-${number}`;
  const unified = unifiedHierarchy();
  if (unified === undefined) throw new Error('control groups of version 2 are not mounted');
  const old = mounted((type, options) => type === 'cgroup' && options.includes('name=systemd'));
  const folders = [unified, old]
    .filter((root) => root !== undefined)
    .map((root) => join(root, name));
  const visitor = join(unified, name, 'visitor');
  for (const folder of folders) sweep(dirname(folder));
  for (const folder of [...folders, visitor]) mkdirSync(folder, { recursive: true });
  return {
    machine: folders.map((folder) => join(folder, 'cgroup.procs')),
    visitor: join(visitor, 'cgroup.procs'),
    freeze: (frozen) => writeFileSync(join(unified, name, 'cgroup.freeze'), frozen ? '1' : '0'),
    remove: () => folders.every(removed),
  };
}

/** Takes away what tests that were killed have left behind. */
function sweep(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = guestName.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      removed(join(root, name));
    } catch {
      // Another test takes it away at the same time.
    }
  }
}

/** The kernel removes the files of a group with its folder, and refuses while a process is in it. */
function removed(folder: string): boolean {
  if (!existsSync(folder)) return true;
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (!inner.every(({ name }) => removed(join(folder, name)))) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}

/** The place of the first mount whose type and options are meant (fields of proc(5), mountinfo). */
function mounted(meant: (type: string, options: readonly string[]) => boolean): string | undefined {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find((fields) => {
      const dash = fields.indexOf('-');
      return dash > 0 && meant(fields[dash + 1] ?? '', (fields[dash + 3] ?? '').split(','));
    })?.[4];
}
