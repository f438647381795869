/** Time the processors spent since boot, in clock ticks over all of them. */
export interface ProcessorTime {
  readonly user: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  /** Wanted, but taken by other guests of the same machine. */
  readonly steal: number;
}

/** How the processors spent the time between two readings, in percent. */
export interface ProcessorShares extends ProcessorTime {
  /** All but idle and waiting for disks. */
  readonly busy: number;
}

/** Reads the first line of `/proc/stat` (proc_stat(5)); undefined if it is not there. */
export function parseProcessorTime(text: string): ProcessorTime | undefined {
  const line = /^cpu +(\d+(?: \d+){3,})$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    line.split(' ').map(Number);
  return { user: user + nice, system: system + irq + softirq, idle, iowait, steal };
}

/** The number of processors that `/proc/stat` counts; undefined if it counts none. */
export function parseProcessorCount(text: string): { readonly processors: number } | undefined {
  const processors = [...text.matchAll(/^cpu\d+ /gm)].length;
  return processors === 0 ? undefined : { processors };
}

/**
 * Shares of the time between two readings; undefined while too little time has passed to tell. A counter
 * that went backwards (iowait may, and a processor may be taken out) counts as not moved.
 */
export function processorShares(
  before: ProcessorTime,
  after: ProcessorTime,
): ProcessorShares | undefined {
  const passed = (part: keyof ProcessorTime): number => Math.max(0, after[part] - before[part]);
  const parts = {
    user: passed('user'),
    system: passed('system'),
    idle: passed('idle'),
    iowait: passed('iowait'),
    steal: passed('steal'),
  };
  const total = parts.user + parts.system + parts.idle + parts.iowait + parts.steal;
  if (total < ticksMin) return undefined;
  const share = (ticks: number): number => (ticks / total) * 100;
  return {
    user: share(parts.user),
    system: share(parts.system),
    idle: share(parts.idle),
    iowait: share(parts.iowait),
    steal: share(parts.steal),
    busy: share(parts.user + parts.system + parts.steal),
  };
}

/** A tick is 10 ms: with fewer, one of them is worth more than 10 %. */
const ticksMin = 10;
