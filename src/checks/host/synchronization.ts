import type { Clock } from '../../lib/clock.ts';
import { parseTracking, type Tracking } from './chrony-tracking.ts';
import { isUnreadable, type Unreadable } from './host-file.ts';
import { runsSystemd } from './look-at-files.ts';
import type { HostPlaces } from './places.ts';
import { askTool } from './system-tool.ts';

/** Whether something keeps the clock of this host in step with the world, and how well. */
export interface Synchronization {
  readonly state: 'synchronized' | 'unsynchronized' | 'cannot_tell';
  /** Milliseconds by which the clock is ahead of the time servers; negative when it is behind. */
  readonly aheadMs?: number;
  /** Who says so. */
  readonly by?: 'chrony' | 'systemd-timesyncd';
  /** When chrony last heard from a time server, in Unix milliseconds, and how often it wants to. */
  readonly heard?: Tracking['heard'];
}

interface Limits {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * systemd knows the kernel's answer, whoever steers the clock. chrony is asked as well: it only tells the
 * kernel when its `rtcsync` is set. Unreadable where neither has answered and one of them does not in time.
 */
export async function readSynchronization(
  places: HostPlaces,
  limits: Limits,
): Promise<Synchronization | Unreadable> {
  const isSystemd = await runsSystemd(places);
  const [kernel, chrony] = await Promise.all([
    isSystemd ? askKernel(places, limits) : undefined,
    askChrony(places, limits),
  ]);
  if (typeof chrony === 'object' && !isUnreadable(chrony)) {
    const { isInStep, aheadMs, heard } = chrony;
    const state = isInStep || kernel === true ? 'synchronized' : 'unsynchronized';
    // What it says before it has heard from anybody is nothing.
    return {
      state,
      by: 'chrony',
      ...(isInStep ? { aheadMs, ...(heard === undefined ? {} : { heard }) } : {}),
    };
  }
  if (typeof kernel === 'object') return kernel;
  if (kernel === undefined) return chrony ?? { state: 'cannot_tell' };
  if (!kernel) return { state: 'unsynchronized' };
  const aheadMs = await askTimesyncd(places, limits);
  return aheadMs === undefined
    ? { state: 'synchronized' }
    : { state: 'synchronized', aheadMs, by: 'systemd-timesyncd' };
}

async function askKernel(
  places: HostPlaces,
  limits: Limits,
): Promise<boolean | Unreadable | undefined> {
  const asked = ['timedatectl', 'show', '-p', 'NTPSynchronized', '--value'] as const;
  const answer = await askTool(asked, places, limits);
  if (isUnreadable(answer)) return answer.reason === 'timeout' ? answer : undefined;
  const word = answer.output.trim();
  return word === 'yes' ? true : word === 'no' ? false : undefined;
}

/** Undefined where there is no chrony, it does not run, or it does not answer this user. */
async function askChrony(
  places: HostPlaces,
  limits: Limits,
): Promise<Tracking | Unreadable | undefined> {
  const answer = await askTool(['chronyc', '-n', 'tracking'], places, limits);
  if (isUnreadable(answer)) return answer.reason === 'timeout' ? answer : undefined;
  return parseTracking(answer.output);
}

/** The offset as `timedatectl timesync-status` prints it, such as `Offset: +1.094ms`. */
async function askTimesyncd(places: HostPlaces, limits: Limits): Promise<number | undefined> {
  const answer = await askTool(['timedatectl', 'timesync-status'], places, limits);
  const said = isUnreadable(answer) ? undefined : /^\s*Offset: ([+-])(.+)$/m.exec(answer.output);
  if (said === undefined || said === null) return undefined;
  const [, sign, span = ''] = said;
  const parts = [...span.matchAll(/([\d.]+)(us|ms|s|min|h|d)\b/g)];
  const sizeMs = parts.reduce(
    (sum, [, value, unit = '']) => sum + Number(value) * (spans[unit] ?? 0),
    0,
  );
  // It says by how much the clock has to be moved.
  return parts.length === 0 ? undefined : sign === '+' ? -sizeMs : sizeMs;
}

const spans: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
