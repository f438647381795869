import type { AlertPhase } from '../model/alert.ts';
import type { DebouncePolicy, Severity } from '../model/check.ts';
import type { Status } from '../model/result.ts';
import { elapsedMs, type Instant, type SteadyMs } from '../model/time.ts';
import { changeShare, failuresIn, remember } from './history.ts';

/*
 * From results to an alert.
 *
 * inactive  The check is sound. The first failure makes it pending.
 * pending   It failed, but not clearly yet. It fires once the failures satisfy `failAfter` (in a row, or
 *           m of the last n) and `forMs` has passed since the first of them. It falls back to inactive
 *           when a row is broken by a success, or when no failure is left among the last n.
 * firing    People may be told. It resolves once `recoverAfter` successes came in a row and
 *           `keepFiringForMs` has passed since the first of them; a failure starts that count again.
 *
 * `unknown` says nothing about the check: it changes no count and no phase. Failures during the start
 * period are not counted until the first success, or the period's end.
 *
 * Flapping: when the share of changes among the last `window` outcomes reaches `high`, the alert fires at
 * once, which is told once, and keeps firing. Nothing more is told while it lasts: what the usual rules
 * would have told is only counted. It ends once the share has come down to `low` and a usual rule has come
 * to a conclusion: enough successes, and the alert resolves; or enough failures, which is told once more.
 * A policy that no longer watches for flapping lets it end in the same way.
 *
 * Severity follows the results: an alert fires with the severity of the result that completed the
 * debounce. It rises after as many critical results in a row as firing took failures, and falls after
 * `recoverAfter` results in a row of the lower severity.
 */

export interface AlertState {
  readonly phase: AlertPhase;
  /** Failures and successes in a row, `unknown` left out. */
  readonly failures: number;
  readonly successes: number;
  /** Outcomes for the m-of-n rule, newest last: `f` or `s`; begins anew when the alert resolves. */
  readonly window: string;
  /** Outcomes for the flapping rule, newest last. */
  readonly outcomes: string;
  /** The first failure of this phase of pending. */
  readonly pendingSince?: Instant;
  readonly firingSince?: Instant;
  /** When it was last neither pending nor firing any more; absent while it never was either. */
  readonly inactiveSince?: Instant;
  /** The first success of the present row of successes while firing. */
  readonly soundSince?: Instant;
  /** Whether the alert speaks of a warning or of something critical; kept while pending and firing. */
  readonly level: 'warning' | 'critical';
  /** Results in a row at another level than `level`. */
  readonly otherLevel: number;
  readonly flapping: boolean;
  /** While flapping: what people would believe without the rule of flapping, and what they were spared. */
  readonly spared?: Spared;
  /** It flapped, and has been plainly down since. */
  readonly flapped?: true;
  /** Whether a success was seen since the start period began. */
  readonly settled: boolean;
  /** The latest start of what is watched from which a start period counts. */
  readonly subjectSince?: SteadyMs;
}

/** What the usual rules would have done with a flapping check. */
export interface Spared {
  readonly down: boolean;
  /** Messages that were not sent. */
  readonly messages: number;
  readonly failingSince?: Instant;
}

export const initialState: AlertState = {
  phase: 'inactive',
  failures: 0,
  successes: 0,
  window: '',
  outcomes: '',
  level: 'critical',
  otherLevel: 0,
  flapping: false,
  settled: false,
};

/** Which rule decided, or held back the decision. */
export const rules = [
  'sound',
  'unknown',
  'start_period',
  'counting_failures',
  'for',
  'fired',
  'firing',
  'counting_successes',
  'keep_firing_for',
  'resolved',
  'recovered_early',
  'flapping_started',
  'flapping',
  'flapping_ended',
  'severity_changed',
] as const;
export type Rule = (typeof rules)[number];

export interface Judgement {
  readonly state: AlertState;
  readonly rule: Rule;
  /** What receivers may have to hear of. `changed`: still firing, but something about it is new. */
  readonly transition?: 'fired' | 'resolved' | 'changed';
  /** What the usual rules would have told, had the check not been flapping. */
  readonly spared?: 'fired' | 'resolved';
  /** Neither clearly up nor down: the next run may come after the retry interval. */
  readonly undecided: boolean;
}

