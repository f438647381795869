import type { Alert } from '../model/alert.ts';
import type { Delivery, OutboxEntry } from '../model/delivery.ts';
import type { SteadyMs } from '../model/time.ts';

/** Where an entry stands in the queue. */
export interface Place {
  /** Rises with each entry, and survives failing and being put back. */
  readonly position: number;
  /** One integration of one receiver. */
  readonly receiver: string;
  /** What is told to it under one dedup key. */
  readonly conversation: string;
  /** What the message speaks of: its conversation, and each check or alert in it. */
  readonly subjects: readonly string[];
  entry: OutboxEntry;
}

/** One integration of one receiver. */
export function receiverKey(delivery: Delivery): string {
  return JSON.stringify([delivery.receiver, delivery.integration, delivery.index]);
}

export function createPlace(position: number, entry: OutboxEntry): Place {
  const { delivery } = entry;
  const receiver = receiverKey(delivery);
  const conversation = `${receiver} ${delivery.dedupKey}`;
  const about = delivery.notification.alerts.map((alert) => `${receiver} ${subjectOf(alert)}`);
  return { position, receiver, conversation, subjects: [conversation, ...about], entry };
}

/** A check keeps its name when its labels change; alerts from elsewhere have their labels alone. */
function subjectOf({ labels, fingerprint }: Alert): string {
  const check = labels['check'];
  return check === undefined ? fingerprint : `check ${check}`;
}

/** A place whose turn it may be, together with what decides it. */
interface Candidate {
  readonly place: Place;
  readonly dueAt: SteadyMs;
  /** Attempts under way for its receiver. */
  readonly load: number;
}

/** The pending entries, oldest first, and which of them are being sent. */
interface Lanes {
  /** Puts the place behind every older one. */
  enter(place: Place): void;
  leave(place: Place): void;
  /** Everything that waits in the conversation of `place`. */
  beside(place: Place): readonly Place[];
  /** Marks the place as being sent. */
  occupy(place: Place): void;
  release(place: Place): void;
  isSending(place: Place): boolean;
  /** Keeps everything for one receiver from being due before `until`. */
  hold(receiver: string, until: SteadyMs): void;
  /** The place whose turn it is: of those due, least load first, then longest due, then oldest. */
  next(now: SteadyMs): Place | undefined;
  /** When the next place that need not wait for another will be due. */
  nextDueAt(): SteadyMs | undefined;
}

export function createLanes(): Lanes {
  let waiting: readonly Place[] = [];
  const sending = new Set<Place>();
  const heldUntil = new Map<string, SteadyMs>();

  const dueAt = ({ receiver, entry }: Place): SteadyMs => {
    const held = heldUntil.get(receiver) ?? entry.nextAttemptAt;
    return held > entry.nextAttemptAt ? held : entry.nextAttemptAt;
  };

  function* candidates(): Iterable<Candidate> {
    const load = new Map<string, number>();
    for (const { receiver } of sending) load.set(receiver, (load.get(receiver) ?? 0) + 1);
    const spokenFor = new Set<string>();
    for (const place of waiting) {
      const mustWait = place.subjects.some((subject) => spokenFor.has(subject));
      for (const subject of place.subjects) spokenFor.add(subject);
      if (mustWait || sending.has(place)) continue;
      yield { place, dueAt: dueAt(place), load: load.get(place.receiver) ?? 0 };
    }
  }

  return {
    enter(place) {
      waiting = [...waiting, place].toSorted((a, b) => a.position - b.position);
    },
    leave(place) {
      waiting = waiting.filter((other) => other !== place);
    },
    beside: ({ conversation }) => waiting.filter((other) => other.conversation === conversation),
    occupy: (place) => void sending.add(place),
    release: (place) => void sending.delete(place),
    isSending: (place) => sending.has(place),
    hold: (receiver, until) => void heldUntil.set(receiver, until),
    next(now) {
      let first: Candidate | undefined;
      for (const candidate of candidates()) {
        if (candidate.dueAt > now) continue;
        if (first === undefined || comesBefore(candidate, first)) first = candidate;
      }
      return first?.place;
    },
    nextDueAt() {
      let next: SteadyMs | undefined;
      for (const { dueAt } of candidates()) if (next === undefined || dueAt < next) next = dueAt;
      return next;
    },
  };
}

function comesBefore(a: Candidate, b: Candidate): boolean {
  const order = a.load - b.load || a.dueAt - b.dueAt || a.place.position - b.place.position;
  return order < 0;
}
