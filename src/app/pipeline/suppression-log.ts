import type { Alert } from '../../model/alert.ts';
import type { Delivery } from '../../model/delivery.ts';
import { suppressionNotesEachMax, suppressionNotesMax } from '../../model/limits.ts';
import type { WallMs } from '../../model/time.ts';
import type { SuppressionNote } from '../../model/why.ts';

/** The latest messages that nobody got, in memory: for `tocsin why`. */
export class SuppressionLog {
  /** By name of the alert, the one noted last at the end. */
  readonly #notes = new Map<string, SuppressionNote[]>();
  readonly #now: () => WallMs;
  #count = 0;

  constructor(now: () => WallMs) {
    this.#now = now;
  }

  /** A message that waits because its receiver has had enough for now, or that another one has told. */
  notToldAlone({ receiver, notification }: Delivery, reason: 'rate_limit' | 'grouped'): void {
    const words = {
      rate_limit: `rate_limit of ${receiver}`,
      grouped: 'told in one message with what came later',
    };
    const why = { reason, by: words[reason] };
    for (const alert of notification.alerts) this.note(alert, receiver, why);
  }

  note(alert: Alert, receiver: string, why: { reason: string; by: string }): void {
    const at = this.#now();
    const alertname = alert.labels['alertname'] ?? '';
    const { fingerprint } = alert;
    const notes = this.#notes.get(alertname) ?? [];
    this.#notes.delete(alertname);
    this.#notes.set(alertname, notes);
    notes.push({ at, alertname, fingerprint, receiver, reason: why.reason, by: why.by });
    this.#count += 1;
    if (notes.length > suppressionNotesEachMax) {
      notes.shift();
      this.#count -= 1;
    }
    for (const [name, oldest] of this.#notes) {
      if (this.#count <= suppressionNotesMax || name === alertname) break;
      this.#notes.delete(name);
      this.#count -= oldest.length;
    }
  }

  /** Newest first. */
  of(alertname: string): readonly SuppressionNote[] {
    return (this.#notes.get(alertname) ?? []).toReversed();
  }
}
