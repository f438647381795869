import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { killsHeldMs, killsInRowMax } from '../../model/command-limits.ts';

/**
 * Remembers when a service was killed because it did not answer, over restarts of the one who watches it.
 * After `killsInRowMax` kills within `killsHeldMs` there is to be no other one for `killsHeldMs`: what
 * does not come back by then needs a person, and some services switch parts of themselves off after that
 * many ends in a row.
 */
export interface KillBrake {
  /** Until when (wall clock) nobody may be killed; undefined when it is allowed. */
  heldUntil(nowMs: number): number | undefined;
  /** Gives why it could not be written down. */
  note(nowMs: number): Promise<string | undefined>;
}

/** The brake of the service with this command line, kept in `directory`. What cannot be read is no kill. */
export async function openKillBrake(
  directory: string,
  command: readonly string[],
): Promise<KillBrake> {
  const id = createHash('sha256').update(command.join('\0')).digest('hex').slice(0, 16);
  const file = join(directory, `watchdog-${id}.json`);
  let kills = await readKills(file);
  return {
    heldUntil(nowMs) {
      const [first] = kills.slice(-killsInRowMax);
      const last = kills.at(-1);
      if (kills.length < killsInRowMax || first === undefined || last === undefined) {
        return undefined;
      }
      // A clock that was set back leaves kills in the future: they say nothing.
      const isRow = last <= nowMs && last - first <= killsHeldMs;
      return isRow && nowMs < last + killsHeldMs ? last + killsHeldMs : undefined;
    },
    async note(nowMs) {
      kills = [...kills, nowMs].slice(-killsInRowMax);
      try {
        await mkdir(directory, { recursive: true });
        await writeFile(`${file}.new`, JSON.stringify({ version: 1, kills }), { mode: 0o600 });
        await rename(`${file}.new`, file);
        return undefined;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? String(error);
        return `cannot write ${file} (${code}): kills before a restart are not counted`;
      }
    },
  };
}

async function readKills(file: string): Promise<readonly number[]> {
  try {
    const { kills } = JSON.parse(await readFile(file, 'utf8')) as { readonly kills?: unknown };
    if (!Array.isArray(kills)) return [];
    return kills.filter((one): one is number => typeof one === 'number').slice(-killsInRowMax);
  } catch {
    return [];
  }
}
