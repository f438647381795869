import type { Alert } from '../model/alert.ts';
import type { RecordedResult } from '../model/result.ts';
import { elapsedMs } from '../model/time.ts';
import type { AlertState } from './debounce.ts';

/** What has to be known of the other checks. */
export interface Relatives {
  /** Undefined for a check that has not run yet. */
  readonly stateOf: (check: string) => AlertState | undefined;
  readonly latestOf: (check: string) => RecordedResult | undefined;
  /** Names of the checks that a check depends on directly. */
  readonly parentsOf: (check: string) => readonly string[];
}

/**
 * The parent, or its parent and so on, that makes telling of this alert pointless, if any. One that is only
 * pending counts as well: it usually fails a moment after its children, and these can wait for the verdict.
 * Once it has recovered, a child that fired meanwhile is told when a look after that fails again: what an
 * earlier look found was the failure of the parent.
 */
export function failingParent(alert: Alert, relatives: Relatives): string | undefined {
  const check = alert.labels['check'] ?? '';
  const isOfCheck = alert.labels['alertname'] === check;
  return ancestors(alert.dependsOn, relatives).find((parent) => {
    const state = relatives.stateOf(parent);
    if (state === undefined) return false;
    return state.phase !== 'inactive' || (isOfCheck && mayHaveEnded(check, state, relatives));
  });
}

/** Whether a check that fired while its parent failed has not shown yet that it fails by itself. */
function mayHaveEnded(
  check: string,
  { inactiveSince }: AlertState,
  { stateOf, latestOf }: Relatives,
): boolean {
  const firingSince = stateOf(check)?.firingSince;
  if (inactiveSince === undefined || firingSince === undefined) return false;
  if (elapsedMs(firingSince, inactiveSince) < 0) return false;
  const latest = latestOf(check);
  if (latest === undefined || latest.status === 'ok') return true;
  return elapsedMs(inactiveSince, latest.startedAt) < 0;
}

/** Parents before grandparents, each once. */
function ancestors(parents: readonly string[], { parentsOf }: Relatives): string[] {
  const found = new Set(parents);
  for (const one of found) for (const parent of parentsOf(one)) found.add(parent);
  return [...found];
}
