import { readdir, readFile, stat } from 'node:fs/promises';
import type { HostPlaces } from './places.ts';

/** Whether something can be seen at this path. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether systemd is the first process of the host. Source: sd_booted(3). */
export async function runsSystemd({ run }: Pick<HostPlaces, 'run'>): Promise<boolean> {
  return isThere(`${run}/systemd/system`);
}

/** The text, or nothing: processes and their files come and go while one looks. */
export async function textOrNothing(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** The numbers of all processes that can be seen. Rejects where `/proc` cannot be read. */
export async function processIds(proc: string): Promise<readonly number[]> {
  return (await readdir(proc)).filter((name) => /^\d+$/.test(name)).map(Number);
}
