import { unitJournalsMax } from '../../model/limits.ts';
import type { CheckResult } from '../../model/result.ts';
import { isUnreadable, readHostFile } from './host-file.ts';

/**
 * The service of systemd in which a process runs, of the system or of a user; undefined for one of a login or
 * a container, and where it may not be seen. Source: systemd, "Control Group APIs and Delegation".
 */
export async function unitOf(pid: number, proc: string): Promise<string | undefined> {
  const read = await readHostFile(`${proc}/${pid}/cgroup`, (text) => ({ text }));
  return isUnreadable(read) ? undefined : unitInCgroups(read.text);
}

/** Reads `/proc/PID/cgroup`: the one hierarchy of version 2, or that of systemd under version 1. */
export function unitInCgroups(text: string): string | undefined {
  const paths = text
    .split('\n')
    .flatMap((line) => /^(?:0:|\d+:name=systemd):(.+)$/.exec(line)?.[1] ?? []);
  for (const path of paths) {
    const parts = path.split('/');
    const manager = parts.findIndex((part) => /^user@\d+\.service$/.test(part));
    const unit = parts.slice(manager + 1).findLast((part) => part.endsWith('.service'));
    if (unit !== undefined) return unit;
  }
  return undefined;
}

/** Remembers in which units the processes of a check ran, for the time when they are gone. */
export interface UnitsSeen {
  see(pids: readonly number[]): Promise<void>;
  /** The result, with the units if it is not ok. */
  tellIn(result: CheckResult): CheckResult;
}

export function createUnitsSeen(proc: string): UnitsSeen {
  let seen = '';
  let units: readonly string[] = [];
  return {
    async see(pids) {
      const first = pids.slice(0, unitJournalsMax);
      if (first.length === 0 || first.join() === seen) return;
      seen = first.join();
      const found = await Promise.all(first.map(async (pid) => unitOf(pid, proc)));
      units = [...new Set(found.filter((unit) => unit !== undefined))];
    },
    tellIn: (result) =>
      result.status === 'ok' || units.length === 0 ? result : { ...result, units },
  };
}
