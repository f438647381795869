import { basename, join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { evidenceNamesMax } from '../../model/command-limits.ts';
import { formatBytes } from './bytes.ts';
import { pause } from './pause.ts';
import type { HostPlaces } from './places.ts';
import { hidesProcesses } from './process-search.ts';
import { unitOf } from './process-unit.ts';
import { parseProcessStat, ticksPerSecond } from './process-stat.ts';
import { processIds, textOrNothing } from './look-at-files.ts';
import { calledName } from './program-name.ts';

interface Usage {
  readonly name: string;
  readonly pid: number;
  readonly residentBytes: number;
  readonly ticks: number;
}

/** How long the processor time of all processes is watched. */
const watchMs = 500;

/** Who uses most memory and most processor time, a line each. */
export async function busiestProcesses(
  places: HostPlaces,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const before = await usages(places, signal);
  if (before.size > 0 && (await hidesProcesses(places))) return [othersHidden];
  const startedAt = clock.now().steadyMs;
  const byMemory = [...before.values()].toSorted((a, b) => b.residentBytes - a.residentBytes);
  await pause(watchMs, clock, signal);
  const seconds = (clock.now().steadyMs - startedAt) / 1000;
  const after = signal.aborted ? [] : [...(await usages(places, signal)).values()];
  const byTime = after
    .map((one) => ({ ...one, used: one.ticks - (before.get(one.pid)?.ticks ?? one.ticks) }))
    .map((one) => ({ ...one, share: (100 * one.used) / ticksPerSecond / seconds }))
    .filter(({ share }) => share >= 1)
    .toSorted((a, b) => b.share - a.share);
  const line = async (
    what: string,
    list: readonly (Usage & { readonly share?: number })[],
  ): Promise<readonly string[]> => {
    const words = list.slice(0, evidenceNamesMax).map(async (one) => {
      const figure =
        one.share === undefined ? formatBytes(one.residentBytes) : `${Math.round(one.share)}%`;
      return `${await labelOf(one, places)} ${figure}`;
    });
    return list.length === 0 ? [] : [`${what}: ${(await Promise.all(words)).join(', ')}`];
  };
  return [...(await line('most memory', byMemory)), ...(await line('most processor time', byTime))];
}

const othersHidden =
  'processes of other users are hidden from the agent (ProtectProc= of its unit, or hidepid of /proc)';

/**
 * What people call a process: its program, of an interpreter the script too, and its unit. All else of its
 * command line may hold secrets.
 */
async function labelOf({ name, pid }: Usage, { proc }: HostPlaces): Promise<string> {
  const line = await textOrNothing(join(proc, String(pid), 'cmdline'));
  const program = calledName(line);
  const [, ...rest] = line.replace(/\0+$/, '').split('\0');
  const script = interpreters.test(program)
    ? rest.find((word) => !word.startsWith('-'))
    : undefined;
  const isFile = script !== undefined && /^[\w./@+-]+$/.test(script);
  const called = program === '' ? name : isFile ? `${program} ${basename(script)}` : program;
  const unit = await unitOf(pid, proc);
  return `${called.slice(0, 60)}${unit === undefined ? '' : ` of ${unit}`} (${pid})`;
}

const interpreters =
  /^(?:node|nodejs|bun|deno|python[\d.]*|ruby[\d.]*|perl[\d.]*|php[\d.]*|bash|sh|dash)$/;

async function usages({ proc }: HostPlaces, signal: AbortSignal): Promise<Map<number, Usage>> {
  const found = new Map<number, Usage>();
  for (const pid of await processIds(proc)) {
    if (signal.aborted) break;
    const stat = parseProcessStat(await textOrNothing(`${proc}/${pid}/stat`));
    if (stat === undefined) continue;
    const { name, usedTicks: ticks, residentBytes } = stat;
    found.set(pid, { name, pid, ticks, residentBytes });
  }
  return found;
}
