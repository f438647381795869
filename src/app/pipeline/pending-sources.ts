import { alertLabels, type AlertOrigin, type Track } from '../../alerts/track.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Labels } from '../../model/labels.ts';
import { inhibitionHoldMs } from '../../model/limits.ts';
import type { InhibitRule } from '../../model/route.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import { Inhibition } from '../../routing/inhibition.ts';
import type { Mute } from '../../routing/mute.ts';

/**
 * Checks that have begun to fail, whose alert would inhibit others: what it would inhibit usually fires a
 * moment earlier, and waits for the verdict, but not for long.
 */
export class PendingSources {
  readonly #inhibition: Inhibition;
  readonly #isInUse: boolean;
  readonly #pending = new Set<string>();
  /** By check: fingerprints of the alerts that waited for it. */
  readonly #waiting = new Map<string, Set<string>>();

  constructor(rules: readonly InhibitRule[]) {
    this.#inhibition = new Inhibition(rules);
    this.#isInUse = rules.length > 0;
  }

  /** Takes in the state of a check; gives the alerts that need not wait for it any longer. */
  update(
    spec: CheckSpec,
    { state }: Track,
    origin: Pick<AlertOrigin, 'labels'>,
    now: Instant,
  ): readonly string[] {
    if (!this.#isInUse) return [];
    const { name } = spec;
    this.#inhibition.remove(name);
    this.#pending.delete(name);
    const since = state.pendingSince ?? now;
    if (state.phase === 'pending' && elapsedMs(since, now) < inhibitionHoldMs) {
      this.#pending.add(name);
      this.#inhibition.add(name, alertLabels(spec, origin, state.level));
      return [];
    }
    const waited = [...(this.#waiting.get(name) ?? [])];
    this.#waiting.delete(name);
    return waited;
  }

  /** The check that an alert with these labels has to wait for. */
  heldBy(labels: Labels): string | undefined {
    return this.#isInUse ? this.#inhibition.inhibitors(labels)[0] : undefined;
  }

  /** Notes that an alert was not told because of this, if the mute is one of a check that is pending. */
  note(fingerprint: string, mute: Mute | undefined): void {
    if (mute?.reason !== 'inhibition' || !this.#pending.has(mute.by)) return;
    this.#waiting.set(mute.by, (this.#waiting.get(mute.by) ?? new Set()).add(fingerprint));
  }
}
