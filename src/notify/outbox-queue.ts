import type { Delivery, OutboxEntry } from '../model/delivery.ts';
import { mergedMessagesMax, outboxEntriesMax } from '../model/limits.ts';
import type { SteadyMs } from '../model/time.ts';
import { keepsIncidents } from './incident-integrations.ts';
import { type ClosedUntil, Lanes } from './lanes.ts';
import { mayMerge } from './merge-deliveries.ts';
import { createPlace, type Place, receiverKey } from './place.ts';

function isReminder(place: Place): boolean {
  return place.entry.delivery.notification.reason === 'repeat interval elapsed';
}

function hasFailed(place: Place): boolean {
  return place.entry.state === 'failed';
}

function isWorthPuttingBack(place: Place, createdFrom: number): boolean {
  const { createdAt, notification } = place.entry.delivery;
  const isTest = notification.reason === 'test';
  return !isTest && !isReminder(place) && createdAt.steadyMs >= createdFrom;
}

interface QueueOptions {
  readonly closedUntil: ClosedUntil;
  /** The place waits no longer, for whatever reason. */
  readonly onLeave: (place: Place) => void;
}

interface Added {
  readonly place: Place | undefined;
  readonly gaveWay: readonly OutboxEntry[];
}

/**
 * The order in which deliveries leave.
 *
 * A delivery waits for every older one to the same integration of the same receiver that speaks of the
 * same check, alert or dedup key, until that is delivered or has failed for good: a resolve never overtakes
 * its firing, whichever group either was told in. Others do not wait for each other. Among those that are
 * due, one whose receiver has the fewest attempts under way comes first, so that a receiver that hangs does
 * not hold up the others.
 *
 * What waits under one dedup key leaves as one message where the receiver is somebody who reads. A reminder
 * that waits gives way to anything newer about the same. A failed delivery is forgotten once something
 * newer about the same was delivered, for telling it then would be telling the past as news.
 */
