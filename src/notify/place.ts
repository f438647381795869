import type { Alert } from '../model/alert.ts';
import type { Delivery, OutboxEntry } from '../model/delivery.ts';
import { keepsIncidents } from './incident-integrations.ts';

/** Where an entry stands in the queue. */
export interface Place {
  /** Rises with each entry, and survives failing and being put back. */
  readonly position: number;
  /** One integration of one receiver. */
  readonly receiver: string;
  /** Its receiver, and whether a rate limit counts it: what may be held back apart from the rest. */
  readonly lane: string;
  /** What is told to it under one dedup key. */
  readonly conversation: string;
  /** What the message speaks of: its conversation, and each check or alert in it. */
  readonly subjects: readonly string[];
  entry: OutboxEntry;
  /** Left by an earlier process: what made it late may be that the agent was stopped. */
  readonly inherited: boolean;
  /** A rate limit holds it back, and that has been reported. */
  held: boolean;
  /** The receiver may have taken it without our hearing of it. */
  maybeTaken: boolean;
  /** The fallback receivers that have it as well, and which of them have told it. */
  readonly standIns: Map<string, 'waiting' | 'told'>;
}

/** One integration of one receiver. */
export function receiverKey(
  delivery: Pick<Delivery, 'receiver' | 'integration' | 'index'>,
): string {
  return JSON.stringify([delivery.receiver, delivery.integration, delivery.index]);
}

/** What is told to one integration of one receiver under one dedup key. */
export function conversationOf(delivery: Delivery): string {
  return `${receiverKey(delivery)} ${delivery.dedupKey}`;
}

export function createPlace(position: number, entry: OutboxEntry, inherited: boolean): Place {
  const { delivery } = entry;
  const receiver = receiverKey(delivery);
  const conversation = conversationOf(delivery);
  const about = delivery.notification.alerts.map((alert) => `${receiver} ${subjectOf(alert)}`);
  return {
    position,
    receiver,
    lane: isUnlimited(delivery) ? `${receiver} unlimited` : receiver,
    conversation,
    subjects: [...new Set([conversation, ...about])],
    entry,
    inherited,
    held: false,
    // What came of an attempt of an earlier process is in the log of attempts only.
    maybeTaken: entry.attempts > 0,
    standIns: new Map(),
  };
}

/** A test, and the end of an incident, which pages nobody: no rate limit holds them back. */
function isUnlimited({ integration, notification }: Delivery): boolean {
  const { reason, status } = notification;
  return reason === 'test' || (status === 'resolved' && keepsIncidents(integration));
}

/** A check keeps its name when its labels change; alerts from elsewhere have their labels alone. */
function subjectOf({ labels, fingerprint }: Alert): string {
  const check = labels['check'];
  return check === undefined ? fingerprint : `check ${check}`;
}