/** Judges one result. `inStartPeriod` says whether the check's start period is still running. */
export function judge(
  state: AlertState,
  status: Status,
  policy: DebouncePolicy,
  now: Instant,
  inStartPeriod = false,
): Judgement {
  if (status === 'unknown') return { state, rule: 'unknown', undecided: false };
  const failed = status !== 'ok';
  if (failed && inStartPeriod && !state.settled) {
    return { state, rule: 'start_period', undecided: true };
  }
  const counted = count(state, status, policy);
  const flapping = judgeFlapping(counted, status, policy, now);
  if (flapping !== undefined) return flapping;
  switch (counted.phase) {
    case 'inactive':
    case 'pending':
      return failed ? judgeFailing(counted, status, policy, now) : judgeSound(counted, policy, now);
    case 'firing':
      return failed ? judgeStillFailing(counted, policy) : judgeRecovering(counted, policy, now);
    default:
      return counted.phase satisfies never;
  }
}

/** Takes the outcome into every count. */
function count(state: AlertState, status: Status, policy: DebouncePolicy): AlertState {
  const failed = status !== 'ok';
  const outcome = failed ? 'f' : 's';
  const windowSize = policy.failAfter.kind === 'window' ? policy.failAfter.of : 0;
  return {
    ...state,
    failures: failed ? state.failures + 1 : 0,
    successes: failed ? 0 : state.successes + 1,
    window: remember(state.window, outcome, windowSize),
    outcomes: remember(state.outcomes, outcome, policy.flap?.window ?? 0),
    otherLevel: failed && status !== state.level ? state.otherLevel + 1 : 0,
    settled: state.settled || !failed,
  };
}

/** Undefined where the usual rules decide. */
function judgeFlapping(
  state: AlertState,
  status: Status,
  policy: DebouncePolicy,
  now: Instant,
): Judgement | undefined {
  const share = policy.flap === undefined ? 0 : changeShare(state.outcomes, policy.flap.window);
  if (state.flapping) return goOnFlapping(state, status, policy, now, share);
  if (policy.flap === undefined || share < policy.flap.high) return undefined;
  const wasFiring = state.phase === 'firing';
  const level = status === 'ok' ? state.level : levelOf(status);
  return {
    state: {
      ...omit(state, 'pendingSince', 'soundSince', 'flapped'),
      phase: 'firing',
      firingSince: state.firingSince ?? now,
      ...(status === 'ok' ? { soundSince: now } : {}),
      level: wasFiring ? state.level : level,
      otherLevel: wasFiring ? state.otherLevel : 0,
      flapping: true,
      spared: { down: true, messages: 0 },
    },
    rule: 'flapping_started',
    transition: wasFiring ? 'changed' : 'fired',
    undecided: false,
  };
}

/** A flapping check after one more outcome. `share` is that of changes; 0 when nobody watches it. */
function goOnFlapping(
  counted: AlertState,
  status: Status,
  policy: DebouncePolicy,
  now: Instant,
  share: number,
): Judgement {
  const failed = status !== 'ok';
  const before = counted.spared ?? { down: true, messages: 0 };
  const failingSince = failed ? (before.failingSince ?? now) : undefined;
  const soundSince = failed ? undefined : (counted.soundSince ?? now);
  const state: AlertState = {
    ...omit(counted, 'soundSince'),
    ...(soundSince === undefined ? {} : { soundSince }),
  };
  const isOver = share <= (policy.flap?.low ?? 0);
  const down = failed && enoughFailures(state, policy);
  const up = !failed && enoughSuccesses(state, policy, now);
  if (isOver && up) return resolve(state, now);
  if (isOver && down) {
    return {
      state: { ...omit(state, 'spared'), flapping: false, flapped: true },
      rule: 'flapping_ended',
      transition: 'changed',
      undecided: false,
    };
  }
  const firedAnew = !before.down && down && elapsedMs(failingSince ?? now, now) >= policy.forMs;
  const spared = firedAnew ? 'fired' : before.down && up ? 'resolved' : undefined;
  return {
    state: {
      ...state,
      // As after any resolve, counting m of n begins anew.
      window: spared === 'resolved' ? '' : state.window,
      spared: {
        down: spared === undefined ? before.down : firedAnew,
        messages: before.messages + (spared === undefined ? 0 : 1),
        ...(failingSince === undefined ? {} : { failingSince }),
      },
    },
    rule: 'flapping',
    ...(spared === undefined ? {} : { spared }),
    undecided: false,
  };
}

