import { stat } from 'node:fs/promises';
import { isUnreadable, readHostFile } from '../host/host-file.ts';
import { hostPlaces } from '../host/places.ts';
import type { Failure } from '../net/failure.ts';

/** Adds to a refusal by the rights of a socket which group would let the agent in. */
export async function withGroup(failure: Failure, path: string): Promise<Failure> {
  // What a gate forbids is nothing that a group could allow.
  if (failure.reason !== 'permission' || failure.unknown !== true) return failure;
  const { gid, mode } = await stat(path).catch(() => ({ gid: undefined, mode: 0 }));
  const summary = `the user of the agent may not use ${path}`;
  if (gid === undefined) {
    return {
      ...failure,
      summary: `${summary}: it may not enter the folder of that socket (grant it with chmod, or setfacl -m u:USER:x)`,
    };
  }
  const mayGroup = (mode & 0o020) !== 0;
  if (!mayGroup || gid === 0)
    return { ...failure, summary: `${summary}: only its owner may; let a group write to it` };
  const groups = await readHostFile(`${hostPlaces.etc}/group`, (text) => ({ text }));
  const line = isUnreadable(groups) ? '' : groups.text;
  const name = line
    .split('\n')
    .find((one) => one.split(':')[2] === String(gid))
    ?.split(':')[0];
  const group = name ?? String(gid);
  return {
    ...failure,
    summary: `${summary}: its group ${group} may (usermod -aG ${group} USER, then restart the agent)`,
  };
}
