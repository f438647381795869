import type { CheckMemory } from '../checks/check-type.ts';
import { collectEvidence, type ShareLook } from '../checks/host/evidence.ts';
import { fileSizesFrom, lookAtFiles } from '../checks/host/file-growth.ts';
import { hostPlaces, type HostPlaces } from '../checks/host/places.ts';
import type { Clock } from '../lib/clock.ts';
import type { CheckSpec } from '../model/check.ts';
import {
  comparedAfterMs,
  comparedEveryMs,
  evidenceDeadlineMs,
  evidenceGatherMs,
  evidenceKnownMs,
  evidenceSharedMs,
  evidenceTurnsMax,
} from '../model/command-limits.ts';
import type { CheckResult } from '../model/result.ts';
import { elapsedMs } from '../model/time.ts';
import type { EvidenceSource } from './evidence.ts';
import { createUnitFinder, subjectOf, type UnitFinder } from './unit-finder.ts';

/** How much more often a disk is looked at that is nearly full. */
const warnedOften = 4;

/**
 * Looks at the real host. While a check is sound it notes what would be gone once it fails: which unit has
 * the port, and how large the files are. `memory` keeps the latter over a restart.
 */
export function createHostEvidence(
  { clock, memory }: { readonly clock: Clock; readonly memory: CheckMemory },
  places: HostPlaces = hostPlaces,
): EvidenceSource {
  const units = createUnitMemory(createUnitFinder(places), clock);
  const looking = new Set<string>();
  const openedAt = clock.now();
  const share = createShare(clock);
  const inTurn = createTurns();
  return {
    note(spec, result) {
      if (result.status === 'ok') units.note(spec);
      if (spec.type !== 'disk' || looking.has(spec.name)) return;
      const path = fullest(spec, result);
      if (path === undefined || !['ok', 'warning'].includes(result.status)) return;
      // An agent that has just been started, and its host perhaps too, has other things to do.
      const isSettled = elapsedMs(openedAt, clock.now()) >= comparedAfterMs;
      if (result.status === 'ok' && !isSettled) return;
      const everyMs = result.status === 'ok' ? comparedEveryMs : comparedEveryMs / warnedOften;
      const last = fileSizesFrom(memory.recall(spec.name));
      if (last !== undefined && Math.abs(clock.now().wallMs - last.atMs) < everyMs) return;
      looking.add(spec.name);
      const signal = deadlineOf(clock);
      void lookAtFiles(path, places, { clock, signal }).then((sizes) => {
        looking.delete(spec.name);
        if (sizes !== undefined) memory.keep(spec.name, { path, ...sizes });
      });
    },
    async collect(spec, result) {
      const path = spec.type === 'disk' ? fullest(spec, result) : undefined;
      const disk =
        path === undefined ? {} : { disk: { path, earlier: keptLook(memory, spec.name, path) } };
      return inTurn(async () =>
        collectEvidence({ units: unitsOf(spec, result, units), ...disk }, { places, clock }, share),
      );
    },
  };
}

/** What was found a moment ago serves every check that fails at the same time, in the same words. */
function createShare(clock: Clock): ShareLook {
  const found = new Map<
    string,
    { readonly atMs: number; readonly lines: Promise<readonly string[]> }
  >();
  return async (name, look) => {
    const now = clock.now().steadyMs;
    for (const [other, { atMs }] of found) if (now - atMs >= evidenceSharedMs) found.delete(other);
    const known = found.get(name);
    if (known !== undefined) return known.lines;
    const lines = look();
    found.set(name, { atMs: now, lines });
    return lines;
  };
}

/** Lets a few look at the same time and the others wait: a host in trouble needs no forty programs more. */
function createTurns(): <T>(look: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (look) => {
    if (busy >= evidenceTurnsMax) await new Promise<void>((resolve) => void waiting.push(resolve));
    busy += 1;
    try {
      return await look();
    } finally {
      busy -= 1;
      waiting.shift()?.();
    }
  };
}

/** The units whose log explains a failure; none where the check tells their log itself. */
async function unitsOf(
  spec: CheckSpec,
  { units = [] }: CheckResult,
  memory: UnitMemory,
): Promise<readonly string[]> {
  if (units.length > 0) return units;
  if (spec.type !== 'systemd') return memory.of(spec);
  const { unit = [], journal } = spec.options as {
    readonly unit?: readonly string[];
    readonly journal?: boolean;
  };
  return journal === false ? unit : [];
}

/** The path that a disk check looks at, or of all file systems the fullest. */
function fullest({ target }: CheckSpec, { values }: CheckResult): string | undefined {
  const metric = 'used_percent ';
  const used = values.filter((value) => value.metric.startsWith(metric));
  const [first] = used.toSorted((a, b) => b.value - a.value);
  return target ?? first?.metric.slice(metric.length);
}

function keptLook(memory: CheckMemory, check: string, path: string | undefined) {
  const kept = memory.recall(check);
  const isOfPath = (kept as { readonly path?: unknown } | undefined)?.path === path;
  return isOfPath ? fileSizesFrom(kept) : undefined;
}

function deadlineOf(clock: Clock): AbortSignal {
  const deadline = new AbortController();
  clock.after(evidenceDeadlineMs, () => deadline.abort());
  return deadline.signal;
}

interface UnitMemory {
  /** Finds out soon which unit is behind a check that is sound. */
  note(spec: CheckSpec): void;
  /** The unit behind a check, as it is now or as it was when it was last seen. */
  of(spec: CheckSpec): Promise<readonly string[]>;
}

/** Many checks become sound at the same time, at the start: they are looked up in one search. */
function createUnitMemory(finder: UnitFinder, clock: Clock): UnitMemory {
  const known = new Map<string, { readonly units: readonly string[]; readonly atMs: number }>();
  const pending = new Map<string, CheckSpec>();
  const search = async (specs: readonly CheckSpec[]): Promise<void> => {
    const found = await finder.find(specs, deadlineOf(clock));
    for (const { name } of specs) {
      const units = found.get(name) ?? [];
      const before = known.get(name)?.units ?? [];
      const atMs = clock.now().steadyMs;
      known.set(name, { units: units.length > 0 ? units : before, atMs });
    }
  };
  return {
    note(spec) {
      const age = clock.now().steadyMs - (known.get(spec.name)?.atMs ?? -Infinity);
      if (age < evidenceKnownMs || subjectOf(spec) === undefined) return;
      pending.set(spec.name, spec);
      if (pending.size > 1) return;
      clock.after(evidenceGatherMs, () => {
        const specs = [...pending.values()];
        pending.clear();
        void search(specs);
      });
    },
    async of(spec) {
      if (subjectOf(spec) === undefined) return [];
      await search([spec]);
      return known.get(spec.name)?.units ?? [];
    },
  };
}
