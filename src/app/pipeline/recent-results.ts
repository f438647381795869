import { recentResultsMax } from '../../model/limits.ts';
import type { RecordedResult } from '../../model/result.ts';

/** The latest results of each check, for the page, `why` and whoever judges by them. */
export class RecentResults {
  readonly #byCheck = new Map<string, RecordedResult[]>();

  /** Oldest first; empty for a check that has not run yet. */
  of(check: string): readonly RecordedResult[] {
    return this.#byCheck.get(check) ?? [];
  }

  add(result: RecordedResult): void {
    const recent = this.#byCheck.get(result.check) ?? [];
    this.#byCheck.set(result.check, recent);
    const last = recent.pop();
    // Only the latest result is exported as metrics; the older ones are kept for their verdict.
    if (last !== undefined) recent.push({ ...last, families: [] });
    recent.push(result);
    if (recent.length > recentResultsMax) recent.shift();
  }

  forget(check: string): void {
    this.#byCheck.delete(check);
  }
}
