import {
  closeSync,
  fchownSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { jsonOf } from '../lib/json-of.ts';
import type { WallMs } from '../model/time.ts';

/** In the state directory: what receivers took before an agent ran there. */
const fileName = 'receivers-tested.json';

const written = v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0)));

/**
 * Leaves word for the agent that starts next of the receivers, by `receiverKey`, that took a test at `atMs`: a receiver that was
 * proved while the agent was installed is not one that nobody knows of. Best effort: without it they are tested again.
 */
export function leaveDirectTests(dataDir: string, keys: readonly string[], atMs: WallMs): void {
  const file = join(dataDir, fileName);
  try {
    const { uid, gid } = statSync(dataDir);
    const next = `${file}.new`;
    rmSync(next, { force: true });
    // Never through a link that somebody else has put there.
    const handle = openSync(next, 'wx', 0o600);
    try {
      writeSync(handle, JSON.stringify(Object.fromEntries(keys.map((key) => [key, atMs]))));
      fchownSync(handle, uid, gid);
    } finally {
      closeSync(handle);
    }
    renameSync(next, file);
  } catch {
    // There is no such directory yet, or it belongs to somebody else.
  }
}

/** Takes what was left, once: receivers by `receiverKey`, and when each took a test. */
export function takeDirectTests(dataDir: string, now: WallMs): ReadonlyMap<string, WallMs> {
  const file = join(dataDir, fileName);
  try {
    const found = v.safeParse(written, jsonOf(readFileSync(file, 'utf8')));
    rmSync(file, { force: true });
    const entries = found.success ? Object.entries(found.output) : [];
    return new Map(entries.map(([key, atMs]) => [key, Math.min(atMs, now) as WallMs]));
  } catch {
    return new Map();
  }
}
