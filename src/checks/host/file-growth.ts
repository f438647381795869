import * as v from 'valibot';
import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import { dayMs } from '../net/probe-thresholds.ts';
import {
  comparedFileBytesMin,
  comparedFilesMax,
  evidenceNamesMax,
} from '../../model/command-limits.ts';
import { formatBytes } from './bytes.ts';
import { isUnreadable, readHostFile } from './host-file.ts';
import { mountOf, parseMounts } from './mounts.ts';
import type { HostPlaces } from './places.ts';
import { runProgram } from './run-program.ts';

/** How large the largest files of a file system were at a time. Kept as JSON from one look to the next. */
export interface FileSizes {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Whether all of it was looked at: then a file that is not among these was smaller, or not there. */
  readonly isWhole: boolean;
  /** Largest first; when each was last written to, in Unix milliseconds. */
  readonly files: readonly (readonly [path: string, bytes: number, writtenMs: number])[];
}

const shape = v.object({
  atMs: v.number(),
  isWhole: v.boolean(),
  files: v.array(v.tuple([v.string(), v.number(), v.number()])),
});

/** An earlier look as it was kept; undefined if it is none. */
export function fileSizesFrom(kept: unknown): FileSizes | undefined {
  const parsed = v.safeParse(shape, kept);
  return parsed.success ? parsed.output : undefined;
}

/** Where files of the root grow; all else on it comes and goes with packages. */
const growing = ['/var', '/tmp', '/home', '/root', '/opt', '/srv'];

/**
 * Looks for the largest files on the file system of `path`, `comparedFileBytesMin` at least. By a program,
 * which may hang in the place of the agent; what it has found when the signal comes counts.
 */
export async function lookAtFiles(
  path: string,
  places: HostPlaces,
  limits: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<FileSizes | undefined> {
  const atMs = limits.clock.now().wallMs;
  const size = `+${Math.floor(comparedFileBytesMin / 1024)}k`;
  const tests = ['-xdev', '-type', 'f', '-size', size, '-printf', String.raw`%s %T@ %p\n`];
  const call = {
    program: 'find',
    arguments: [...(await startsOf(path, places)), ...tests],
    environment: { PATH: places.programs, LC_ALL: 'C' },
  };
  const outcome = await runProgram(call, limits);
  if (outcome.kind === 'not_started') return undefined;
  const found = outcome.stdout.split('\n').flatMap((line): FileSizes['files'] => {
    const [, bytes, seconds, file] = /^(\d+) (\d+)(?:\.\d+)? (.+)$/.exec(line) ?? [];
    return file === undefined ? [] : [[file, Number(bytes), Number(seconds) * 1000]];
  });
  const files = found.toSorted((a, b) => b[1] - a[1]).slice(0, comparedFilesMax);
  const isWhole =
    outcome.kind === 'ended' && outcome.discardedBytes === 0 && files.length === found.length;
  return { atMs, isWhole, files };
}

/** Where the search begins: for the root where files grow, without what is mounted there. */
async function startsOf(path: string, { proc }: HostPlaces): Promise<readonly string[]> {
  if (path !== '/') return [path];
  const mounts = await readHostFile(`${proc}/self/mountinfo`, parseMounts);
  if (isUnreadable(mounts)) return growing;
  return growing.filter((folder) => mountOf(folder, mounts)?.mountPoint === '/');
}

/** What has grown most since an earlier look; without one, the largest files written within a day. */
export function describeGrowth(now: FileSizes, earlier: FileSizes | undefined): readonly string[] {
  const ageMs = now.atMs - (earlier?.atMs ?? now.atMs);
  const grown = earlier === undefined || ageMs <= 0 ? [] : grownSince(now, earlier);
  if (grown.length > 0) {
    const words = grown.slice(0, evidenceNamesMax).map(({ path, bytes, by }) => {
      const after = by === bytes ? 'new' : `now ${formatBytes(bytes)}`;
      return `${path} by ${formatBytes(by)} (${after})`;
    });
    return [`grown most within ${humanDuration(ageMs)}: ${words.join(', ')}`];
  }
  const written = now.files.filter(([, , writtenMs]) => now.atMs - writtenMs < dayMs);
  const words = written
    .slice(0, evidenceNamesMax)
    .map(([path, bytes]) => `${path} ${formatBytes(bytes)}`);
  return words.length === 0 ? [] : [`large files written within a day: ${words.join(', ')}`];
}

function grownSince(now: FileSizes, earlier: FileSizes) {
  const before = new Map(earlier.files.map(([path, bytes]) => [path, bytes]));
  const smallest = earlier.isWhole ? 0 : undefined;
  return now.files
    .flatMap(([path, bytes]) => {
      const was = before.get(path) ?? smallest;
      return was === undefined ? [] : [{ path, bytes, by: bytes - was }];
    })
    .filter(({ by }) => by >= comparedFileBytesMin)
    .toSorted((a, b) => b.by - a.by);
}
