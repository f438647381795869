import { readFileSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import type { HostPlaces } from './places.ts';
import { parseUptime } from './uptime.ts';

/** Milliseconds. */
interface StepOptions {
  /** The smallest jump that is told. */
  readonly step_warning: number;
  /** How long it is told. */
  readonly step_hold: number;
}

/** A jump of the date. */
interface Step {
  /** Positive when the date jumped forward. */
  readonly ms: number;
  readonly at: Instant;
}

export interface Steps {
  readonly now: Instant;
  readonly since: Instant;
  /** The latest one that is still told. */
  readonly told?: Step;
}

/** Compares the date with the steady clock from run to run. */
export function stepWatch(
  { step_warning: stepMinMs, step_hold: holdMs }: StepOptions,
  places: HostPlaces,
  clock: Clock,
): () => Steps {
  let first: Instant | undefined;
  let last: { readonly now: Instant; readonly uptimeMs: number } | undefined;
  let latest: Step | undefined;
  return () => {
    // Both at once: what passes in between, a sleep above all, would look like a jump.
    const uptimeMs = readUptimeMs(places);
    const now = clock.now();
    first ??= now;
    if (last !== undefined) {
      const steadyMs = elapsedMs(last.now, now);
      const stepMs = now.wallMs - last.now.wallMs - steadyMs;
      // The uptime goes on while a machine sleeps, the steady clock does not: waking up is no jump.
      const sleptMs = uptimeMs - last.uptimeMs - steadyMs;
      const isWaking = sleptMs > 0 && Math.abs(stepMs - sleptMs) < stepMinMs;
      if (Math.abs(stepMs) >= stepMinMs && !isWaking) latest = { ms: stepMs, at: now };
    }
    last = { now, uptimeMs };
    const isTold = latest !== undefined && elapsedMs(latest.at, now) < holdMs;
    return { now, since: first, ...(isTold && latest !== undefined ? { told: latest } : {}) };
  };
}

/** Zero where the kernel does not tell. */
function readUptimeMs({ proc }: HostPlaces): number {
  try {
    return (parseUptime(readFileSync(`${proc}/uptime`, 'utf8'))?.seconds ?? 0) * 1000;
  } catch {
    return 0;
  }
}
