import type { Attempt, Delivery, OutboxEntry } from '../../model/delivery.ts';
import type { ReceiverSpec } from '../../model/route.ts';
import type { ReceiverSnapshot } from '../../model/snapshot.ts';
import type { Instant, WallMs } from '../../model/time.ts';
import { elapsedMs } from '../../model/time.ts';
import type { OpenAtFallback } from '../../notify/outbox-fallback.ts';
import { receiverKey } from '../../notify/place.ts';
import {
  afterAttemptAt,
  presentTrouble,
  type ReceiverRecord,
  type ReceiverRecords,
} from '../../notify/receiver-record.ts';
import type { KeptChange } from '../../store/store.ts';

/** In the drawer `receiver`, before the name of a receiver that was sent a test. */
const testPrefix = 'test ';

/** In the drawer `receiver`, before a conversation that goes on at a fallback. */
const openPrefix = 'fallback ';

/**
 * Remembers of each receiver's integrations when they last took something, and why they do not; over
 * restarts.
 */
export class ReceiverBook implements ReceiverRecords {
  readonly #records = new Map<string, ReceiverRecord>();
  readonly #open = new Map<string, OpenAtFallback>();
  readonly #tests = new Map<string, Instant>();
  readonly #options: {
    readonly receivers: () => readonly ReceiverSpec[];
    readonly keep: (change: KeptChange) => void;
  };

  constructor(
    saved: ReadonlyMap<string, unknown> | undefined,
    options: {
      readonly receivers: () => readonly ReceiverSpec[];
      readonly keep: (change: KeptChange) => void;
    },
  ) {
    this.#options = options;
    for (const [name, value] of saved ?? []) {
      if (name.startsWith(openPrefix)) {
        this.#open.set(name.slice(openPrefix.length), value as OpenAtFallback);
      } else if (name.startsWith(testPrefix)) {
        this.#tests.set(name.slice(testPrefix.length), value as Instant);
      } else this.#records.set(name, value as ReceiverRecord);
    }
  }

  get(receiver: string): ReceiverRecord {
    return this.#records.get(receiver) ?? {};
  }

  note(delivery: Delivery, attempt: Attempt, now: Instant): void {
    const key = receiverKey(delivery);
    const spec = this.#options.receivers().find(({ name }) => name === delivery.receiver);
    const record = afterAttemptAt(this.get(key), attempt, {
      isProof: delivery.notification.reason === 'test',
      now,
      keepTold: spec?.rateLimit?.count ?? 0,
    });
    this.#put(key, record);
  }

  /** Takes in that it took a test which nobody here has sent; `receiver` is a `receiverKey`. */
  noteProof(receiver: string, atMs: WallMs): void {
    const record = this.get(receiver);
    if ((record.lastProofAt ?? 0) >= atMs) return;
    const lastSuccessAt = Math.max(record.lastSuccessAt ?? 0, atMs) as WallMs;
    this.#put(receiver, { ...record, lastSuccessAt, lastProofAt: atMs });
  }

  noteDigest(receiver: string, digest: readonly string[]): void {
    this.#put(receiver, { ...this.get(receiver), digest });
  }

  #put(name: string, value: ReceiverRecord): void {
    this.#records.set(name, value);
    this.#options.keep({ drawer: 'receiver', name, value });
  }

  /** What fallbacks were told that has not ended, by conversation. */
  get open(): ReadonlyMap<string, OpenAtFallback> {
    return this.#open;
  }

  keepOpen(conversation: string, open: OpenAtFallback | undefined): void {
    if (open === undefined) this.#open.delete(conversation);
    else this.#open.set(conversation, open);
    this.#options.keep({ drawer: 'receiver', name: openPrefix + conversation, value: open });
  }

  /** When the receiver was last sent a test. */
  lastTest(receiver: string): Instant | undefined {
    return this.#tests.get(receiver);
  }

  noteTest(receiver: string, value: Instant): void {
    this.#tests.set(receiver, value);
    this.#options.keep({ drawer: 'receiver', name: testPrefix + receiver, value });
  }

  /** Saves everything again, in a database that has begun anew. */
  resave(): void {
    for (const [name, value] of this.#records) {
      this.#options.keep({ drawer: 'receiver', name, value });
    }
    for (const [conversation, open] of this.#open) this.keepOpen(conversation, open);
    for (const [receiver, at] of this.#tests) this.noteTest(receiver, at);
  }

  snapshot(
    receivers: readonly ReceiverSpec[],
    outbox: readonly OutboxEntry[],
    now: Instant,
  ): ReceiverSnapshot[] {
    const waiting = Map.groupBy(
      outbox.filter(({ state }) => state === 'pending'),
      ({ delivery }) => receiverKey(delivery),
    );
    return receivers.flatMap(({ name: receiver, integrations, rateLimit }) =>
      integrations.map(({ integration, index }) => {
        const key = receiverKey({ receiver, integration, index });
        const { lastSuccessAt, lastProofAt } = this.get(key);
        const trouble = presentTrouble(this.get(key));
        const entries = waiting.get(key) ?? [];
        const isLimited = isReached(rateLimit, this.get(key), now);
        const oldestAgeMs = entries.reduce(
          (oldest, { delivery }) => Math.max(oldest, elapsedMs(delivery.createdAt, now)),
          0,
        );
        return {
          receiver,
          integration,
          index,
          pending: entries.length,
          oldestAgeMs,
          ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
          ...(lastProofAt === undefined ? {} : { lastProofAt }),
          ...(isLimited ? { limited: true } : {}),
          ...(trouble === undefined
            ? {}
            : { failing: { at: trouble.latest, detail: trouble.detail } }),
        };
      }),
    );
  }
}

function isReached(
  limit: ReceiverSpec['rateLimit'],
  { told = [] }: ReceiverRecord,
  now: Instant,
): boolean {
  if (limit === undefined) return false;
  const oldest = told[told.length - limit.count];
  return oldest !== undefined && oldest + limit.perMs > now.steadyMs;
}
