import { unitJournalsMax } from '../../model/limits.ts';
import type { CheckResult } from '../../model/result.ts';
import { isUnreadable, readHostFile } from './host-file.ts';

/** The unit of systemd in which a process runs; undefined outside of one. */
export async function unitOf(pid: number, proc: string): Promise<string | undefined> {
  const read = await readHostFile(`${proc}/${pid}/cgroup`, (text) => ({ text }));
  if (isUnreadable(read)) return undefined;
  return /^.*\/([^/\n]+\.service)(?:\/|$)/m.exec(read.text)?.[1];
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
