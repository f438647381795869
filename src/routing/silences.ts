import type { Labels } from '../model/labels.ts';
import { silenceLengthMax, silencesMax, silencesOverMax } from '../model/limits.ts';
import type { Matcher } from '../model/route.ts';
import {
  silenceState,
  type Silence,
  type SilenceAnswer,
  type SilenceRequest,
  type SilenceState,
} from '../model/silence.ts';
import type { Instant, SteadyMs, WallMs } from '../model/time.ts';

/*
 * The life of a silence, by Alertmanager's rules. It is pending before its start, active until its end, then
 * over, and kept for a while to be looked at. A request that names one changes it in place where that would
 * not rewrite what has been; otherwise the old one ends now and a new one begins. Whatever was seen to be
 * over stays over, also when the date jumps back.
 */

/** A silence with what its dates do not say. */
export interface KeptSilence {
  readonly silence: Silence;
  /** When it was last asked for: only what was found later can end one that lasts until all is well. */
  readonly askedAt: SteadyMs;
  /** It was seen to be over. */
  readonly over?: true;
}

export class Silences {
  readonly #open = new Map<string, KeptSilence>();
  readonly #over = new Map<string, KeptSilence>();
  readonly #changed = new Set<string>();

  constructor(saved: Iterable<KeptSilence> = []) {
    for (const kept of saved) {
      (kept.over === true ? this.#over : this.#open).set(kept.silence.id, kept);
    }
  }

  /** Begins a silence or changes one; `newId` gives a UUID. Source: Alertmanager's `silence.Set`. */
  put(request: SilenceRequest, now: Instant, newId: () => string): SilenceAnswer {
    this.settle(now);
    const error = faultOf(request, now.wallMs);
    if (error !== undefined) return { kind: 'invalid', error };
    const { id: named = '', ...wanted } = request;
    const known = this.#open.get(named) ?? this.#over.get(named);
    if (named !== '' && known === undefined) return { kind: 'unknown' };
    const inPlace = known !== undefined && mayChange(known, request, now.wallMs);
    const replaces = known !== undefined && known.over !== true;
    if (!replaces && this.#open.size >= silencesMax) {
      return { kind: 'invalid', error: `there are ${silencesMax} silences already` };
    }
    if (replaces && !inPlace) this.#end(known, now);
    const startsAt = inPlace ? request.startsAt : later(request.startsAt, now.wallMs);
    const id = inPlace ? named : newId();
    this.#set({
      silence: { ...wanted, id, startsAt, updatedAt: now.wallMs },
      askedAt: now.steadyMs,
    });
    return { kind: 'kept', id };
  }

  /** Ends one now. `over` says that it had ended already. */
  expire(id: string, now: Instant): 'expired' | 'unknown' | 'over' {
    this.settle(now);
    const kept = this.#open.get(id);
    if (kept === undefined) return this.#over.has(id) ? 'over' : 'unknown';
    this.#end(kept, now);
    return 'expired';
  }

  /** Ids of the active silences that match these labels. */
  matching(labels: Labels, now: Instant): string[] {
    const found: string[] = [];
    for (const { silence } of this.#open.values()) {
      if (silenceState(silence, now.wallMs) !== 'active') continue;
      if (silence.matchers.every((matcher) => matcher.matches(labels))) found.push(silence.id);
    }
    return found;
  }

  /**
   * Notes which silences are over by now. `isWell` says of one that lasts until all is well whether it is;
   * gives those that have ended for this reason.
   */
  settle(now: Instant, isWell: (kept: KeptSilence) => boolean = () => false): Silence[] {
    const ended: Silence[] = [];
    for (const kept of this.#open.values()) {
      const { silence } = kept;
      const state = silenceState(silence, now.wallMs);
      if (state === 'expired') this.#set({ ...kept, over: true });
      else if (state === 'active' && silence.untilOk === true && isWell(kept)) {
        ended.push(this.#end(kept, now));
      }
    }
    return ended;
  }

  /** Whether any silence waits for all to be well. */
  get anyUntilOk(): boolean {
    return [...this.#open.values()].some(({ silence }) => silence.untilOk === true);
  }

  /** All that are kept; the dates of those that are over lie in the past, whatever the clock says. */
  list(now: Instant): Silence[] {
    this.settle(now);
    const over = [...this.#over.values()].map(({ silence }) => {
      const endsAt = earlier(silence.endsAt, now.wallMs);
      return { ...silence, startsAt: earlier(silence.startsAt, endsAt), endsAt };
    });
    return [...[...this.#open.values()].map(({ silence }) => silence), ...over];
  }

  /** Forgets those that ended before `before`. */
  prune(before: WallMs): void {
    for (const [id, { silence }] of this.#over) {
      if (silence.endsAt < before || this.#over.size > silencesOverMax) this.#forget(id);
    }
  }

  /** What has to be saved since this was last asked; `undefined` is forgotten. */
  takeChanges(): (readonly [id: string, kept: KeptSilence | undefined])[] {
    const ids = [...this.#changed];
    this.#changed.clear();
    return ids.map((id) => [id, this.#open.get(id) ?? this.#over.get(id)] as const);
  }

  all(): KeptSilence[] {
    return [...this.#open.values(), ...this.#over.values()];
  }

  #end(kept: KeptSilence, { wallMs }: Instant): Silence {
    const { silence } = kept;
    const startsAt = earlier(silence.startsAt, wallMs);
    const ended = { ...silence, startsAt, endsAt: wallMs, updatedAt: wallMs };
    this.#set({ ...kept, silence: ended, over: true });
    return ended;
  }

  #set(kept: KeptSilence): void {
    const { id } = kept.silence;
    this.#open.delete(id);
    this.#over.delete(id);
    (kept.over === true ? this.#over : this.#open).set(id, kept);
    this.#changed.add(id);
  }

  #forget(id: string): void {
    this.#over.delete(id);
    this.#changed.add(id);
  }
}

/** What is wrong with a request, as a sentence; undefined if nothing is. */
function faultOf(request: SilenceRequest, nowMs: WallMs): string | undefined {
  const { matchers, startsAt, endsAt, comment, createdBy } = request;
  if (!Number.isFinite(startsAt) || !Number.isFinite(endsAt)) return 'start and end must be dates';
  if (endsAt <= startsAt) return 'the end must come after the start';
  if (endsAt < nowMs) return 'the end must lie in the future';
  if (matchers.length === 0) return 'a silence needs a matcher';
  const unnamed = matchers.find(({ label }) => label === '' || !label.isWellFormed());
  if (unnamed !== undefined) return `${JSON.stringify(unnamed.label)} is no name of a label`;
  if (matchers.every((matcher) => matcher.matches({}))) {
    return 'at least one matcher must not match the empty string';
  }
  const length = JSON.stringify({ matchers, comment, createdBy }).length;
  if (length <= silenceLengthMax) return undefined;
  return `a silence has at most ${silenceLengthMax} characters, this one ${length}`;
}

/** Source: Alertmanager's `canUpdate`. Dates of clients have whole seconds. */
function mayChange(kept: KeptSilence, request: SilenceRequest, nowMs: WallMs): boolean {
  const { silence } = kept;
  if (!sameMatchers(silence.matchers, request.matchers)) return false;
  const state: SilenceState = kept.over === true ? 'expired' : silenceState(silence, nowMs);
  if (state === 'expired') return false;
  if (state === 'pending') return request.startsAt >= nowMs;
  return Math.floor(silence.startsAt / 1000) === Math.floor(request.startsAt / 1000);
}

function sameMatchers(a: readonly Matcher[], b: readonly Matcher[]): boolean {
  const written = (matchers: readonly Matcher[]): string[] =>
    matchers
      .map(({ label, operator, value }) => JSON.stringify([label, operator, value]))
      .toSorted();
  return JSON.stringify(written(a)) === JSON.stringify(written(b));
}

function earlier(a: WallMs, b: WallMs): WallMs {
  return a < b ? a : b;
}

function later(a: WallMs, b: WallMs): WallMs {
  return a > b ? a : b;
}
