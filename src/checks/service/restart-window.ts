import { elapsedMs, type Instant } from '../../model/time.ts';

/** Counts restarts within a window, from counters that only grow. */
export interface RestartWindow {
  /** Notes a counter; gives by how much it grew within the window, or undefined at the first look. */
  note(id: string, count: number, now: Instant): number | undefined;
  /** Forgets all counters but these. */
  keep(ids: ReadonlySet<string>): void;
}

interface Reading {
  readonly at: Instant;
  readonly count: number;
}

export function createRestartWindow(windowMs: number): RestartWindow {
  /** By container: the last reading before the window, and those within it at which the counter had grown. */
  const readings = new Map<string, readonly Reading[]>();
  return {
    note(id, count, now) {
      const before = readings.get(id) ?? [];
      const within = before.findIndex(({ at }) => elapsedMs(at, now) < windowMs);
      const kept = before.slice(within === -1 ? -1 : Math.max(0, within - 1));
      const last = kept.at(-1);
      if (last === undefined || count < last.count) {
        readings.set(id, [{ at: now, count }]);
        return undefined;
      }
      readings.set(id, count === last.count ? kept : [...kept, { at: now, count }]);
      return count - (kept[0]?.count ?? count);
    },
    keep(ids) {
      for (const id of readings.keys()) if (!ids.has(id)) readings.delete(id);
    },
  };
}
