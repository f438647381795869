import { Heap } from '../model/heap.ts';
import type { SteadyMs } from '../model/time.ts';
import type { Place } from './place.ts';

/** What goes to one integration of one receiver under the same limits. */
interface Lane {
  readonly receiver: string;
  /** Oldest first, those being sent among them. */
  readonly waiting: Place[];
  /** Those that wait for no other. What is no longer true in it is found out only when its turn comes. */
  readonly free: Heap<FreePlace>;
}

/** A place with the time from which it may be sent. */
interface FreePlace {
  readonly place: Place;
  readonly dueAt: SteadyMs;
}

function isSooner(one: FreePlace, other: FreePlace): boolean {
  return (one.dueAt - other.dueAt || one.place.position - other.place.position) < 0;
}

/** Until when a limit keeps the lane closed. */
export type ClosedUntil = (lane: string, receiver: string) => SteadyMs | undefined;

/** A lane's place whose turn it may be, together with what decides it. */
interface Candidate {
  readonly place: Place;
  readonly dueAt: SteadyMs;
  /** Attempts under way for its receiver. */
  readonly load: number;
}

/** The pending entries, oldest first, and which of them are being sent. */
export class Lanes {
  readonly #closedUntil: ClosedUntil;

  constructor(closedUntil: ClosedUntil) {
    this.#closedUntil = closedUntil;
  }

  readonly #lanes = new Map<string, Lane>();
  /** What waits behind what, by subject: only the first of each is free. */
  readonly #subjects = new Map<string, Place[]>();
  readonly #present = new Set<Place>();
  readonly #sending = new Set<Place>();
  readonly #loads = new Map<string, number>();
  readonly #heldUntil = new Map<string, SteadyMs>();

  #isFree(place: Place): boolean {
    return place.subjects.every((subject) => this.#subjects.get(subject)?.[0] === place);
  }

  #count([first]: readonly Place[], change: 1 | -1): void {
    if (first === undefined) return;
    this.#loads.set(first.receiver, (this.#loads.get(first.receiver) ?? 0) + change);
  }

  #laneOf(place: Place): Lane {
    const known = this.#lanes.get(place.lane);
    if (known !== undefined) return known;
    const lane = { receiver: place.receiver, waiting: [], free: new Heap(isSooner) };
    this.#lanes.set(place.lane, lane);
    return lane;
  }

  #offer(place: Place): void {
    if (this.#sending.has(place) || !this.#isFree(place)) return;
    this.#laneOf(place).free.push({ place, dueAt: place.entry.nextAttemptAt });
  }

  /** The first place that may still be sent at its time; what stands before it is thrown away. */
  #firstFree({ free }: Lane): FreePlace | undefined {
    for (let { first } = free; first !== undefined; { first } = free) {
      const { place, dueAt } = first;
      const isWaiting = this.#present.has(place) && !this.#sending.has(place);
      if (isWaiting && place.entry.nextAttemptAt === dueAt && this.#isFree(place)) return first;
      free.take();
    }
    return undefined;
  }

  #dueAt(name: string, { receiver }: Lane, from: SteadyMs): SteadyMs {
    const limits = [this.#heldUntil.get(receiver), this.#closedUntil(name, receiver)];
    return Math.max(from, ...limits.map((limit) => limit ?? 0)) as SteadyMs;
  }

  *#candidates(): Iterable<Candidate> {
    for (const [name, lane] of this.#lanes) {
      const first = this.#firstFree(lane);
      if (first === undefined) continue;
      const load = this.#loads.get(lane.receiver) ?? 0;
      yield { place: first.place, dueAt: this.#dueAt(name, lane, first.dueAt), load };
    }
  }

  /** Puts the place behind every older one. */
  enter(place: Place): void {
    this.#present.add(place);
    insert(this.#laneOf(place).waiting, place);
    for (const subject of place.subjects) {
      const queue = this.#subjects.get(subject) ?? [];
      this.#subjects.set(subject, queue);
      insert(queue, place);
    }
    this.#offer(place);
  }

  leave(place: Place): void {
    if (!this.#present.delete(place)) return;
    remove(this.#laneOf(place).waiting, place);
    for (const subject of place.subjects) {
      const queue = this.#subjects.get(subject) ?? [];
      remove(queue, place);
      const [first] = queue;
      if (first === undefined) this.#subjects.delete(subject);
      else this.#offer(first);
    }
  }

  has(place: Place): boolean {
    return this.#present.has(place);
  }

  /** Everything that waits in the conversation of `place`, oldest first. */
  beside({ conversation }: Place): readonly Place[] {
    return this.#subjects.get(conversation) ?? [];
  }

  /** Everything that waits in the lane of `place`, oldest first. */
  inLane(place: Place): readonly Place[] {
    return this.#lanes.get(place.lane)?.waiting ?? [];
  }

  /**
   * Those of `places`, which are in order, that may go together with the first: each waits for none but
   * the ones before it.
   */
  together(places: Iterable<Place>): readonly Place[] {
    const chosen: Place[] = [];
    const taken = new Map<string, number>();
    for (const place of places) {
      const waitsForOthers = place.subjects.some(
        (subject) => this.#subjects.get(subject)?.[taken.get(subject) ?? 0] !== place,
      );
      if (waitsForOthers || this.#sending.has(place)) continue;
      chosen.push(place);
      for (const subject of place.subjects) taken.set(subject, (taken.get(subject) ?? 0) + 1);
    }
    return chosen;
  }

  /** Marks the places as being sent, in one message. */
  occupy(places: readonly Place[]): void {
    for (const place of places) this.#sending.add(place);
    this.#count(places, 1);
  }

  release(places: readonly Place[]): void {
    for (const place of places) this.#sending.delete(place);
    this.#count(places, -1);
    for (const place of places) if (this.#present.has(place)) this.#offer(place);
  }

  isSending(place: Place): boolean {
    return this.#sending.has(place);
  }

  /** Messages to the receiver under way. */
  load(receiver: string): number {
    return this.#loads.get(receiver) ?? 0;
  }

  /** Keeps everything for one receiver from being due before `until`. */
  hold(receiver: string, until: SteadyMs): void {
    this.#heldUntil.set(receiver, until);
  }

  /** The place whose turn it is: of those due, least load first, then longest due, then oldest. */
  next(now: SteadyMs): Place | undefined {
    let first: Candidate | undefined;
    for (const candidate of this.#candidates()) {
      if (candidate.dueAt > now) continue;
      if (first === undefined || comesBefore(candidate, first)) first = candidate;
    }
    return first?.place;
  }

  /** When the next place that need not wait for another will be due. */
  nextDueAt(): SteadyMs | undefined {
    let next: SteadyMs | undefined;
    for (const candidate of this.#candidates()) {
      if (next === undefined || candidate.dueAt < next) next = candidate.dueAt;
    }
    return next;
  }
}

function comesBefore(a: Candidate, b: Candidate): boolean {
  const order = a.load - b.load || a.dueAt - b.dueAt || a.place.position - b.place.position;
  return order < 0;
}

/** Where the place stands, or would stand, in a list that is ordered by position. */
function indexIn(places: readonly Place[], { position }: Place): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.position ?? Infinity) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(places: Place[], place: Place): void {
  const last = places.at(-1);
  if (last === undefined || last.position < place.position) places.push(place);
  else places.splice(indexIn(places, place), 0, place);
}

function remove(places: Place[], place: Place): void {
  const index = indexIn(places, place);
  if (places[index] === place) places.splice(index, 1);
}
