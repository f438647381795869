import type { Attempt, OutboxEntry } from '../model/delivery.ts';
import type { ReceiverSpec } from '../model/route.ts';
import type { ReceiverSnapshot } from '../model/snapshot.ts';
import type { Instant, WallMs } from '../model/time.ts';
import { elapsedMs } from '../model/time.ts';

interface Page {
  lastSuccessAt?: WallMs;
  failing?: { readonly at: WallMs; readonly detail: string };
}

/** Remembers of each receiver's integrations when they last took something, and why they do not. */
export class ReceiverBook {
  readonly #pages = new Map<string, Page>();

  record({ delivery }: OutboxEntry, { atMs, outcome }: Attempt): void {
    const key = pageKey(delivery.receiver, delivery.integration, delivery.index);
    const page = this.#pages.get(key) ?? {};
    this.#pages.set(key, page);
    if (outcome.kind === 'delivered') {
      page.lastSuccessAt = atMs;
      delete page.failing;
    } else {
      page.failing = { at: atMs, detail: outcome.detail };
    }
  }

  snapshot(
    receivers: readonly ReceiverSpec[],
    outbox: readonly OutboxEntry[],
    now: Instant,
  ): ReceiverSnapshot[] {
    return receivers.flatMap(({ name: receiver, integrations }) =>
      integrations.map(({ integration, index }) => {
        const page = this.#pages.get(pageKey(receiver, integration, index)) ?? {};
        const waiting = outbox.filter(
          ({ state, delivery }) =>
            state === 'pending' &&
            delivery.receiver === receiver &&
            delivery.integration === integration &&
            delivery.index === index,
        );
        const ages = waiting.map(({ delivery }) => elapsedMs(delivery.createdAt, now));
        return {
          receiver,
          integration,
          index,
          pending: waiting.length,
          oldestAgeMs: Math.max(0, ...ages),
          ...(page.lastSuccessAt === undefined ? {} : { lastSuccessAt: page.lastSuccessAt }),
          ...(page.failing === undefined ? {} : { failing: page.failing }),
        };
      }),
    );
  }
}

function pageKey(receiver: string, integration: string, index: number): string {
  return `${receiver}\n${integration}\n${index}`;
}
