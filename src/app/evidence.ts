import type { Redact } from '../lib/redact.ts';
import type { CheckSpec } from '../model/check.ts';
import type { RecordedResult } from '../model/result.ts';
import { isOutside } from './watching/uplink-guard.ts';

/** Looks around on this host for what explains a failing check. */
export interface EvidenceSource {
  /** Takes in a result, to know later what is gone by then. Returns at once, and never throws. */
  note?(spec: CheckSpec, result: RecordedResult): void;
  /** Never rejects. */
  collect(spec: CheckSpec, result: RecordedResult): Promise<readonly string[]>;
}

/**
 * What was found around failing checks of this host. It is collected at the first critical result, so
 * that it is there when the alert fires a few results later; nobody ever waits for it. It stays as it is
 * until the check is well again.
 */
export class Evidence {
  readonly #options: {
    readonly source: EvidenceSource | undefined;
    readonly isOn: () => boolean;
    readonly redact: Redact;
    readonly onFound: (check: string, lines: readonly string[]) => void;
  };
  readonly #found = new Map<string, readonly string[]>();

  constructor(options: {
    /** Absent where there is no host to look at. */
    readonly source: EvidenceSource | undefined;
    readonly isOn: () => boolean;
    readonly redact: Redact;
    /** Called once what was found is there: the check may fire already. */
    readonly onFound: (check: string, lines: readonly string[]) => void;
  }) {
    this.#options = options;
  }

  /** Takes note of a result before it is judged. */
  before(result: RecordedResult, spec: CheckSpec): void {
    const { source, isOn, redact, onFound } = this.#options;
    if (result.status === 'ok' || !isOn()) this.#found.delete(spec.name);
    if (source === undefined || !isOn() || !isOfThisHost(spec)) return;
    source.note?.(spec, result);
    if (result.status !== 'critical' || this.#found.has(spec.name)) return;
    const none: readonly string[] = [];
    this.#found.set(spec.name, none);
    void source.collect(spec, result).then((lines) => {
      // Well again, or looked at anew, in the meantime: then it says nothing any more.
      if (this.#found.get(spec.name) !== none) return;
      const told = lines.map(redact);
      this.#found.set(spec.name, told);
      onFound(spec.name, told);
    });
  }

  of(check: string): readonly string[] {
    return this.#found.get(check) ?? [];
  }
}

/** Types that say nothing about this host itself. */
const elsewhere: ReadonlySet<string> = new Set([
  'group',
  'heartbeat',
  'agent',
  'remote',
  'llm',
  'icmp',
  'dns',
]);

function isOfThisHost(spec: CheckSpec): boolean {
  return !elsewhere.has(spec.type) && !isOutside(spec);
}
