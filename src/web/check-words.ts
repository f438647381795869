import type { CheckTypeName } from '../model/check.ts';
import type { CheckSnapshot } from '../model/snapshot.ts';

/**
 * How people would call a check at this moment.
 *
 * - `down`, `warning`: its alert fires, with the latest result critical or warning.
 * - `recovering`: its alert still fires, but the latest result was sound.
 * - `failing`: the latest result was not sound, but nobody is told (yet).
 * - `unknown`: it could not look, which is never called down.
 * - `waiting`: it has not looked yet.
 */
export const checkStates = [
  'down',
  'warning',
  'recovering',
  'failing',
  'unknown',
  'waiting',
  'up',
] as const;
export type CheckState = (typeof checkStates)[number];

export function checkState({ phase, recent }: CheckSnapshot): CheckState {
  const status = recent.at(-1)?.status;
  if (status === undefined) return 'waiting';
  if (status === 'unknown') return 'unknown';
  if (phase === 'firing') {
    return status === 'critical' ? 'down' : status === 'warning' ? 'warning' : 'recovering';
  }
  return status === 'ok' && phase === 'inactive' ? 'up' : 'failing';
}

/** What these look at is there or is not; what the others look at is rather good or bad. */
const presentOrAbsent: ReadonlySet<CheckTypeName> = new Set([
  'http',
  'tcp',
  'dns',
  'icmp',
  'process',
  'systemd',
  'layers',
  'group',
]);

/** One word for the state of a check, such as `Down` for a service and `Critical` for a disk. */
export function stateWord(check: CheckSnapshot): string {
  const state = checkState(check);
  const presence = presentOrAbsent.has(check.spec.type);
  if (state === 'down') return presence ? 'Down' : 'Critical';
  if (state === 'up') return presence ? 'Up' : 'OK';
  return state.charAt(0).toUpperCase() + state.slice(1);
}

/** Whatever fires comes first, then by state, then in the order of the configuration. */
export function worstFirst(checks: readonly CheckSnapshot[]): CheckSnapshot[] {
  const rank = (check: CheckSnapshot): number =>
    (check.phase === 'firing' ? 0 : checkStates.length) + checkStates.indexOf(checkState(check));
  return checks.toSorted((a, b) => rank(a) - rank(b));
}
