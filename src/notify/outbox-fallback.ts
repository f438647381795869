import { type Alert, alertStatus } from '../model/alert.ts';
import type { Delivery, Notification, OutboxEntry } from '../model/delivery.ts';
import { fallbackAfterDefaultMs, outboxEntriesMax } from '../model/limits.ts';
import { hashText } from '../model/fingerprint.ts';
import type { IntegrationSpec, ReceiverSpec } from '../model/route.ts';
import { elapsedMs, laterMs, type Instant, type SteadyMs } from '../model/time.ts';
import { type Place, receiverKey } from './place.ts';
import { describeTrouble, presentTrouble, type ReceiverRecords } from './receiver-record.ts';
import { reportOf } from './receiver-report.ts';

/** Under which dedup key a fallback was told of which alerts that have not ended. */
export interface OpenAtFallback {
  readonly via: readonly string[];
  /** Fingerprints. */
  readonly alerts: readonly string[];
}

interface FallbackOptions {
  readonly receivers: () => readonly ReceiverSpec[];
  readonly records: ReceiverRecords;
  readonly open: Map<string, OpenAtFallback>;
  /** Remembers a change of `open`. */
  readonly keep: (conversation: string, open: OpenAtFallback | undefined) => void;
}

interface Route {
  readonly receivers: readonly ReceiverSpec[];
  readonly afterMs: number;
}

/**
 * What happens when a receiver does not work: its fallback gets the same notifications.
 *
 * A delivery goes to the fallback once it has waited for `fallback_after` while its receiver fails, at once
 * when it is refused for good, and after its first failure when the receiver has failed for that long
 * already. Whatever waits under the same dedup key goes along. The ids of what the fallback gets are derived
 * from what it stands in for, so that nothing is handed over twice, whatever happens in between. Who was
 * told of an alert through a fallback hears of its end there as well. The original stays in the outbox.
 */
export class Fallbacks {
  readonly #options: FallbackOptions;

  constructor(options: FallbackOptions) {
    this.#options = options;
  }

  readonly #watched = new Map<string, Set<Place>>();
  /** The places that a delivery stands in for, by its id. */
  readonly #originals = new Map<string, Place[]>();
  readonly #handedOver = new Set<string>();

