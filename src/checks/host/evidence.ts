import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import {
  evidenceDeadlineMs,
  evidenceLineLengthMax,
  evidenceLogLines,
  evidenceProcesses,
} from '../../model/command-limits.ts';
import { unitJournalsMax } from '../../model/limits.ts';
import { formatBytes } from './bytes.ts';
import { pause } from './pause.ts';
import type { HostPlaces } from './places.ts';
import { hidesProcesses } from './process-search.ts';
import { calledName, knownName } from './program-name.ts';
import { unitOf } from './process-unit.ts';
import { runProgram } from './run-program.ts';
import { unitJournals } from './unit-journal.ts';

interface Looking {
  readonly places: HostPlaces;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What somebody who is woken would look up first. */
export interface EvidenceQuestion {
  /** Units whose log is shown. */
  readonly units: readonly string[];
  /** Whether it is a disk that has filled up. */
  readonly isDisk: boolean;
}

/**
 * Looks around on this host while something fails: the end of the unit's log, who uses memory and
 * processor, large files written of late, what was installed or changed. Everything at once, within
 * `evidenceDeadlineMs`; what is not there by then, or may not be read, is left out. Never throws.
 */
export async function collectEvidence(
  question: EvidenceQuestion,
  { places, clock }: Omit<Looking, 'signal'>,
): Promise<readonly string[]> {
  const deadline = new AbortController();
  const cancel = clock.after(evidenceDeadlineMs, () => deadline.abort());
  const looking = { places, clock, signal: deadline.signal };
  const parts = [
    unitJournals(question.units.slice(0, unitJournalsMax), evidenceLogLines, places, looking),
    busiest(looking),
    ...(question.isDisk ? [largeFiles(looking)] : []),
    lastPackages(looking),
    lastUnits(looking),
  ];
  const found = await Promise.all(parts.map(async (part) => beforeDeadline(part, deadline.signal)));
  cancel();
  return found.flat().map((line) => masked(line).slice(0, evidenceLineLengthMax));
}

/** What a part found by the deadline; one that hangs is left behind. */
async function beforeDeadline(
  part: Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const late = new Promise<readonly string[]>((resolve) => {
    signal.addEventListener('abort', () => resolve([]), { once: true });
  });
  return Promise.race([part.catch(() => []), late]);
}

/** Values behind words that announce a secret: logs repeat what programs were given. */
function masked(line: string): string {
  return line
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(
      /((?:pass(?:word|wd)?|secret|token|api[_-]?key|authorization|cookie)["']?\s*[:=]\s*)(?:(?:bearer|basic)\s+)?[^\s,;]+/gi,
      '$1<secret>',
    )
    .replaceAll(/\b(bearer\s+)\S+/gi, '$1<secret>')
    .replaceAll(/(:\/\/)[^/\s:@]+:[^/\s@]+@/g, '$1<secret>@');
}

interface Usage {
  readonly name: string;
  readonly pid: number;
  readonly residentBytes: number;
  readonly ticks: number;
}

/** Ticks per second in what Linux tells programs. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** How long the processor time of all processes is watched. */
const watchMs = 500;

async function busiest(looking: Looking): Promise<readonly string[]> {
  const before = await usages(looking);
  if (before.size > 0 && (await hidesProcesses(looking.places))) return [othersHidden];
  const startedAt = looking.clock.now().steadyMs;
  const byMemory = [...before.values()].toSorted((a, b) => b.residentBytes - a.residentBytes);
  await pause(watchMs, looking.clock, looking.signal);
  const seconds = (looking.clock.now().steadyMs - startedAt) / 1000;
  const after = looking.signal.aborted ? [] : [...(await usages(looking)).values()];
  const byTime = after
    .map((one) => ({ ...one, used: one.ticks - (before.get(one.pid)?.ticks ?? one.ticks) }))
    .map((one) => ({ ...one, share: (100 * one.used) / ticksPerSecond / seconds }))
    .filter(({ share }) => share >= 1)
    .toSorted((a, b) => b.share - a.share);
  const [memory, time] = await Promise.all([
    named(byMemory, looking, ({ residentBytes }) => formatBytes(residentBytes)),
    named(byTime, looking, ({ share }) => `${Math.round(share)}%`),
  ]);
  return [
    ...(memory.length === 0 ? [] : [`most memory: ${memory.join(', ')}`]),
    ...(time.length === 0 ? [] : [`most processor time: ${time.join(', ')}`]),
  ];
}

const othersHidden =
  'processes of other users are hidden from the agent (ProtectProc= of its unit, or hidepid of /proc)';

/** The first processes by name, with their figure and the unit in which they run. */
async function named<Use extends Usage>(
  all: readonly Use[],
  { places }: Looking,
  figure: (usage: Use) => string,
): Promise<readonly string[]> {
  const first = all.slice(0, evidenceProcesses);
  return Promise.all(
    first.map(async (usage) => {
      const folder = join(places.proc, String(usage.pid));
      const line = await readFile(join(folder, 'cmdline'), 'utf8').catch(() => '');
      const unit = await unitOf(usage.pid, places.proc);
      const where = unit === undefined ? '' : ` of ${unit}`;
      return `${knownName(usage.name, calledName(line))}${where} (${usage.pid}) ${figure(usage)}`;
    }),
  );
}

/** A process is told by its name alone: the rest of its command line may hold secrets. */
async function usages({ places, signal }: Looking): Promise<Map<number, Usage>> {
  const found = new Map<number, Usage>();
  for (const entry of await readdir(places.proc)) {
    if (signal.aborted) break;
    if (!/^\d+$/.test(entry)) continue;
    const text = await readFile(join(places.proc, entry, 'stat'), 'utf8').catch(() => '');
    const [, name = '', rest] = /^\d+ \((.*)\) (.+)$/s.exec(text.trim()) ?? [];
    if (rest === undefined) continue;
    const fields = rest.split(' ').map(Number);
    const ticks = (fields[11] ?? 0) + (fields[12] ?? 0);
    const pid = Number(entry);
    found.set(pid, { name, pid, ticks, residentBytes: (fields[21] ?? 0) * pageBytes });
  }
  return found;
}

/** Where files grow; other file systems below are not looked at. */
const growing = ['/var', '/tmp', '/home', '/root', '/opt', '/srv'];

/** By a program, which may hang in the place of the agent; what it found until then counts. */
async function largeFiles(looking: Looking): Promise<readonly string[]> {
  const tests = ['-xdev', '-type', 'f', '-mmin', '-1440', '-size', '+10M'];
  const call = {
    program: 'find',
    arguments: [...growing, ...tests, '-printf', String.raw`%s %p\n`],
    environment: { PATH: looking.places.programs, LC_ALL: 'C' },
  };
  // Ends before the deadline, which would throw away what was found.
  const early = new AbortController();
  const cancel = looking.clock.after(evidenceDeadlineMs * 0.75, () => early.abort());
  const outcome = await runProgram(call, { clock: looking.clock, signal: early.signal });
  cancel();
  if (outcome.kind === 'not_started') return [];
  const files = outcome.stdout.split('\n').flatMap((line) => {
    const [, size, path] = /^(\d+) (.+)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ bytes: Number(size), path }];
  });
  const largest = files.toSorted((a, b) => b.bytes - a.bytes).slice(0, evidenceProcesses);
  const words = largest.map(({ bytes, path }) => `${path} ${formatBytes(bytes)}`);
  return words.length === 0 ? [] : [`large files written within a day: ${words.join(', ')}`];
}

const dayMs = 86_400_000;

/** The last package that was put in or taken out within a day. Source: dpkg(1), "dpkg.log". */
async function lastPackages({ places, clock }: Looking): Promise<readonly string[]> {
  const text = await readFile(join(places.var, 'log/dpkg.log'), 'utf8');
  const changes = [
    ...text.matchAll(/^(\S+ \S+) (install|upgrade|remove|purge) (\S+) (\S+) (\S+)$/gm),
  ];
  const [, when = '', what = '', name = '', from = '', to = ''] = changes.at(-1) ?? [];
  const ageMs = clock.now().wallMs - new Date(when).getTime();
  if (!(ageMs >= 0 && ageMs < dayMs)) return [];
  const versions = what === 'upgrade' ? ` from ${from} to ${to}` : '';
  return [`last package change, ${humanDuration(ageMs)} ago: ${what} ${name}${versions}`];
}

/** The unit file of this host that was changed last, if that was within a day. */
async function lastUnits({ places, clock }: Looking): Promise<readonly string[]> {
  const folder = join(places.etc, 'systemd/system');
  const names = (await readdir(folder)).filter((name) => /\.(?:service|timer|socket)$/.test(name));
  const changed = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  );
  const [last] = changed.toSorted((a, b) => b.at - a.at);
  if (last === undefined) return [];
  const ageMs = clock.now().wallMs - last.at;
  return ageMs >= 0 && ageMs < dayMs
    ? [`last change of a unit, ${humanDuration(ageMs)} ago: ${last.name}`]
    : [];
}
