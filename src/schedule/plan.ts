import { hashText } from '../model/fingerprint.ts';
import { laterMs, type SteadyMs } from '../model/time.ts';

/*
 * When an interval check runs. Each check has slots on the steady time line, one an interval, shifted by a
 * hash of its name: a hundred checks of one interval are spread evenly over it, and each keeps its place
 * over restarts and reloads. A slot that passes while the check still runs, or while the agent could not
 * run, is missed: it is counted and not made up for.
 */

/** The share of the interval (0 to 1) by which a check's slots are shifted. */
export function spread(name: string): number {
  const hash = hashText(name);
  // Names that differ in their last letter hash to neighbours; MurmurHash3's finalizer parts them.
  let bits = Number.parseInt(hash.slice(0, 8), 16) ^ Number.parseInt(hash.slice(8), 16);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** The check's first slot after `after`. */
export function nextSlot(name: string, intervalMs: number, after: SteadyMs): SteadyMs {
  const shiftMs = spread(name) * intervalMs;
  const passed = Math.floor((after - shiftMs) / intervalMs) + 1;
  return (passed * intervalMs + shiftMs) as SteadyMs;
}

/** How long the first run after a start waits at the most; people look at the page right away. */
const firstRunWithinMs = 1000;

/** When a check runs first: soon, but not all checks in the same moment. */
export function firstRun(name: string, intervalMs: number, now: SteadyMs): SteadyMs {
  return laterMs(now, spread(name) * Math.min(intervalMs, firstRunWithinMs));
}

export interface NextRun {
  readonly dueAt: SteadyMs;
  /** Slots that passed without a run. */
  readonly missed: number;
}

/**
 * What follows a run that was due at `dueAt`, began at `startedAt` and has ended `now`. While the check is
 * undecided it runs again `retryIntervalMs` after it began.
 */
export function planNext(input: {
  readonly name: string;
  readonly intervalMs: number;
  readonly retryIntervalMs: number | undefined;
  readonly undecided: boolean;
  readonly first: boolean;
  readonly dueAt: SteadyMs;
  readonly startedAt: SteadyMs;
  readonly now: SteadyMs;
}): NextRun {
  const { name, intervalMs, retryIntervalMs, dueAt, startedAt, now } = input;
  // The first run stands outside the slots; the one after it need not follow at once.
  const from = input.first ? laterMs(dueAt, intervalMs / 2) : dueAt;
  const regular = nextSlot(name, intervalMs, now > from ? now : from);
  const expected = nextSlot(name, intervalMs, from);
  const missed = Math.max(0, Math.round((regular - expected) / intervalMs));
  if (!input.undecided || retryIntervalMs === undefined) return { dueAt: regular, missed };
  const retryAt = Math.max(laterMs(startedAt, retryIntervalMs), now);
  return { dueAt: Math.min(retryAt, regular) as SteadyMs, missed };
}
