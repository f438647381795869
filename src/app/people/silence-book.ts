import type { Clock } from '../../lib/clock.ts';
import type { Labels } from '../../model/labels.ts';
import { createMatcher } from '../../lib/matcher.ts';
import { isMatcherError } from '../../model/matcher-syntax.ts';
import type { Matcher } from '../../model/route.ts';
import type { Silence, SilenceAnswer, SilenceRequest } from '../../model/silence.ts';
import type { Instant, WallMs } from '../../model/time.ts';
import { Silences, type KeptSilence } from '../../routing/silences.ts';
import type { PipelineJournal } from '../pipeline/pipeline.ts';

/** The silences of the agent: what people ask for is on disk before they get their answer. */
export class SilenceBook {
  readonly #clock: Clock;
  readonly #journal: PipelineJournal;
  readonly #newId: () => string;
  readonly #silences: Silences;

  /** `saved` is what the drawer `silence` holds. */
  constructor(
    options: {
      readonly clock: Clock;
      readonly journal: PipelineJournal;
      readonly newId: () => string;
    },
    saved: ReadonlyMap<string, unknown> = new Map(),
  ) {
    this.#clock = options.clock;
    this.#journal = options.journal;
    this.#newId = options.newId;
    this.#silences = new Silences([...saved.values()].flatMap(revived));
  }

  put(request: SilenceRequest): SilenceAnswer {
    const answer = this.#silences.put(request, this.#clock.now(), this.#newId);
    const isSaved = this.#save(true);
    return answer.kind === 'kept' && !isSaved ? { ...answer, unsaved: true } : answer;
  }

  expire(id: string): 'expired' | 'unknown' | 'over' {
    const answer = this.#silences.expire(id, this.#clock.now());
    this.#save(true);
    return answer;
  }

  list(): readonly Silence[] {
    const list = this.#silences.list(this.#clock.now());
    this.#save(false);
    return list;
  }

  /** Ids of the active silences that match these labels. */
  matching(labels: Labels, now: Instant): string[] {
    return this.#silences.matching(labels, now);
  }

  /** Notes which silences are over; gives those that ended because all they match is well. */
  settle(now: Instant, isWell: (kept: KeptSilence) => boolean): readonly Silence[] {
    const ended = this.#silences.settle(now, isWell);
    this.#save(false);
    return ended;
  }

  /** Forgets those that ended before `before`. */
  prune(before: WallMs): void {
    this.#silences.prune(before);
    this.#save(false);
  }

  /** Puts everything into the journal again, for a database that has begun anew. */
  resave(): void {
    for (const kept of this.#silences.all()) this.#keep(kept.silence.id, kept);
  }

  /** Says whether everything is on disk, if it is to be there at once. */
  #save(atOnce: boolean): boolean {
    const changes = this.#silences.takeChanges();
    for (const [id, kept] of changes) this.#keep(id, kept);
    return !atOnce || changes.length === 0 || this.#journal.flush();
  }

  #keep(name: string, value: KeptSilence | undefined): void {
    this.#journal.keep({ drawer: 'silence', name, value, durable: true });
  }
}

/** A silence as it was saved: JSON knows no functions, so its matchers are made again. */
function revived(value: unknown): KeptSilence[] {
  const kept = value as KeptSilence;
  const matchers: Matcher[] = [];
  for (const { label, operator, value: text } of kept.silence.matchers) {
    const matcher = createMatcher(label, operator, text);
    // An expression that this version does not understand: rather tell too much than too little.
    if (isMatcherError(matcher)) return [];
    matchers.push(matcher);
  }
  return [{ ...kept, silence: { ...kept.silence, matchers } }];
}
