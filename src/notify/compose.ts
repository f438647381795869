import type { Delivery } from '../model/delivery.ts';
import { lateRemark, type Stopped } from './late-remark.ts';
import { digestOf, mergeDeliveries } from './merge-deliveries.ts';
import type { Instant } from '../model/time.ts';
import type { Place } from './place.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ReceiverRecords } from './receiver-record.ts';
import { nameOf, recoveredStateOf, stateOf } from './wording.ts';

/** Names in the first sentence of a digest before "and N more". */
const digestNamesMax = 20;

/** What leaves as one message: a delivery, or several that waited. */
export interface Parcel {
  /** Oldest first. */
  readonly places: readonly Place[];
  readonly delivery: Delivery;
  /** What a rate limit held back in several conversations. */
  readonly isDigest: boolean;
}

export interface Composer {
  /** Undefined if there is nothing to tell any more. */
  compose(places: readonly Place[]): Parcel | undefined;
  /** The parcel as it is sent at `now`, with what has to be said about it; it is being sent already. */
  finish(parcel: Parcel, now: Instant): Delivery;
}

export function createComposer(options: {
  readonly limits: RateLimits;
  readonly records: ReceiverRecords;
  /** The time before this start in which the agent did not run. */
  readonly stopped: () => Stopped | undefined;
}): Composer {
  const { limits, records, stopped } = options;
  return {
    compose(places) {
      const deliveries = places.map(({ entry }) => entry.delivery);
      const conversations = new Set(places.map(({ conversation }) => conversation));
      if (conversations.size > 1) return { places, delivery: digest(deliveries), isDigest: true };
      const delivery = mergeDeliveries(deliveries);
      return isPast(places, delivery) ? undefined : { places, delivery, isDigest: false };
    },
    finish({ places, delivery }, now) {
      const [first] = places;
      if (first === undefined || isAboutReceivers(first)) return delivery;
      const remarks = [
        ...(delivery.notification.remarks ?? []),
        lateRemark(places, records.get(first.receiver), stopped(), now),
        fallbackRemark(places),
        limits.lastOneRemark(first, now),
      ].filter((remark) => remark !== undefined);
      if (remarks.length === 0) return delivery;
      return { ...delivery, notification: { ...delivery.notification, remarks } };
    },
  };
}

/** A test or the report of one: what it says is not late. */
function isAboutReceivers({ entry }: Place): boolean {
  const { reason } = entry.delivery.notification;
  return reason === 'test' || reason === 'report';
}

function digest(deliveries: readonly Delivery[]): Delivery {
  const { alerts } = mergeDeliveries(deliveries).notification;
  const states = alerts.map(
    (alert) =>
      `${nameOf(alert)} ${alert.endsAt === undefined ? stateOf(alert) : recoveredStateOf(alert)}`,
  );
  const names = [...new Set(states)];
  const more = names.length - digestNamesMax;
  const list = names.slice(0, digestNamesMax).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return digestOf(deliveries, `Held back ${deliveries.length} messages: ${list}`);
}

/**
 * Whether a fallback has told all of it, it is over, and this receiver cannot have heard of any of it: it
 * would be told of something that is no longer news. What it may have heard of it is told the end of.
 */
function isPast(places: readonly Place[], { notification }: Delivery): boolean {
  const [first] = places;
  if (first === undefined || notification.status !== 'resolved') return false;
  if (first.entry.delivery.notification.reason !== 'first notification') return false;
  return places.every(
    ({ standIns, maybeTaken }) =>
      !maybeTaken && standIns.size > 0 && [...standIns.values()].every((state) => state === 'told'),
  );
}

function fallbackRemark(places: readonly Place[]): string | undefined {
  const told = places.some(({ standIns }) => [...standIns.values()].includes('told'));
  return told ? 'The fallback has told this already' : undefined;
}
