import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Clock ticks per second in `/proc`: Linux reports in these whatever the kernel itself uses. */
const ticksPerSecond = 100;

/** Memory of one process or several, in mebibytes. */
export interface Memory {
  /** In memory at all. */
  readonly resident: number;
  /** The same, with pages that several processes share divided by their number. */
  readonly proportional: number;
  /** Pages that no other process has. */
  readonly private: number;
  /** Pages that are no part of a file: the ones the kernel cannot simply drop and read again. */
  readonly anonymous: number;
}

/** User and system time that a process has used, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in parentheses and may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mebibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
  return {
    resident: mebibytes('Rss'),
    proportional: mebibytes('Pss'),
    private: mebibytes('Private_Clean') + mebibytes('Private_Dirty'),
    anonymous: mebibytes('Anonymous'),
  };
}

export function addMemory(parts: readonly Memory[]): Memory {
  const sum = (pick: (memory: Memory) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  return eachField(sum);
}

function eachField(value: (pick: (memory: Memory) => number) => number): Memory {
  return {
    resident: value((memory) => memory.resident),
    proportional: value((memory) => memory.proportional),
    private: value((memory) => memory.private),
    anonymous: value((memory) => memory.anonymous),
  };
}

/** The medians of several readings, one a second, of each process. */
export async function medianMemory(pids: readonly number[], seconds: number): Promise<Memory[]> {
  const readings = pids.map((): Memory[] => []);
  for (let second = 0; second < seconds; second += 1) {
    await wait(1000);
    pids.forEach((pid, index) => readings[index]?.push(memoryOf(pid)));
  }
  return readings.map((list) => eachField((pick) => median(list.map(pick))));
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which `share` (0 to 1) of the values lie; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
