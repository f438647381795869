import { humanDuration } from '../../lib/duration.ts';
import {
  schedulerLagWarningMs,
  setAsideReportedMs,
  undeliveredWarningMs,
} from '../../model/limits.ts';
import type { ReceiverSnapshot } from '../../model/snapshot.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import type { AgentHealth, HealthProblem } from '../../model/view.ts';

/** What the agent knows about itself, from every part that can be in trouble. */
export interface HealthInputs {
  readonly now: Instant;
  readonly storeFailure: string | undefined;
  readonly setAside: { readonly path: string; readonly at: Instant } | undefined;
  readonly referenceProblem?: string | undefined;
  readonly reloadError: string | undefined;
  readonly receivers: readonly ReceiverSnapshot[];
  /** What is wrong with the alerts that others post. */
  readonly postedProblem: string | undefined;
  readonly schedulerLagMs: number;
  /** Checks of which no run has ended for so long that they count as stalled. */
  readonly checksNotRun: readonly string[];
  readonly residentBytes: number;
}

/** Judges the agent itself. Each problem is one sentence that says what to look at. */
export function agentHealth(inputs: HealthInputs): AgentHealth {
  const { now, receivers } = inputs;
  const problems: HealthProblem[] = [];
  if (inputs.storeFailure !== undefined) {
    const summary = `cannot save state: ${inputs.storeFailure}`;
    problems.push({ critical: true, unsound: true, summary });
  }
  const { setAside } = inputs;
  if (setAside !== undefined && elapsedMs(setAside.at, now) < setAsideReportedMs) {
    problems.push({
      critical: true,
      summary: `the state database was damaged and set aside as ${setAside.path}; began a new one`,
    });
  }
  if (inputs.reloadError !== undefined) {
    const summary = `the configuration could not be reloaded, the old one runs on: ${inputs.reloadError}`;
    problems.push({ critical: false, summary });
  }
  if (inputs.postedProblem !== undefined) {
    problems.push({ critical: true, summary: inputs.postedProblem });
  }
  if (inputs.referenceProblem !== undefined) {
    problems.push({ critical: false, summary: inputs.referenceProblem });
  }
  for (const receiver of receivers) {
    const problem = receiverProblem(receiver);
    if (problem !== undefined) problems.push({ critical: false, summary: problem });
  }
  if (reachesNobody(receivers, now)) {
    const summary = 'no receiver takes messages: nobody can be told';
    problems.push({ critical: true, unsound: true, summary });
  }
  if (inputs.schedulerLagMs > schedulerLagWarningMs) {
    const lag = humanDuration(inputs.schedulerLagMs);
    const summary = `checks start ${lag} late: too many, or too slow`;
    problems.push({ critical: false, unsound: true, summary });
  }
  if (inputs.checksNotRun.length > 0) {
    const [first, ...others] = inputs.checksNotRun;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const summary = `no run of ${first}${more} has ended for too long: the scheduler is stuck`;
    problems.push({ critical: true, unsound: true, summary });
  }
  return {
    problems,
    outboxPending: receivers.reduce((sum, { pending }) => sum + pending, 0),
    outboxOldestMs: Math.max(0, ...receivers.map(({ oldestAgeMs }) => oldestAgeMs)),
    schedulerLagMs: inputs.schedulerLagMs,
    residentBytes: inputs.residentBytes,
  };
}

/**
 * Whether messages wait, and no receiver outside of this process is known to take any: neither was one taken
 * within that time, nor was yes the latest answer.
 */
function reachesNobody(receivers: readonly ReceiverSnapshot[], now: Instant): boolean {
  const others = receivers.filter(({ integration }) => integration !== 'terminal');
  const works = (receiver: ReceiverSnapshot): boolean => {
    const { lastSuccessAt, failing } = receiver;
    if (lastSuccessAt === undefined) return false;
    const isRecent = now.wallMs - lastSuccessAt < undeliveredWarningMs;
    return isRecent || (failing === undefined && !isOverdue(receiver));
  };
  return others.some(isOverdue) && !others.some(works);
}

/** Whether something waits for too long, other than for a rate limit. */
function isOverdue(receiver: ReceiverSnapshot): boolean {
  const isHeldBack = receiver.limited === true && receiver.failing === undefined;
  return receiver.oldestAgeMs >= undeliveredWarningMs && !isHeldBack;
}

function receiverProblem(receiver: ReceiverSnapshot): string | undefined {
  const { failing, pending, oldestAgeMs } = receiver;
  const name = `receiver ${receiver.receiver} (${receiver.integration})`;
  // With nothing waiting, the receiver refused for good: nobody will be told by trying again.
  if (failing !== undefined && pending === 0) return `${name} refuses: ${failing.detail}`;
  if (!isOverdue(receiver)) return undefined;
  const waiting = `${pending} waiting for ${humanDuration(oldestAgeMs)}`;
  return `${name} takes no messages, ${waiting}${failing === undefined ? '' : `: ${failing.detail}`}`;
}
