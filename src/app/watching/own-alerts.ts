import type { Alert } from '../../model/alert.ts';
import type { Instant } from '../../model/time.ts';
import type { KeptChange } from '../../store/store.ts';

/** Where alerts of the agent itself go. */
export interface OwnAlertsOptions {
  readonly keep: (change: KeptChange) => void;
  readonly offer: (alerts: readonly Alert[]) => void;
}

/**
 * Alerts that the agent raises without a check, by a name of their own: that a check is stalled, that the
 * host reaches nothing outside. Saved with what they cause; they go through the routes like any other.
 */
export class OwnAlerts {
  readonly #alerts: Map<string, Alert>;
  readonly #options: OwnAlertsOptions;

  /** `saved` is what the drawer `own_alert` holds. */
  constructor(options: OwnAlertsOptions, saved: ReadonlyMap<string, unknown> = new Map()) {
    this.#options = options;
    this.#alerts = new Map(saved as ReadonlyMap<string, Alert>);
  }

  get(name: string): Alert | undefined {
    return this.#alerts.get(name);
  }

  names(): readonly string[] {
    return [...this.#alerts.keys()];
  }

  /** Raises an alert, or puts another text into it; what it was called first it stays. */
  raise(name: string, alert: Alert): void {
    const known = this.#alerts.get(name);
    const same = known?.annotations['description'] === alert.annotations['description'];
    if (known !== undefined && same) return;
    const next = known === undefined ? alert : { ...known, annotations: alert.annotations };
    this.#put(name, next);
    this.#options.offer([next]);
  }

  /** Ends an alert; `withdrawn` when nobody looks any more, so that nothing is known to be well. */
  end(name: string, why: string, now: Instant, withdrawn = false): void {
    const known = this.#alerts.get(name);
    if (known === undefined) return;
    this.#put(name, undefined);
    this.#options.offer([
      {
        ...known,
        endsAt: now.wallMs,
        annotations: { ...known.annotations, resolved: why },
        ...(withdrawn ? { withdrawn } : {}),
      },
    ]);
  }

  /** Puts everything into the journal again, for a database that has begun anew. */
  resave(): void {
    for (const [name, alert] of this.#alerts) this.#put(name, alert);
  }

  #put(name: string, alert: Alert | undefined): void {
    if (alert === undefined) this.#alerts.delete(name);
    else this.#alerts.set(name, alert);
    this.#options.keep({ drawer: 'own_alert', name, value: alert });
  }
}
