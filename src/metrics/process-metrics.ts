import { readdirSync, readFileSync } from 'node:fs';
import { counter, gauge, type Exposition, type FamilyHead } from './exposition.ts';

/** Clock ticks per second in `/proc`: Linux reports in these whatever the kernel itself uses. */
const ticksPerSecond = 100;

/**
 * The usual `process_*` families of this process, from `/proc/self`; what cannot be read is left out.
 * Reads without the thread pool on purpose: hung name lookups occupy all of its threads, and that is
 * when the figures are wanted.
 */
export function addProcessMetrics(exposition: Exposition): void {
  const { user, system } = process.cpuUsage();
  const status = read('/proc/self/status');
  const figures: readonly (readonly [FamilyHead, number | undefined])[] = [
    [heads.cpu, (user + system) / 1e6],
    [heads.resident, kibibytes(status, 'VmRSS')],
    [heads.virtual, kibibytes(status, 'VmSize')],
    [heads.start, startTimeSeconds()],
    [heads.openFiles, openFiles()],
    [heads.maxFiles, numberAfter(read('/proc/self/limits'), /^Max open files\s+(\d+)/m)],
  ];
  for (const [head, value] of figures) if (value !== undefined) exposition.add(head, '', value);
}

const heads = {
  cpu: counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'),
  resident: gauge('process_resident_memory_bytes', 'Resident memory size in bytes.'),
  virtual: gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.'),
  start: gauge(
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
  ),
  openFiles: gauge('process_open_fds', 'Number of open file descriptors.'),
  maxFiles: gauge('process_max_fds', 'Maximum number of open file descriptors.'),
};

/** Seconds since 1970, from the boot time and the ticks after it at which this process started. */
function startTimeSeconds(): number | undefined {
  const bootSeconds = numberAfter(read('/proc/stat'), /^btime (\d+)$/m);
  const stat = read('/proc/self/stat');
  // The name of the program stands in parentheses and may hold blanks; the 22nd field is the start.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return bootSeconds === undefined || !Number.isFinite(ticks)
    ? undefined
    : bootSeconds + ticks / ticksPerSecond;
}

function openFiles(): number | undefined {
  try {
    // Without the one that reads the directory.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

function kibibytes(status: string, field: string): number | undefined {
  const size = numberAfter(status, new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'));
  return size === undefined ? undefined : size * 1024;
}

function numberAfter(text: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
