import { readdir } from 'node:fs/promises';
import { formatBytes } from '../host/bytes.ts';
import { textOrNothing } from '../host/look-at-files.ts';
import { residentBytesIn } from '../host/process-stat.ts';
import type { Instant } from '../../model/time.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** How long a growth has to last before it is one. */
const growthHours = 6;

/** Remembers how much memory there was, one figure for each five minutes: the least in them. */
export interface MemoryGrowth {
  /** Bytes an hour over the last six hours; undefined before they are over. */
  note(pid: number, bytes: number, now: Instant): number | undefined;
}

interface Low {
  readonly steadyMs: number;
  readonly bytes: number;
}

export function createMemoryGrowth(): MemoryGrowth {
  let of = 0;
  let lows: readonly Low[] = [];
  return {
    note(pid, bytes, { steadyMs }) {
      if (pid !== of) lows = [];
      of = pid;
      const last = lows.at(-1);
      lows =
        last !== undefined && steadyMs - last.steadyMs < 5 * minuteMs
          ? [...lows.slice(0, -1), { ...last, bytes: Math.min(last.bytes, bytes) }]
          : [...lows, { steadyMs, bytes }];
      lows = lows.filter((low) => steadyMs - low.steadyMs <= growthHours * hourMs);
      const first = lows[0]?.steadyMs ?? steadyMs;
      if (steadyMs - first < (growthHours - 0.2) * hourMs) return undefined;
      // The least of an hour: what is given back again is no growth.
      const least = (from: number, to: number): number =>
        Math.min(
          ...lows
            .filter((low) => low.steadyMs >= from && low.steadyMs <= to)
            .map((low) => low.bytes),
        );
      const grown = least(steadyMs - hourMs, steadyMs) - least(first, first + hourMs);
      return grown / (growthHours - 1);
    },
  };
}

/** Judges the resident memory of the gateway and its children. */
export async function judgeMemory(scene: Scene, growth: MemoryGrowth): Promise<Found> {
  const { pid, options, places, now } = scene;
  if (pid === undefined) return well('no process to look at');
  const family = await familyOf(pid, places.proc);
  const sizes = await Promise.all(family.map(async (one) => residentBytes(one, places.proc)));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes === 0)
    return ill('unknown', 'permission', `the memory of process ${pid} cannot be read`);
  const limitBytes = await groupLimit(pid, places);
  const perHour = growth.note(pid, bytes, now);
  const values = [
    { metric: 'resident_bytes', value: bytes, unit: 'B' },
    ...(perHour === undefined
      ? []
      : [{ metric: 'growth_bytes_per_hour', value: perHour, unit: 'B' }]),
  ];
  const uses = `the gateway uses ${formatBytes(bytes)} of memory`;
  const troubles: Found[] = [];
  if (bytes > options.memory_critical) {
    const what = `${uses}, limit ${formatBytes(options.memory_critical)}`;
    troubles.push(ill('critical', 'threshold', what));
  } else if (limitBytes !== undefined && bytes > 0.85 * limitBytes) {
    const what = `${uses}, ${Math.round((bytes / limitBytes) * 100)}% of what its control group allows (${formatBytes(limitBytes)})`;
    troubles.push(ill('critical', 'threshold', what));
  } else if (bytes > options.memory_warning) {
    const what = `${uses}, limit ${formatBytes(options.memory_warning)}`;
    troubles.push(ill('warning', 'threshold', what));
  }
  if (perHour !== undefined && perHour > options.memory_growth) {
    const what = `its memory has grown by ${formatBytes(perHour)} an hour for six hours, to ${formatBytes(bytes)}`;
    troubles.push(ill('warning', 'threshold', what));
  }
  return worstFound(troubles, well(uses, values));
}

/** The process and its children, as the kernel lists them; grandchildren are few and short. */
async function familyOf(pid: number, proc: string): Promise<readonly number[]> {
  const tasks = await readdir(`${proc}/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    tasks.map(async (task) => textOrNothing(`${proc}/${pid}/task/${task}/children`)),
  );
  const children = lists.flatMap((text) => text.trim().split(/\s+/).filter(Boolean).map(Number));
  return [pid, ...children];
}

async function residentBytes(pid: number, proc: string): Promise<number> {
  return residentBytesIn(await textOrNothing(`${proc}/${pid}/status`));
}

/** The limit of the control group of a process (cgroup v2, `memory.max`); undefined without one. */
async function groupLimit(
  pid: number,
  { proc, sys }: Scene['places'],
): Promise<number | undefined> {
  const path = /^0::(\/.*)$/m.exec(await textOrNothing(`${proc}/${pid}/cgroup`))?.[1];
  if (path === undefined || path === '/') return undefined;
  const bytes = Number.parseInt(await textOrNothing(`${sys}/fs/cgroup${path}/memory.max`), 10);
  return bytes > 0 ? bytes : undefined;
}