function judgeFailing(
  state: AlertState,
  status: Status,
  policy: DebouncePolicy,
  now: Instant,
): Judgement {
  const pendingSince = state.pendingSince ?? now;
  const level = levelOf(status);
  const pending: AlertState = { ...state, phase: 'pending', pendingSince, level, otherLevel: 0 };
  if (!enoughFailures(state, policy)) {
    return { state: pending, rule: 'counting_failures', undecided: true };
  }
  if (elapsedMs(pendingSince, now) < policy.forMs) {
    return { state: pending, rule: 'for', undecided: true };
  }
  return {
    state: { ...omit(pending, 'pendingSince'), phase: 'firing', firingSince: now },
    rule: 'fired',
    transition: 'fired',
    undecided: false,
  };
}

function judgeSound(state: AlertState, policy: DebouncePolicy, now: Instant): Judgement {
  const stillFailing = policy.failAfter.kind === 'window' && state.window.includes('f');
  if (state.phase === 'pending' && stillFailing) {
    return { state, rule: 'counting_failures', undecided: true };
  }
  const wasPending = state.phase === 'pending';
  return {
    state: {
      ...omit(state, 'pendingSince'),
      phase: 'inactive',
      ...(wasPending ? { inactiveSince: now } : {}),
    },
    rule: wasPending ? 'recovered_early' : 'sound',
    undecided: false,
  };
}

function judgeStillFailing(state: AlertState, policy: DebouncePolicy): Judgement {
  const failing = omit(state, 'soundSince');
  const needed = state.level === 'warning' ? failuresNeeded(policy) : policy.recoverAfter;
  if (state.otherLevel < needed) return { state: failing, rule: 'firing', undecided: false };
  const level = state.level === 'warning' ? 'critical' : 'warning';
  return {
    state: { ...failing, level, otherLevel: 0 },
    rule: 'severity_changed',
    transition: 'changed',
    undecided: false,
  };
}

function judgeRecovering(state: AlertState, policy: DebouncePolicy, now: Instant): Judgement {
  const sound: AlertState = { ...state, soundSince: state.soundSince ?? now };
  if (enoughSuccesses(sound, policy, now)) return resolve(sound, now);
  const counting = sound.successes < policy.recoverAfter;
  return {
    state: sound,
    rule: counting ? 'counting_successes' : 'keep_firing_for',
    undecided: true,
  };
}

function resolve(state: AlertState, now: Instant): Judgement {
  return {
    state: {
      ...omit(state, 'soundSince', 'firingSince', 'spared', 'flapped'),
      phase: 'inactive',
      inactiveSince: now,
      flapping: false,
      window: '',
    },
    rule: 'resolved',
    transition: 'resolved',
    undecided: false,
  };
}

/** Whether what is watched does its work: an alert that is only a warning says nothing else. */
export function isUp({ phase, level }: Pick<AlertState, 'phase' | 'level'>): boolean {
  return phase !== 'firing' || level === 'warning';
}

/** Whether any result has said something about the check: `unknown` ones never do. */
export function isJudged({ phase, failures, successes }: AlertState): boolean {
  return phase !== 'inactive' || failures + successes > 0;
}

/** Failures that firing takes: in a row, or m of the last n. */
export function failuresNeeded(policy: DebouncePolicy): number {
  return policy.failAfter.failures;
}

function enoughFailures(state: AlertState, policy: DebouncePolicy): boolean {
  if (policy.failAfter.kind === 'consecutive') return state.failures >= policy.failAfter.failures;
  return failuresIn(state.window) >= policy.failAfter.failures;
}

function enoughSuccesses(state: AlertState, policy: DebouncePolicy, now: Instant): boolean {
  if (state.successes < policy.recoverAfter) return false;
  return elapsedMs(state.soundSince ?? now, now) >= policy.keepFiringForMs;
}

function levelOf(status: Status): AlertState['level'] {
  return status === 'warning' ? 'warning' : 'critical';
}

/** The severity that people are told: what the check is worth, but never more than the result says. */
export function severityOf(level: AlertState['level'], configured: Severity): Severity {
  return level === 'warning' && configured === 'critical' ? 'warning' : configured;
}

function omit(
  state: AlertState,
  ...keys: readonly ('pendingSince' | 'soundSince' | 'firingSince' | 'spared' | 'flapped')[]
): AlertState {
  const copy: { -readonly [K in keyof AlertState]: AlertState[K] } = { ...state };
  for (const key of keys) delete copy[key];
  return copy;
}
