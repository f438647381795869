import type { Clock } from '../../lib/clock.ts';
import { isUnreadable, readHostFile, type Unreadable } from './host-file.ts';
import { runsSystemd } from './look-at-files.ts';
import type { HostPlaces } from './places.ts';
import { askTool } from './system-tool.ts';

/** Reads `/proc/uptime` (proc_uptime(5)): seconds since boot, those asleep included. */
export function parseUptime(text: string): { readonly seconds: number } | undefined {
  const seconds = Number(/^\d+\.\d+/.exec(text)?.[0]);
  return Number.isFinite(seconds) ? { seconds } : undefined;
}

export interface Uptime {
  readonly seconds: number;
  /** When systemd was started, in microseconds since the kernel was: another number at each boot. */
  readonly systemdStartUs?: number;
}

/**
 * Tells how long this host is up. In a container `/proc/uptime` is that of the kernel, which outlives many starts of
 * the container: systemd knows when it was started itself, and is asked once.
 */
export function createUptime(places: HostPlaces): {
  read(limits: {
    readonly signal: AbortSignal;
    readonly clock: Clock;
  }): Promise<Uptime | Unreadable>;
} {
  let systemdStartUs: number | undefined;
  return {
    async read(limits) {
      const kernel = await readHostFile(`${places.proc}/uptime`, parseUptime);
      if (isUnreadable(kernel)) return kernel;
      systemdStartUs ??= await askSystemd(places, limits);
      if (systemdStartUs === undefined) return kernel;
      return { seconds: Math.max(0, kernel.seconds - systemdStartUs / 1e6), systemdStartUs };
    },
  };
}

/** Source: org.freedesktop.systemd1(5). Undefined without systemd. */
async function askSystemd(
  places: HostPlaces,
  limits: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<number | undefined> {
  if (!(await runsSystemd(places))) return undefined;
  const question = ['systemctl', 'show', '--property=UserspaceTimestampMonotonic'] as const;
  const answer = await askTool(question, places, limits);
  const micros = isUnreadable(answer) ? undefined : /=(\d+)$/m.exec(answer.output)?.[1];
  return micros === undefined ? undefined : Number(micros);
}