  #named(names: readonly string[]): readonly ReceiverSpec[] {
    return this.#options.receivers().filter(({ name }) => names.includes(name));
  }

  #routeOf({ entry }: Place): Route | undefined {
    const { receiver, notification } = entry.delivery;
    const fallback = this.#options.receivers().find(({ name }) => name === receiver)?.fallback;
    const afterMs = fallback?.afterMs ?? fallbackAfterDefaultMs;
    if (fallback !== undefined) return { receivers: this.#named([fallback.receiver]), afterMs };
    // Nobody reads in a receiver that does not work that it does not work.
    if (notification.reason !== 'test') return undefined;
    return {
      receivers: this.#options.receivers().filter(({ name }) => name !== receiver),
      afterMs,
    };
  }

  #dueAt(place: Place): SteadyMs | undefined {
    const route = this.#routeOf(place);
    if (
      route === undefined ||
      presentTrouble(this.#options.records.get(place.receiver)) === undefined
    ) {
      return undefined;
    }
    return laterMs(place.entry.delivery.createdAt.steadyMs, route.afterMs);
  }

  #unwatch(place: Place): void {
    const places = this.#watched.get(place.lane);
    places?.delete(place);
    if (places?.size === 0) this.#watched.delete(place.lane);
  }

  #noteHandedOver(id: string): void {
    this.#handedOver.add(id);
    const [oldest] = this.#handedOver;
    if (this.#handedOver.size > outboxEntriesMax && oldest !== undefined)
      this.#handedOver.delete(oldest);
  }

  #remember(place: Place, via: readonly string[]): void {
    const { delivery } = place.entry;
    const isTest = delivery.notification.reason === 'test';
    if (isTest) return this.#setOpen(place.conversation, { via, alerts: [] });
    if (!tellsEnds(delivery, this.#options.receivers())) return;
    const alerts = new Set(this.#options.open.get(place.conversation)?.alerts);
    for (const alert of delivery.notification.alerts) {
      if (alertStatus(alert) === 'firing') alerts.add(alert.fingerprint);
      else alerts.delete(alert.fingerprint);
    }
    if (alerts.size === 0 && !this.#options.open.has(place.conversation)) return;
    this.#setOpen(place.conversation, alerts.size === 0 ? undefined : { via, alerts: [...alerts] });
  }

  #setOpen(conversation: string, now: OpenAtFallback | undefined): void {
    if (now === undefined) this.#options.open.delete(conversation);
    else this.#options.open.set(conversation, now);
    this.#options.keep(conversation, now);
    const [oldest] = this.#options.open.keys();
    if (this.#options.open.size <= outboxEntriesMax || oldest === undefined) return;
    this.#options.open.delete(oldest);
    this.#options.keep(oldest, undefined);
  }

  /** The deliveries that tell the targets of this place. */
  #standIns(
    place: Place,
    targets: readonly ReceiverSpec[],
    why: string,
    now: Instant,
  ): readonly Delivery[] {
    const made = targets.flatMap((target) =>
      target.integrations.flatMap((integration) => {
        const delivery = standIn(place.entry.delivery, target, integration, { why, now });
        if (delivery === undefined) return [];
        place.standIns.set(delivery.id, 'waiting');
        this.#originals.set(delivery.id, [...(this.#originals.get(delivery.id) ?? []), place]);
        // Another integration of the same receiver may have handed over the same notification.
        if (this.#handedOver.has(delivery.id)) return [];
        this.#noteHandedOver(delivery.id);
        return [delivery];
      }),
    );
    this.#unwatch(place);
    if (place.standIns.size > 0)
      this.#remember(
        place,
        targets.map(({ name }) => name),
      );
    return made;
  }

  #reasonFor(place: Place, now: Instant): string {
    const { receiver, integration } = place.entry.delivery;
    const trouble = presentTrouble(this.#options.records.get(place.receiver));
    const what = trouble === undefined ? 'does not work' : describeTrouble(trouble, now.wallMs);
    return `${receiver} (${integration}) ${what}`;
  }

  /** A pending place has come in. Gives what the fallback has to hear of it at once. */
  enter(place: Place, now: Instant): readonly Delivery[] {
    if (place.standIns.size > 0) return [];
    const places = this.#watched.get(place.lane) ?? new Set();
    this.#watched.set(place.lane, places.add(place));
    const told = this.#options.open.get(place.conversation);
    const ends = place.entry.delivery.notification.alerts.some(
      (alert) => alertStatus(alert) === 'resolved' && told?.alerts.includes(alert.fingerprint),
    );
    if (told === undefined || !ends) return [];
    const works = presentTrouble(this.#options.records.get(place.receiver)) === undefined;
    const { receiver, integration } = place.entry.delivery;
    const why = works
      ? `${receiver} (${integration}) works again and is told as well`
      : this.#reasonFor(place, now);
    return this.#standIns(place, this.#named(told.via), why, now);
  }

  /** The place is no longer pending. */
  leave(place: Place): void {
    this.#unwatch(place);
    for (const id of place.standIns.keys()) this.#originals.delete(id);
  }

  /** Places whose time at a failing receiver is over. */
  due(now: Instant): readonly Place[] {
    const due: Place[] = [];
    for (const places of this.#watched.values()) {
      for (const place of places) {
        if ((this.#dueAt(place) ?? Infinity) > now.steadyMs) break;
        due.push(place);
      }
    }
    return due;
  }

  nextDueAt(): SteadyMs | undefined {
    let next: SteadyMs | undefined;
    for (const [first] of this.#watched.values()) {
      const at = first === undefined ? undefined : this.#dueAt(first);
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  /** Whether the receiver has failed so long that what fails there now need not wait. */
  isOverdue(place: Place, now: Instant): boolean {
    const route = this.#routeOf(place);
    const trouble = presentTrouble(this.#options.records.get(place.receiver));
    return (
      route !== undefined && trouble !== undefined && elapsedMs(trouble.since, now) >= route.afterMs
    );
  }

  /** What the fallbacks get of these places; nothing where there are none, or they have it already. */
  handOver(places: readonly Place[], now: Instant): readonly Delivery[] {
    return places.flatMap((place) => {
      this.#unwatch(place);
      const route = place.standIns.size > 0 ? undefined : this.#routeOf(place);
      if (route === undefined) return [];
      return this.#standIns(place, route.receivers, this.#reasonFor(place, now), now);
    });
  }

  /** The place was taken. Gives what those hear who were told that its receiver does not take a test. */
  proved({ entry, conversation }: Place, now: Instant): readonly Delivery[] {
    const test = entry.delivery;
    const told = this.#options.open.get(conversation);
    if (test.notification.reason !== 'test' || told === undefined) return [];
    this.#setOpen(conversation, undefined);
    const report = reportOf(test, 'it was, later', now);
    const alerts = report.alerts.map((alert) => ({ ...alert, endsAt: now.wallMs }));
    return this.#named(told.via).flatMap((target) =>
      target.integrations
        .filter(({ sendResolved }) => sendResolved)
        .map(({ integration, index }): Delivery => {
          const id = hashText(['works', test.id, target.name, integration, index].join('\n'));
          const notification = {
            ...report,
            receiver: target.name,
            status: 'resolved',
            alerts,
          } as const;
          const dedupKey = reportKey(test);
          return {
            id,
            receiver: target.name,
            integration,
            index,
            dedupKey,
            createdAt: now,
            notification,
          };
        }),
    );
  }

  /** A delivery was taken, by a fallback perhaps. */
  told({ id }: Delivery): void {
    for (const place of this.#originals.get(id) ?? []) place.standIns.set(id, 'told');
  }

  /** Remembers what an earlier process handed over, by the ids of what it left. */
  recognise(place: Place, left: ReadonlyMap<string, OutboxEntry>): void {
    const { delivery } = place.entry;
    const via = this.#options.open.get(place.conversation)?.via ?? [];
    const targets = [...this.#named(via), ...(this.#routeOf(place)?.receivers ?? [])];
    for (const target of targets) {
      for (const integration of target.integrations) {
        const id = standInId(delivery, target, integration);
        const entry = left.get(id);
        if (entry === undefined) continue;
        place.standIns.set(id, entry.state === 'delivered' ? 'told' : 'waiting');
        this.#noteHandedOver(id);
        this.#originals.set(id, [...(this.#originals.get(id) ?? []), place]);
      }
    }
  }
}

/** Whether the integration that the delivery was meant for hears of the ends of alerts. */
function tellsEnds(delivery: Delivery, receivers: readonly ReceiverSpec[]): boolean {
  const own = receivers.find(({ name }) => name === delivery.receiver);
  return (own?.integrations ?? []).some(
    ({ integration, index, sendResolved }) =>
      integration === delivery.integration && index === delivery.index && sendResolved,
  );
}

/**
 * The same for every integration of the broken receiver that was to tell the same, and for a report the same
 * on whichever way it comes.
 */
function standInId(
  original: Delivery,
  target: ReceiverSpec,
  { integration, index }: IntegrationSpec,
): string {
  const { receiver, dedupKey, createdAt, notification } = original;
  const { reason, status } = notification;
  const what =
    reason === 'test' || reason === 'report'
      ? [reportKey(original), createdAt.steadyMs]
      : [receiver, dedupKey, createdAt.steadyMs, reason, status];
  return hashText(['fallback', ...what, target.name, integration, index].join('\n'));
}

/** What a report goes under: that of a receiver that did not take its test. */
function reportKey(original: Delivery): string {
  const isTest = original.notification.reason === 'test';
  return isTest ? hashText(`report\n${receiverKey(original)}`) : original.dedupKey;
}

function standIn(
  original: Delivery,
  target: ReceiverSpec,
  integration: IntegrationSpec,
  { why, now }: { readonly why: string; readonly now: Instant },
): Delivery | undefined {
  const isTest = original.notification.reason === 'test';
  const notification = isTest
    ? reportOf(original, why, now)
    : redirected(original.notification, integration, `Sent through ${target.name}: ${why}`);
  if (notification === undefined) return undefined;
  return {
    id: standInId(original, target, integration),
    receiver: target.name,
    integration: integration.integration,
    index: integration.index,
    dedupKey: isTest ? reportKey(original) : original.dedupKey,
    // A report on its way to the next fallback is still the report of that test.
    createdAt: isTest ? original.createdAt : now,
    notification: { ...notification, receiver: target.name },
  };
}

function redirected(
  notification: Notification,
  { sendResolved }: IntegrationSpec,
  remark: string,
): Notification | undefined {
  const isTold = (alert: Alert): boolean => sendResolved || alertStatus(alert) === 'firing';
  const alerts = notification.alerts.filter(isTold);
  if (alerts.length === 0) return undefined;
  return { ...notification, alerts, remarks: [...(notification.remarks ?? []), remark] };
}
