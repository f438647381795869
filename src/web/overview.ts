import { humanDuration } from '../lib/duration.ts';
import type { AgentSnapshot, CheckSnapshot } from '../model/snapshot.ts';
import { checkState, stateWord, worstFirst, type CheckState } from './check-words.ts';

/** Names in one sentence before the rest is only counted. */
const namesMax = 3;

export interface Overview {
  /** The state of the worst check; never `up` while something is wrong with the agent itself. */
  readonly state: CheckState;
  /** One sentence about the whole host. */
  readonly sentence: string;
  /** What else is worth knowing: checks that fail but are not told of, or cannot be judged. */
  readonly remarks: readonly string[];
}

/** Says how the host is doing, as a person would. */
export function overview(snapshot: AgentSnapshot): Overview {
  const checks = worstFirst(snapshot.checks);
  const [worst] = checks;
  if (worst === undefined) {
    return { state: 'waiting', sentence: 'Nothing is being watched yet.', remarks: [] };
  }
  const firing = checks.filter((check) => check.phase === 'firing');
  const up = checks.filter((check) => checkState(check) === 'up').length;
  const sentence =
    firing.length > 0
      ? `${firingSentence(firing, snapshot.now)}; ${up} of ${checks.length} up.`
      : calmSentence(checks, up);
  const state = checkState(worst);
  const ailing = snapshot.problems.length > 0 || !snapshot.lastReload.successful;
  return {
    state: state === 'up' && ailing ? 'failing' : state,
    sentence,
    remarks: remarks(checks),
  };
}

function firingSentence(firing: readonly CheckSnapshot[], now: number): string {
  const [first] = firing;
  if (firing.length === 1 && first !== undefined) {
    const ago = first.since === undefined ? '' : ` for ${humanDuration(now - first.since)}`;
    const state = checkState(first);
    if (state === 'recovering') return `${first.spec.name} is recovering`;
    if (state === 'unknown') return `${first.spec.name} cannot be judged${ago}`;
    if (state === 'warning') return `${first.spec.name} is at its warning limit${ago}`;
    return `${first.spec.name} is ${stateWord(first).toLowerCase()}${ago}`;
  }
  const words = new Set(firing.map(stateWord));
  const [word] = words;
  const same = words.size === 1 && word !== undefined && word !== 'Unknown' && word !== 'Warning';
  return `${nameList(firing)} ${same ? `are ${word.toLowerCase()}` : 'need attention'}`;
}

function calmSentence(checks: readonly CheckSnapshot[], up: number): string {
  const [first] = checks;
  if (up < checks.length) return `Nothing is alerting; ${up} of ${checks.length} checks up.`;
  if (checks.length === 1) return `${first?.spec.name ?? ''} is up.`;
  return `All ${checks.length} checks are up.`;
}

function remarks(checks: readonly CheckSnapshot[]): string[] {
  const quiet = checks.filter((check) => check.phase !== 'firing');
  const of = (state: CheckState): CheckSnapshot[] =>
    quiet.filter((check) => checkState(check) === state);
  const verb = (list: readonly CheckSnapshot[], one: string, several: string): string =>
    `${nameList(list)} ${list.length === 1 ? one : several}.`;
  const [failing, unknown, waiting] = [of('failing'), of('unknown'), of('waiting')];
  return [
    ...(failing.length === 0
      ? []
      : [verb(failing, 'is failing, not told yet', 'are failing, not told yet')]),
    ...(unknown.length === 0 ? [] : [verb(unknown, 'cannot be judged', 'cannot be judged')]),
    ...(waiting.length === 0
      ? []
      : [verb(waiting, 'waits for its first run', 'wait for their first run')]),
  ];
}

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
function nameList(checks: readonly CheckSnapshot[]): string {
  const names = checks.map((check) => check.spec.name);
  const shown = names.length > namesMax ? names.slice(0, namesMax) : names.slice(0, -1);
  const last = names.length > namesMax ? `${names.length - namesMax} more` : names.at(-1);
  return shown.length === 0 ? `${last}` : `${shown.join(', ')} and ${last}`;
}
