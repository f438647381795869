import type { LogEntry } from './decide.ts';
import { fingerprintOf } from './group.ts';

/** What one integration knows of one group, while a reload hands it around. */
export interface Belief {
  /** Identities of the alerts it knows to be firing, by fingerprint. */
  readonly firing: Map<string, string>;
  /** Fingerprints of those that it knows under another key. */
  readonly elsewhere: Set<string>;
  readonly rest: Omit<LogEntry, 'firing' | 'elsewhere'>;
}

/**
 * The notification log in a form that can be changed alert by alert: entries with thousands of alerts would
 * otherwise be copied for each of them. What was not changed comes back as the very same entry.
 */
export class Beliefs {
  readonly #log: ReadonlyMap<string, LogEntry>;
  readonly #opened = new Map<string, Belief>();

  constructor(log: ReadonlyMap<string, LogEntry>) {
    this.#log = log;
  }

  get(key: string): Belief | undefined {
    const known = this.#opened.get(key);
    const entry = this.#log.get(key);
    if (known !== undefined || entry === undefined) return known;
    const { firing, elsewhere, ...rest } = entry;
    const ids = new Map(firing.map((id) => [fingerprintOf(id), id]));
    const belief = { firing: ids, elsewhere: new Set(elsewhere), rest };
    this.#opened.set(key, belief);
    return belief;
  }

  begin(key: string, rest: Belief['rest']): Belief {
    const belief = { firing: new Map<string, string>(), elsewhere: new Set<string>(), rest };
    this.#opened.set(key, belief);
    return belief;
  }

  /** The entries of the keys that are still in use, without those that know nothing any more. */
  entries(isLive: (key: string) => boolean): Map<string, LogEntry> {
    const found = new Map<string, LogEntry>();
    for (const key of new Set([...this.#log.keys(), ...this.#opened.keys()])) {
      const entry = isLive(key) ? this.#entry(key) : undefined;
      if (entry !== undefined && entry.firing.length > 0) found.set(key, entry);
    }
    return found;
  }

  #entry(key: string): LogEntry | undefined {
    const former = this.#log.get(key);
    const belief = this.#opened.get(key);
    if (belief === undefined) return former;
    const { firing, elsewhere, rest } = belief;
    const still = [...elsewhere].filter((fingerprint) => firing.has(fingerprint));
    const isSame =
      former !== undefined &&
      former.firing.length === firing.size &&
      (former.elsewhere ?? []).length === still.length &&
      former.firing.every((id) => firing.get(fingerprintOf(id)) === id);
    if (isSame) return former;
    const ids = [...firing.values()];
    return { ...rest, firing: ids, ...(still.length === 0 ? {} : { elsewhere: still }) };
  }
}
