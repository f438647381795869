import { counted } from '../model/counted.ts';
import type { DebouncePolicy } from '../model/check.ts';
import { elapsedMs, type Instant } from '../model/time.ts';
import { changeShare, failuresIn } from './history.ts';
import type { Judgement } from './debounce.ts';

/** Says in one sentence which rule decided and what it still waits for; shown by `why`. */
export function explain(judgement: Judgement, policy: DebouncePolicy, now: Instant): string {
  const { state, rule } = judgement;
  switch (rule) {
    case 'sound':
      return 'sound';
    case 'unknown':
      return `the agent could not look; the alert stays ${state.phase}`;
    case 'start_period':
      return 'start_period: failures do not count yet';
    case 'counting_failures':
      return `pending: ${failureCount(judgement, policy)}`;
    case 'for':
      return `pending: for ${left(policy.forMs, state.pendingSince, now)} more (for)`;
    case 'fired':
      return `fired: ${failureCount(judgement, policy)}`;
    case 'firing':
      return 'firing: still failing';
    case 'counting_successes':
      return `firing: ${state.successes} of ${policy.recoverAfter} successes in a row (recover_after)`;
    case 'keep_firing_for':
      return `firing: for ${left(policy.keepFiringForMs, state.soundSince, now)} more (keep_firing_for)`;
    case 'resolved':
      return `resolved: ${policy.recoverAfter} successes in a row (recover_after)`;
    case 'recovered_early':
      return 'sound again before the alert fired';
    case 'flapping_started':
    case 'flapping':
      return `flapping: ${flapShare(judgement, policy)}`;
    case 'flapping_ended':
      return 'firing: stopped flapping and is down';
    case 'severity_changed':
      return `firing: now ${state.level}`;
    default:
      return rule satisfies never;
  }
}

function failureCount({ state }: Judgement, { failAfter }: DebouncePolicy): string {
  if (failAfter.kind === 'consecutive') {
    return `${state.failures} of ${failAfter.failures} failures in a row (fail_after)`;
  }
  const failures = failuresIn(state.window);
  return `${failures} of ${failAfter.failures} failures among the last ${failAfter.of} (window)`;
}

function flapShare({ state }: Judgement, { flap }: DebouncePolicy): string {
  const messages = state.spared?.messages ?? 0;
  const heldBack = counted(messages, 'message');
  const spared = messages === 0 ? '' : `; ${heldBack} held back (flapping)`;
  if (flap === undefined) return `no longer watched for, until clearly up or down${spared}`;
  const share = changeShare(state.outcomes, flap.window);
  const ends = `ends at ${percent(flap.low)} and clearly up or down`;
  return `${percent(share)} of recent results changed, ${ends}${spared}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function left(wantedMs: number, since: Instant | undefined, now: Instant): string {
  const leftMs = wantedMs - (since === undefined ? 0 : elapsedMs(since, now));
  return `${Math.max(0, Math.ceil(leftMs / 1000))}s`;
}
