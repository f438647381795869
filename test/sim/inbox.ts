import { alertStatus, type AlertStatus } from '../../src/model/alert.ts';
import type { Delivery, Outcome } from '../../src/model/delivery.ts';

/** What a receiver has read, and what it believes because of it. */
export interface Inbox {
  readonly name: string;
  /** Copies of each delivery that arrived, by delivery id. */
  readonly copies: ReadonlyMap<string, number>;
  /** The checks it believes to be firing. */
  readonly open: ReadonlySet<string>;
  receive(delivery: Delivery): void;
}

/** Says what is wrong with a message, in the moment it arrives. */
export type Complain = (what: string) => void;

/**
 * Believes what messages say. A check fires under the dedup key of the message that lists it as firing, and
 * is over for that key when a message of the same key lists it as resolved only.
 */
export function createInbox(name: string, complain: Complain): Inbox {
  const copies = new Map<string, number>();
  const keysOf = new Map<string, Set<string>>();

  function fire(check: string, dedupKey: string): void {
    keysOf.set(check, (keysOf.get(check) ?? new Set()).add(dedupKey));
  }

  function close(check: string, dedupKey: string): void {
    const keys = keysOf.get(check);
    if (!keys?.delete(dedupKey))
      complain(`${name} was told the end of ${check}, but not that it fired`);
    if (keys?.size === 0) keysOf.delete(check);
  }

  return {
    name,
    copies,
    get open() {
      return new Set(keysOf.keys());
    },
    receive({ id, dedupKey, notification }) {
      const repeated = copies.has(id);
      copies.set(id, (copies.get(id) ?? 0) + 1);
      // A repeat carries the same key: the receiver merges it with what it knows.
      if (repeated) return;
      const checks = (wanted: AlertStatus): Set<string> =>
        new Set(
          notification.alerts
            .filter((alert) => alertStatus(alert) === wanted)
            .map(({ labels }) => labels['alertname'] ?? ''),
        );
      const firing = checks('firing');
      for (const check of firing) fire(check, dedupKey);
      for (const check of checks('resolved')) {
        if (firing.has(check)) continue;
        // What waited is told as one message: that it was down, and that it is back.
        if (notification.remarks?.some((remark) => remark.startsWith(`${check}: `))) {
          fire(check, dedupKey);
        }
        close(check, dedupKey);
      }
      if (notification.status === 'firing') return;
      // One incident a key: its end is believed of everything that was told under it.
      for (const [check, keys] of keysOf) {
        if (keys.has(dedupKey)) complain(`${name} was told that all is over, not so ${check}`);
      }
    },
  };
}

export const accepted: Outcome = { kind: 'delivered', detail: 'taken' };
export const refused: Outcome = { kind: 'passing', reason: 'server_error', detail: 'HTTP 500' };
export const lost: Outcome = { kind: 'passing', reason: 'timeout', detail: 'no answer' };
export const limited: Outcome = {
  kind: 'passing',
  reason: 'rate_limited',
  detail: 'HTTP 429',
  retryAfterMs: 7000,
};
