/** `USER_HZ`: ticks per second in what Linux tells programs, on every architecture that Node runs on. */
export const ticksPerSecond = 100;

const pageBytes = 4096;

export interface ProcessStat {
  /** As the kernel keeps it: at most 15 characters. */
  readonly name: string;
  /** One letter: `R`, `S`, `D`, `Z` for a zombie, … */
  readonly state: string;
  readonly parentPid: number;
  readonly processGroup: number;
  /** Clock ticks from boot to its start. */
  readonly startTicks: number;
  /** Processor time that it used so far, for itself and in the kernel. */
  readonly usedTicks: number;
  readonly residentBytes: number;
  readonly isKernelThread: boolean;
}

/** `PF_KTHREAD` of the kernel's `sched.h`. */
const kernelThreadFlag = 0x0020_0000;

/** Reads `/proc/PID/stat` (proc_pid_stat(5)); undefined if it is not in that form. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The name may itself hold blanks and brackets: it ends at the last one.
  const [, name, rest] = /^\d+ \((.*)\) (.+)$/s.exec(text.trim()) ?? [];
  if (name === undefined || rest === undefined) return undefined;
  const fields = rest.split(' ');
  const [state = '', flags, startTicks] = [fields[0], Number(fields[6]), Number(fields[19])];
  if (!Number.isFinite(startTicks)) return undefined;
  return {
    name,
    state,
    parentPid: Number(fields[1]),
    processGroup: Number(fields[2]),
    startTicks,
    usedTicks: Number(fields[11] ?? 0) + Number(fields[12] ?? 0),
    residentBytes: Number(fields[21] ?? 0) * pageBytes,
    isKernelThread: (flags & kernelThreadFlag) !== 0,
  };
}

/** Resident memory as `/proc/PID/status` tells it; 0 for a kernel thread, and where that cannot be read. */
export function residentBytesIn(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
