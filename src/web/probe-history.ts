import type { WallMs } from '../model/time.ts';

/** One probe that somebody asked for. */
export interface KeptProbe {
  readonly id: number;
  readonly module: string;
  readonly target: string;
  readonly success: boolean;
  /** How it ended, as a sentence. */
  readonly summary: string;
  /** When it ended. */
  readonly at: WallMs;
  /** What `/logs` shows, written out when somebody asks. */
  readonly report: () => Promise<string>;
}

/** The latest probes, and failed ones that are older. */
export interface ProbeHistory {
  add(probe: Omit<KeptProbe, 'id'>): void;
  /** Preserved failures first, each part in the order of time. */
  list(): readonly KeptProbe[];
  byId(id: number): KeptProbe | undefined;
  /** The first of a target, preserved failures first; of any module where none is named. */
  byTarget(target: string, module: string): KeptProbe | undefined;
}

/**
 * Keeps the last `limit()` probes. A failed one that falls out of these is moved to a second list of the
 * same length, so that a failure of last night can still be looked at (as in blackbox_exporter).
 */
export function createProbeHistory(limit: () => number): ProbeHistory {
  let latest: KeptProbe[] = [];
  let failed: KeptProbe[] = [];
  let nextId = 0;
  const list = (): readonly KeptProbe[] => [...failed, ...latest];
  return {
    add(probe) {
      latest.push({ id: nextId, ...probe });
      nextId += 1;
      const most = limit();
      if (latest.length <= most) return;
      const fallen = latest.slice(0, latest.length - most);
      latest = latest.slice(latest.length - most);
      failed = [...failed, ...fallen.filter(({ success }) => !success)].slice(-most || Infinity);
      if (most === 0) failed = [];
    },
    list,
    byId: (id) => list().find((probe) => probe.id === id),
    byTarget: (target, module) =>
      list().find((probe) => probe.target === target && (module === '' || probe.module === module)),
  };
}
