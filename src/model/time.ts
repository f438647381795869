/**
 * Two kinds of time that must not be mixed up.
 *
 * A `SteadyMs` only ever moves forward, at the pace of the monotonic clock: every duration and every
 * timer is measured with it. It survives a restart (see `lib/clock.ts`), and neither a step of the
 * wall clock nor a suspended machine moves it. A `WallMs` is a date for people and files: Unix
 * milliseconds, free to jump. One reading of both is an `Instant`.
 */
declare const steady: unique symbol;
declare const wall: unique symbol;

export type SteadyMs = number & { readonly [steady]: true };
export type WallMs = number & { readonly [wall]: true };

/** One reading of the clock, taken once per tick and carried down. */
export interface Instant {
  readonly steadyMs: SteadyMs;
  readonly wallMs: WallMs;
}

export function instant(steadyMs: number, wallMs: number): Instant {
  return { steadyMs: steadyMs as SteadyMs, wallMs: wallMs as WallMs };
}

/** Milliseconds that passed between two instants, by the steady clock. */
export function elapsedMs(from: Instant, to: Instant): number {
  return to.steadyMs - from.steadyMs;
}

/** The steady time `ms` milliseconds after `from`. */
export function laterMs(from: SteadyMs, ms: number): SteadyMs {
  return (from + ms) as SteadyMs;
}

/** An RFC 3339 date in UTC, as Alertmanager and Prometheus write it. */
export function rfc3339(wallMs: WallMs): string {
  return new Date(wallMs).toISOString();
}

/** The day of a date in UTC: `2026-11-28`. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 'YYYY-MM-DD'.length);
}
