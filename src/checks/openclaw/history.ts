import type { Instant } from '../../model/time.ts';

/** How often and since when something was bad. */
export interface Streak {
  /** Bad looks in a row, this one included; 0 if it is well. */
  readonly inRow: number;
  /** Milliseconds since the first of them. */
  readonly forMs: number;
  /** Bad ones among the last few looks. */
  inLast(looks: number): number;
  /** The share (0 to 1) of bad ones within the last `ms`; 0 before it was watched for that long. */
  shareWithin(ms: number): number;
}

/** Remembers from one look to the next what was bad. */
export interface History {
  note(what: string, isBad: boolean, now: Instant): Streak;
  /** What was bad lately of all that begins with `prefix`, without it. What was not is forgotten. */
  named(prefix: string): readonly string[];
}

interface Look {
  readonly steadyMs: number;
  readonly isBad: boolean;
}

/** How far back looks are remembered, and how many at most: one a second. */
const rememberedMs = 16 * 60_000;
const looksMax = 960;

export function createHistory(): History {
  const looks = new Map<string, readonly Look[]>();
  return {
    note(what, isBad, { steadyMs }) {
      const all = [...(looks.get(what) ?? []), { steadyMs, isBad }]
        .filter((look) => steadyMs - look.steadyMs <= rememberedMs)
        .slice(-looksMax);
      looks.set(what, all);
      const lastWell = all.findLastIndex((look) => !look.isBad);
      const row = all.slice(lastWell + 1);
      return {
        inRow: row.length,
        forMs: steadyMs - (row[0]?.steadyMs ?? steadyMs),
        inLast: (count) => all.slice(-count).filter((look) => look.isBad).length,
        shareWithin(ms) {
          const within = all.filter((look) => steadyMs - look.steadyMs <= ms);
          const isLong = steadyMs - (within[0]?.steadyMs ?? steadyMs) >= ms * 0.9;
          return isLong ? within.filter((look) => look.isBad).length / within.length : 0;
        },
      };
    },
    named(prefix) {
      const found = [...looks].filter(([what]) => what.startsWith(prefix));
      for (const [what, all] of found) if (!all.some(({ isBad }) => isBad)) looks.delete(what);
      return found.filter(([what]) => looks.has(what)).map(([what]) => what.slice(prefix.length));
    },
  };
}
