import { onTestFinished } from 'vitest';
import { silentLogger } from '../../src/lib/log.ts';
import type { Attempt, Delivery, Outcome, OutboxEntry } from '../../src/model/delivery.ts';
import type { ReceiverSpec } from '../../src/model/route.ts';
import type { Instant } from '../../src/model/time.ts';
import { createOutbox, type Outbox } from '../../src/notify/outbox.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createBook } from './receiver-book.ts';
import { receiver } from './routes.ts';
import { sampleAlert, sampleDelivery } from './sample-delivery.ts';

export const taken: Outcome = { kind: 'delivered', detail: 'ok' };
export const unreachable: Outcome = { kind: 'passing', reason: 'connect', detail: 'refused' };
export const unavailable: Outcome = {
  kind: 'passing',
  reason: 'server_error',
  detail: 'HTTP 503',
};
export const forbidden: Outcome = { kind: 'permanent', reason: 'auth', detail: 'HTTP 403' };

/** An outbox on a fake clock, with receivers that answer by name, and a disk that outlives it. */
export interface OutboxWorld {
  readonly clock: FakeClock;
  /** What each receiver answers; one that is not named takes everything. */
  readonly answers: Map<string, Outcome>;
  /** What has been taken, in order. */
  readonly told: Delivery[];
  readonly attempts: Attempt[];
  readonly held: string[];
  /** Ids of what was told in a message about something newer. */
  readonly grouped: string[];
  readonly outbox: Outbox;
  /** As they are on disk. */
  readonly entries: ReadonlyMap<string, OutboxEntry>;
  /** Kills the process and starts the next one `afterMs` later, on the disk as it is or as it was. */
  restart(afterMs?: number, disk?: readonly OutboxEntry[]): Promise<void>;
  /** Alerts of `check` that fire and end, as routing would hand them over now. */
  tell(
    check: string,
    changes?: Parameters<typeof sampleDelivery>[0] & { endsAt?: boolean },
  ): string;
}

export function createOutboxWorld(receivers: readonly ReceiverSpec[] = []): OutboxWorld {
  const clock = createFakeClock();
  const answers = new Map<string, Outcome>();
  const told: Delivery[] = [];
  const attempts: Attempt[] = [];
  const held: string[] = [];
  const grouped: string[] = [];
  const entries = new Map<string, OutboxEntry>();
  const drawer = new Map<string, unknown>();
  const began = new Map<string, number>();
  const all = receivers.length === 0 ? [receiver('team')] : receivers;
  let alive = { yes: true };
  let lastSaved: Instant = clock.now();
  let ids = 0;

  const boot = (): Outbox => {
    const mine = { yes: true };
    alive = mine;
    return createOutbox({
      ...createBook(all, drawer),
      clock: {
        now: () => clock.now(),
        after: (delayMs, run) => clock.after(delayMs, () => void (mine.yes && run())),
      },
      random: () => 0.5,
      log: silentLogger,
      send(delivery) {
        if (!mine.yes) return new Promise(() => {});
        const outcome = answers.get(delivery.receiver) ?? taken;
        if (outcome.kind === 'delivered') told.push(delivery);
        return Promise.resolve(outcome);
      },
      record({ entries: changed, attempts: lines }) {
        if (!mine.yes) return;
        lastSaved = clock.now();
        for (const entry of structuredClone(changed)) entries.set(entry.delivery.id, entry);
        attempts.push(...lines);
      },
      onOutcome: () => {},
      onSuppressed: ({ id }, reason) => void (reason === 'rate_limit' ? held : grouped).push(id),
    });
  };

  let outbox = boot();
  onTestFinished(async () => {
    const stopped = outbox.stop(0);
    await clock.advance(10_000);
    await stopped;
  });

  return {
    clock,
    answers,
    told,
    attempts,
    held,
    grouped,
    entries,
    get outbox() {
      return outbox;
    },
    async restart(afterMs = 0, disk = [...entries.values()]) {
      alive.yes = false;
      await clock.advance(afterMs);
      const from = lastSaved;
      outbox = boot();
      outbox.load(disk, { from, until: clock.now() });
      await clock.advance(0);
    },
    tell(check, { endsAt = false, ...changes } = {}) {
      ids += 1;
      const id = changes.id ?? `d${ids}`;
      const now = clock.now();
      const startsAt = endsAt ? (began.get(check) ?? now.wallMs) : now.wallMs;
      began.set(check, startsAt);
      const alert = sampleAlert({
        labels: { alertname: check, check },
        startsAt: startsAt as Instant['wallMs'],
        ...(endsAt ? { endsAt: now.wallMs } : {}),
      });
      const delivery = sampleDelivery({
        id,
        groupKey: check,
        alerts: [alert],
        reason: endsAt ? 'all alerts resolved' : 'first notification',
        receiver: all[0]?.name ?? 'team',
        ...changes,
      });
      const created = { ...delivery, createdAt: now };
      const entry: OutboxEntry = {
        delivery: created,
        state: 'pending',
        attempts: 0,
        nextAttemptAt: now.steadyMs,
      };
      entries.set(id, entry);
      outbox.add([created]);
      return id;
    },
  };
}
