import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { isUnreadable, readHostFile, type Unreadable } from '../host/host-file.ts';
import type { HostPlaces } from '../host/places.ts';
import { parseProcessStat, ticksPerSecond } from '../host/process-stat.ts';
import { parseUptime } from '../host/uptime.ts';
import { readSmallFile } from './small-file.ts';

/** Who owns the state folder, as the gateway wrote it down. */
export interface OwnerLock {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process: the same number again is the same process. */
  readonly startTicks: number | undefined;
  readonly port: number | undefined;
  /** Unix milliseconds. */
  readonly createdMs: number | undefined;
}

const amount = v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]);

const shape = v.object({
  pid: amount,
  startTime: v.optional(v.fallback(v.optional(amount), undefined)),
  port: v.optional(v.fallback(v.optional(amount), undefined)),
  createdAt: v.optional(v.unknown()),
  stateDir: v.optional(v.unknown()),
});

const lockBytesMax = 64 * 1024;

/** The lock of the gateway that owns the state folder; undefined if there is none. */
export async function readOwnerLock(
  stateFolder: string,
): Promise<OwnerLock | Unreadable | undefined> {
  let hidden: Unreadable | undefined;
  for (const folder of [join(stateFolder, 'tmp'), tmpdir()]) {
    const owners = await readdir(folder).catch(() => []);
    for (const name of owners.filter((one) => /^openclaw-\d+$/.test(one))) {
      const file = await readSmallFile(join(folder, name, 'gateway.state.lock'), lockBytesMax);
      if (file.kind === 'unreadable') hidden ??= file;
      if (file.kind !== 'text') continue;
      const lock = parseLock(file.text, stateFolder);
      if (lock !== undefined) return lock;
    }
  }
  return hidden;
}

/** Reads a lock, JSON followed by blanks; undefined if it is none, or that of another state folder. */
function parseLock(text: string, stateFolder: string): OwnerLock | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), shape), text.replaceAll('\0', ' '));
  if (!parsed.success) return undefined;
  const { pid, startTime, port, createdAt, stateDir } = parsed.output;
  if (typeof stateDir === 'string' && stateDir !== stateFolder) return undefined;
  const created = typeof createdAt === 'string' ? Date.parse(createdAt) : Number(createdAt);
  return {
    pid,
    startTicks: startTime,
    port,
    createdMs: Number.isFinite(created) ? created : undefined,
  };
}

/** The process that a lock speaks of. */
export type Owner =
  | { readonly kind: 'alive'; readonly ageMs: number }
  /** Ended, or its number belongs to another process now. */
  | { readonly kind: 'gone' | 'other' };

export async function readOwner(
  { pid, startTicks }: OwnerLock,
  { proc }: HostPlaces,
): Promise<Owner | Unreadable> {
  const uptime = await readHostFile(`${proc}/uptime`, parseUptime);
  if (isUnreadable(uptime)) return uptime;
  const stat = await readHostFile(`${proc}/${pid}/stat`, parseProcessStat);
  if (isUnreadable(stat)) return stat.reason === 'missing' ? { kind: 'gone' } : stat;
  if (stat.state === 'Z' || stat.state === 'X') return { kind: 'gone' };
  if (startTicks !== undefined && startTicks !== stat.startTicks) return { kind: 'other' };
  return {
    kind: 'alive',
    ageMs: Math.max(0, (uptime.seconds - stat.startTicks / ticksPerSecond) * 1000),
  };
}
