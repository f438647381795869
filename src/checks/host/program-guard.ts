import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Unreadable } from './host-file.ts';
import { locateProgram } from './missing-program.ts';
import type { HostPlaces } from './places.ts';
import type { ProgramCall } from './run-program.ts';

/**
 * The call with the program as the path of a file whose hash is allowed, or why there is none. A file that
 * cannot be found is left to the attempt to start it, which says why.
 */
export async function withAllowedProgram(
  call: ProgramCall,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<ProgramCall | Unreadable> {
  const path = await locateProgram(call);
  if (path === undefined) return call;
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash, { signal });
  } catch (error) {
    const unreadable = `${path} cannot be read to compare its hash: ${(error as Error).message}`;
    return { unreadable, reason: signal.aborted ? 'timeout' : 'permission' };
  }
  const found = hash.digest('hex');
  if (hashes.includes(found)) return { ...call, program: path };
  const unreadable = `${path} was not started: its sha256 is ${found}, which is not among those of allow`;
  return { unreadable, reason: 'permission' };
}

/** The call as another user, with the groups of nobody but that user's own, or why that cannot be. */
export async function asUser(
  call: ProgramCall,
  user: string,
  { etc }: HostPlaces,
): Promise<ProgramCall | Unreadable> {
  const path = join(etc, 'passwd');
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  const entry = lines
    .map((line) => line.split(':'))
    .find(([name, , uid]) => name === user || uid === user);
  const [name = user, , uid = '', gid = '', , home = '/'] = entry ?? [];
  if (entry === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) {
    return { unreadable: `there is no user ${user} in ${path}`, reason: 'missing' };
  }
  if (process.geteuid?.() !== 0 && process.geteuid?.() !== Number(uid)) {
    const unreadable = `only root may run a program as ${name}: run the agent as root, or leave out user`;
    return { unreadable, reason: 'permission' };
  }
  const names = { HOME: home, USER: name, LOGNAME: name };
  return {
    ...call,
    environment: { ...call.environment, ...names },
    runAs: { uid: Number(uid), gid: Number(gid) },
  };
}
