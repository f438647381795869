import type { Capacity } from '../threshold.ts';

export interface MemoryState {
  readonly totalBytes: number;
  /** What programs could still get without swapping. */
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
}

/** Reads `/proc/meminfo` (proc_meminfo(5)); undefined if it lacks what is needed. */
export function parseMeminfo(text: string): MemoryState | undefined {
  const bytes = new Map(
    [...text.matchAll(/^(\w+):\s+(\d+) kB$/gm)].map(([, name, kilobytes]) => [
      name,
      Number(kilobytes) * 1024,
    ]),
  );
  const totalBytes = bytes.get('MemTotal') ?? 0;
  const availableBytes = bytes.get('MemAvailable');
  if (totalBytes === 0 || availableBytes === undefined) return undefined;
  return {
    totalBytes,
    availableBytes,
    swapTotalBytes: bytes.get('SwapTotal') ?? 0,
    swapFreeBytes: bytes.get('SwapFree') ?? 0,
  };
}

/** How full something of `totalBytes` is of which `freeBytes` are free. */
export function capacityOf(totalBytes: number, freeBytes: number): Capacity {
  return { freeBytes, usedPercent: totalBytes > 0 ? (1 - freeBytes / totalBytes) * 100 : 0 };
}
