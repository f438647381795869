import type { Delivery, OutboxEntry } from '../model/delivery.ts';
import type { SteadyMs } from '../model/time.ts';

/** An entry of the outbox as it was written down. */
export function outboxEntry(row: Record<string, unknown>): OutboxEntry {
  return {
    delivery: JSON.parse(String(row['delivery'])) as Delivery,
    state: row['state'] as OutboxEntry['state'],
    attempts: Number(row['attempts']),
    nextAttemptAt: Number(row['next_attempt_steady_ms']) as SteadyMs,
  };
}
