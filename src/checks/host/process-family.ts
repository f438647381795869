import { heldSockets } from './held-sockets.ts';
import { processIds, textOrNothing } from './look-at-files.ts';
import { isUnreadable } from './host-file.ts';
import { readListeners, type Listener } from './listeners.ts';
import { parseProcessStat } from './process-stat.ts';

/** A socket that a process of a family listens on. */
export interface FamilyListeners {
  readonly listeners: readonly Listener[];
  /** Members whose open files we may not see: those of another user. */
  readonly hidden: number;
}

/**
 * The TCP sockets on which a process, or any that it has started, waits for connections; by port. With
 * `withUnit` also those of everything else in its unit of systemd.
 */
export async function familyListeners(
  pid: number,
  proc: string,
  withUnit: boolean,
): Promise<FamilyListeners> {
  const all = await readListeners(proc, 'tcp');
  if (isUnreadable(all)) return { listeners: [], hidden: 0 };
  const held = new Set<string>();
  let hidden = 0;
  for (const member of await familyOf(pid, proc, withUnit)) {
    const { sockets, isHidden } = await heldSockets(member, proc);
    if (isHidden) hidden += 1;
    for (const { inode } of sockets) held.add(inode);
  }
  const listeners = all.filter(({ inode }) => held.has(inode));
  return { listeners: listeners.toSorted((a, b) => a.port - b.port), hidden };
}

/**
 * A process, its descendants, what else is in its process group, and what else runs in its unit of systemd:
 * a program that puts itself into the background leaves everything but the unit.
 */
async function familyOf(pid: number, proc: string, withUnit: boolean): Promise<readonly number[]> {
  const unit = withUnit ? await unitPathOf(pid, proc) : undefined;
  const known = new Map<number, readonly [parent: number, group: number]>();
  for (const one of await processIds(proc).catch(() => [])) {
    const stat = parseProcessStat(await textOrNothing(`${proc}/${one}/stat`));
    if (stat !== undefined) known.set(one, [stat.parentPid, stat.processGroup]);
  }
  const members = new Set([pid]);
  // Numbers are given anew, so that a child may have a smaller one than its parent.
  for (let before = 0; before < members.size;) {
    before = members.size;
    for (const [one, [parent, group]] of known) {
      if (members.has(parent) || group === pid) members.add(one);
    }
  }
  if (unit !== undefined) {
    for (const one of known.keys()) {
      if (one !== process.pid && (await unitPathOf(one, proc)) === unit) members.add(one);
    }
  }
  return [...members];
}

/** The control group of a process, if it is that of a service of systemd. */
async function unitPathOf(pid: number, proc: string): Promise<string | undefined> {
  const text = await textOrNothing(`${proc}/${pid}/cgroup`);
  return /^(?:0:|1:name=systemd):(.*\.service)$/m.exec(text)?.[1];
}
