import type { Alert, AlertPhase } from '../model/alert.ts';

/**
 * The parent that makes telling of this alert pointless, if any. A parent that is only pending counts as
 * well: it usually fails a moment after its children, and its children can wait for the verdict.
 */
export function failingParent(
  alert: Alert,
  phaseOf: (check: string) => AlertPhase | undefined,
): string | undefined {
  return alert.dependsOn.find((parent) => {
    const phase = phaseOf(parent);
    return phase === 'firing' || phase === 'pending';
  });
}
