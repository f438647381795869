import type { Acknowledgement } from '../../model/acknowledgement.ts';
import type { Alert } from '../../model/alert.ts';
import { severities } from '../../model/check.ts';
import type { Instant } from '../../model/time.ts';
import type { PipelineJournal } from '../pipeline/pipeline.ts';

/** Somebody takes on an alert, named by its fingerprint, or all alerts of a check, by its name. */
export interface AckRequest {
  readonly alert: string;
  readonly by: string;
  readonly comment: string;
}

/** Who has taken on which firing alerts, by fingerprint. */
export class Acknowledgements {
  readonly #journal: PipelineJournal;
  readonly #known: Map<string, Acknowledgement>;

  /** `saved` is what the drawer `acknowledgement` holds. */
  constructor(journal: PipelineJournal, saved: ReadonlyMap<string, unknown> = new Map()) {
    this.#journal = journal;
    this.#known = new Map(saved as ReadonlyMap<string, Acknowledgement>);
  }

  get(fingerprint: string): Acknowledgement | undefined {
    return this.#known.get(fingerprint);
  }

  /**
   * Notes that somebody has taken on one alert of those that fire, or all of one name. Gives those of which
   * this is news, by fingerprint; undefined when nothing fires that is meant.
   */
  take(
    { alert: meant, by, comment }: AckRequest,
    firing: Iterable<{ readonly alert: Alert }>,
    at: Instant,
  ): ReadonlySet<string> | undefined {
    const news = new Set<string>();
    let found = false;
    for (const { alert } of firing) {
      const { fingerprint, labels } = alert;
      if (![fingerprint, labels['alertname'], labels['check']].includes(meant)) continue;
      found = true;
      if (this.#known.get(fingerprint)?.by !== by) news.add(fingerprint);
      this.#keep(fingerprint, { fingerprint, by, comment, at: at.wallMs });
    }
    return found ? news : undefined;
  }

  /**
   * An alert has ended, and with it what was said of it; unless the same check goes on at a severity that
   * is no worse.
   */
  end({ fingerprint, labels, supersededBy }: Alert): void {
    const known = this.#known.get(fingerprint);
    if (known === undefined) return;
    this.#keep(fingerprint, undefined);
    if (supersededBy === undefined) return;
    const isWorse = rank(supersededBy.severity) > rank(labels['severity']);
    if (!isWorse) this.rename(known, supersededBy.fingerprint);
  }

  /** The alert goes on under other labels. */
  rename(known: Acknowledgement, fingerprint: string): void {
    this.#keep(known.fingerprint, undefined);
    this.#keep(fingerprint, { ...known, fingerprint });
  }

  /** Forgets those of alerts that fire no longer. */
  keepOnly(isFiring: (fingerprint: string) => boolean): void {
    for (const fingerprint of this.#known.keys()) {
      if (!isFiring(fingerprint)) this.#keep(fingerprint, undefined);
    }
  }

  /** Puts everything into the journal again, for a database that has begun anew. */
  resave(): void {
    for (const [name, value] of this.#known) {
      this.#journal.keep({ drawer: 'acknowledgement', name, value, durable: true });
    }
  }

  #keep(name: string, value: Acknowledgement | undefined): void {
    if (value === undefined) this.#known.delete(name);
    else this.#known.set(name, value);
    this.#journal.keep({ drawer: 'acknowledgement', name, value, durable: true });
  }
}

function rank(severity: string | undefined): number {
  return severities.findIndex((one) => one === severity);
}