export class OutboxQueue {
  readonly #options: QueueOptions;
  readonly #lanes: Lanes;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.closedUntil);
  }

  readonly #places = new Map<string, Place>();
  readonly #failed = new Map<string, Set<Place>>();
  readonly #unreported = new Map<string, Set<Place>>();
  #lastPosition = 0;

  #forget(place: Place): void {
    this.#places.delete(place.entry.delivery.id);
    drop(this.#failed, place.conversation, place);
  }

  #wait(place: Place): void {
    this.#lanes.enter(place);
    put(this.#unreported, place.lane, place);
  }

  #leave(place: Place): void {
    this.#lanes.leave(place);
    drop(this.#unreported, place.lane, place);
    this.#options.onLeave(place);
  }

  #giveUp(place: Place): OutboxEntry {
    this.#leave(place);
    this.#forget(place);
    return { ...place.entry, state: 'failed' };
  }

  #mayGiveWay(place: Place): boolean {
    return place.entry.state === 'pending' && isReminder(place) && !this.#lanes.isSending(place);
  }

  #makeRoom(): readonly OutboxEntry[] {
    if (this.#places.size < outboxEntriesMax) return [];
    for (const [oldest] of this.#failed.values()) {
      if (oldest === undefined) continue;
      this.#forget(oldest);
      return [];
    }
    const reminder = [...this.#places.values()].find((place) => this.#mayGiveWay(place));
    return reminder === undefined ? [] : [this.#giveUp(reminder)];
  }

  #forgetOvertaken(delivered: Place): void {
    for (const place of this.#failed.get(delivered.conversation) ?? []) {
      if (place.position < delivered.position) this.#forget(place);
    }
  }

  #enter(place: Place): readonly OutboxEntry[] {
    const outdated = this.#lanes.beside(place).filter((one) => this.#mayGiveWay(one));
    const gaveWay = [...outdated.map((one) => this.#giveUp(one)), ...this.#makeRoom()];
    this.#places.set(place.entry.delivery.id, place);
    if (hasFailed(place)) put(this.#failed, place.conversation, place);
    else this.#wait(place);
    return gaveWay;
  }

  /** What may leave as one message with `head`. */
  #companions(head: Place): readonly Place[] {
    const isDigest = head.held && !keepsIncidents(head.entry.delivery.integration);
    if (isDigest) return this.#lanes.together(this.#lanes.inLane(head)).slice(0, mergedMessagesMax);
    const together: Place[] = [];
    for (const place of this.#lanes.together(this.#lanes.beside(head))) {
      const last = together.at(-1) ?? head;
      if (place !== head && !mayMerge(last.entry.delivery, place.entry.delivery)) break;
      if (together.push(place) === mergedMessagesMax) break;
    }
    return together;
  }

  /**
   * Adds an entry behind the older ones and gives its place; one that is known already is left alone.
   * `gaveWay` are the reminders that gave way to it, as failed.
   */
  add(entry: OutboxEntry, inherited: boolean): Added {
    if (this.#places.has(entry.delivery.id)) return { place: undefined, gaveWay: [] };
    this.#lastPosition += 1;
    const place = createPlace(this.#lastPosition, entry, inherited);
    if (entry.state !== 'delivered') return { place, gaveWay: this.#enter(place) };
    this.#forgetOvertaken(place);
    return { place: undefined, gaveWay: [] };
  }

  /** What to send next, oldest first, if anything is due: more than one entry leaves as one message. */
  due(now: SteadyMs): readonly Place[] {
    const head = this.#lanes.next(now);
    return head === undefined ? [] : this.#companions(head);
  }

  /** When the next entry that waits for no other will be due. */
  nextDueAt(): SteadyMs | undefined {
    return this.#lanes.nextDueAt();
  }

  /** What is due in limited lanes and has not been reported as held back. */
  newlyHeld(now: SteadyMs): readonly Place[] {
    const held: Place[] = [];
    for (const [lane, waiting] of this.#unreported) {
      const [first] = waiting;
      if (first === undefined || (this.#options.closedUntil(lane, first.receiver) ?? 0) <= now)
        continue;
      for (const place of waiting) {
        if (this.#lanes.isSending(place) || place.entry.nextAttemptAt > now) continue;
        place.held = true;
        held.push(place);
      }
    }
    for (const place of held) drop(this.#unreported, place.lane, place);
    return held;
  }

  /** Marks the places as being sent together. */
  begin(together: readonly Place[]): void {
    this.#lanes.occupy(together);
  }

  /** The attempt is over; the entries of the places say where they stand. */
  settle(together: readonly Place[]): void {
    this.#lanes.release(together);
    for (const place of together) {
      if (place.entry.state !== 'pending') this.#leave(place);
      if (hasFailed(place)) put(this.#failed, place.conversation, place);
      if (place.entry.state !== 'delivered') continue;
      this.#forget(place);
      this.#forgetOvertaken(place);
    }
  }

  /** Takes a waiting place out for good; its entry says why. */
  withdraw(place: Place): void {
    this.#giveUp(place);
  }

  /** Everything that waits in the conversation of `place`. */
  beside(place: Place): readonly Place[] {
    return this.#lanes.beside(place);
  }

  load(receiver: string): number {
    return this.#lanes.load(receiver);
  }

  /** Keeps everything for the receiver of `delivery` from being due before `until`. */
  holdReceiver(delivery: Delivery, until: SteadyMs): void {
    this.#lanes.hold(receiverKey(delivery), until);
  }

  /**
   * Puts failed entries that were created at `createdFrom` or later back to pending and gives them.
   * Reminders stay failed: if one still matters, the next is on its way.
   */
  putBack(createdFrom: number, now: SteadyMs): readonly Place[] {
    const back = [...this.#failed.values()]
      .flatMap((one) => [...one])
      .filter((place) => isWorthPuttingBack(place, createdFrom))
      .toSorted((a, b) => a.position - b.position);
    for (const place of back) {
      place.entry = { ...place.entry, state: 'pending', nextAttemptAt: now };
      drop(this.#failed, place.conversation, place);
      this.#wait(place);
    }
    return back;
  }

  /** Pending and failed entries, oldest first. */
  entries(): readonly OutboxEntry[] {
    return [...this.#places.values()].map((place) => place.entry);
  }
}

function put(sets: Map<string, Set<Place>>, key: string, place: Place): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([place]));
  else set.add(place);
}

function drop(sets: Map<string, Set<Place>>, key: string, place: Place): void {
  const set = sets.get(key);
  set?.delete(place);
  if (set?.size === 0) sets.delete(key);
}
