import type { Delivery, OutboxEntry } from '../model/delivery.ts';
import { outboxEntriesMax } from '../model/limits.ts';
import type { SteadyMs } from '../model/time.ts';
import { createLanes, createPlace, type Place, receiverKey } from './lanes.ts';

/**
 * The order in which deliveries leave.
 *
 * A delivery waits for every older one to the same integration of the same receiver that speaks of the
 * same check, alert or dedup key, until that is delivered or has failed for good: a resolve never overtakes
 * its firing, whichever group either was told in. Others do not wait for each other. Among those that are
 * due, one whose receiver has the fewest attempts under way comes first, so that a receiver that hangs does
 * not hold up the others.
 *
 * A reminder that waits gives way to anything newer about the same: after a long outage of a receiver
 * nobody wants to read the same sentence twenty times. A failed delivery is forgotten once something
 * newer about the same was delivered, for telling it then would be telling the past as news.
 */
export interface OutboxQueue {
  /**
   * Adds an entry behind the older ones; one that is known already is left alone. Gives the
   * reminders that gave way to it, as failed.
   */
  add(entry: OutboxEntry): readonly OutboxEntry[];
  /** The entry to send next, if one is due. */
  due(now: SteadyMs): OutboxEntry | undefined;
  /** When the next entry that waits for no other will be due. */
  nextDueAt(): SteadyMs | undefined;
  /** Marks the entry as being sent. */
  begin(entry: OutboxEntry): void;
  /** Takes over where the entry stands after its attempt. */
  settle(entry: OutboxEntry): void;
  /** Keeps everything for the receiver of `delivery` from being due before `until`. */
  holdReceiver(delivery: Delivery, until: SteadyMs): void;
  /**
   * Puts failed entries that were created at `createdFrom` or later back to pending and gives them.
   * Reminders stay failed: if one still matters, the next is on its way.
   */
  putBack(createdFrom: number, now: SteadyMs): readonly OutboxEntry[];
  /** Pending and failed entries, oldest first. */
  entries(): readonly OutboxEntry[];
}

function isReminder(place: Place): boolean {
  return place.entry.delivery.notification.reason === 'repeat interval elapsed';
}

function hasFailed(place: Place): boolean {
  return place.entry.state === 'failed';
}

function isOvertaken(place: Place, delivered: Place): boolean {
  const isOlder = place.position < delivered.position;
  return hasFailed(place) && isOlder && place.conversation === delivered.conversation;
}

function isWorthPuttingBack(place: Place, createdFrom: number): boolean {
  const { steadyMs } = place.entry.delivery.createdAt;
  return hasFailed(place) && !isReminder(place) && steadyMs >= createdFrom;
}

export function createOutboxQueue(): OutboxQueue {
  const places = new Map<string, Place>();
  const lanes = createLanes();
  let lastPosition = 0;

  const forget = (place: Place): void => void places.delete(place.entry.delivery.id);

  const withdraw = (place: Place): OutboxEntry => {
    lanes.leave(place);
    forget(place);
    return { ...place.entry, state: 'failed' };
  };

  const mayGiveWay = (place: Place): boolean =>
    place.entry.state === 'pending' && isReminder(place) && !lanes.isSending(place);

  const makeRoom = (): readonly OutboxEntry[] => {
    if (places.size < outboxEntriesMax) return [];
    const all = [...places.values()];
    const oldest = all.find(hasFailed) ?? all.find(mayGiveWay);
    if (oldest === undefined) return [];
    return hasFailed(oldest) ? (forget(oldest), []) : [withdraw(oldest)];
  };

  const forgetOvertaken = (delivered: Place): void => {
    for (const place of places.values()) if (isOvertaken(place, delivered)) forget(place);
  };

  const enter = (place: Place): readonly OutboxEntry[] => {
    const outdated = lanes.beside(place).filter(mayGiveWay);
    const gaveWay = [...outdated.map(withdraw), ...makeRoom()];
    places.set(place.entry.delivery.id, place);
    if (!hasFailed(place)) lanes.enter(place);
    return gaveWay;
  };

  const update = (entry: OutboxEntry): Place => {
    const place = places.get(entry.delivery.id);
    if (place === undefined) throw new Error(`${entry.delivery.id} is not in the queue`);
    place.entry = entry;
    return place;
  };

  return {
    add(entry) {
      if (places.has(entry.delivery.id)) return [];
      lastPosition += 1;
      const place = createPlace(lastPosition, entry);
      if (entry.state !== 'delivered') return enter(place);
      forgetOvertaken(place);
      return [];
    },
    due: (now) => lanes.next(now)?.entry,
    nextDueAt: () => lanes.nextDueAt(),
    begin: (entry) => lanes.occupy(update(entry)),
    settle(entry) {
      const place = update(entry);
      lanes.release(place);
      if (entry.state !== 'pending') lanes.leave(place);
      if (entry.state !== 'delivered') return;
      forget(place);
      forgetOvertaken(place);
    },
    holdReceiver: (delivery, until) => lanes.hold(receiverKey(delivery), until),
    putBack(createdFrom, now) {
      const back = [...places.values()].filter((place) => isWorthPuttingBack(place, createdFrom));
      for (const place of back) {
        place.entry = { ...place.entry, state: 'pending', nextAttemptAt: now };
        lanes.enter(place);
      }
      return back.map((place) => place.entry);
    },
    entries: () => [...places.values()].map((place) => place.entry),
  };
}
