import { collectEvidence } from '../checks/host/evidence.ts';
import { hostPlaces } from '../checks/host/places.ts';
import type { Clock } from '../lib/clock.ts';
import type { Redact } from '../lib/redact.ts';
import type { CheckSpec } from '../model/check.ts';
import type { RecordedResult } from '../model/result.ts';
import { isOutside } from './watching/uplink-guard.ts';

/** Looks around on this host for what explains a failing check; never throws. */
export type CollectEvidence = (
  spec: CheckSpec,
  result: RecordedResult,
  clock: Clock,
) => Promise<readonly string[]>;

/** Looks at the real host. */
export const hostEvidence: CollectEvidence = async (spec, { units = [] }, clock) => {
  return collectEvidence({ units, isDisk: spec.type === 'disk' }, { places: hostPlaces, clock });
};

/**
 * What was found around failing checks of this host. It is collected at the first critical result, so
 * that it is there when the alert fires a few results later; nobody ever waits for it. It stays as it is
 * until the check is well again.
 */
export class Evidence {
  readonly #options: {
    readonly clock: Clock;
    readonly collect: CollectEvidence | undefined;
    readonly isOn: () => boolean;
    readonly redact: Redact;
    readonly onFound: (check: string, lines: readonly string[]) => void;
  };
  readonly #found = new Map<string, readonly string[]>();

  constructor(options: {
    readonly clock: Clock;
    /** Absent where there is no host to look at. */
    readonly collect: CollectEvidence | undefined;
    readonly isOn: () => boolean;
    readonly redact: Redact;
    /** Called once what was found is there: the check may fire already. */
    readonly onFound: (check: string, lines: readonly string[]) => void;
  }) {
    this.#options = options;
  }

  /** Takes note of a result before it is judged. */
  before(result: RecordedResult, spec: CheckSpec): void {
    const { clock, collect, isOn, redact, onFound } = this.#options;
    if (result.status === 'ok' || !isOn()) this.#found.delete(spec.name);
    if (result.status !== 'critical' || !isOn() || collect === undefined) return;
    if (this.#found.has(spec.name) || !isOfThisHost(spec)) return;
    const none: readonly string[] = [];
    this.#found.set(spec.name, none);
    void collect(spec, result, clock).then((lines) => {
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
