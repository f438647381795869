import { humanDuration } from '../../lib/duration.ts';
import {
  fromWorst,
  notOk,
  ok,
  type CheckResult,
  type FailureReason,
  type MeasuredValue,
  type Status,
} from '../../model/result.ts';
import { reasonNotRun } from './missing-program.ts';
import type { ProgramAnswer } from './patient-programs.ts';

/** Why a file says nothing, as the result that it comes to. */
export interface FileTrouble {
  readonly status: Exclude<Status, 'ok'>;
  readonly reason: FailureReason;
  /** Names the path. */
  readonly trouble: string;
}

/** What a program that was asked about a file comes to where it gave no answer. */
export function troubleWith(
  path: string,
  answer: Exclude<ProgramAnswer, { readonly kind: 'answer' }>,
  right = 'to read it',
): FileTrouble {
  if (answer.kind === 'silent') {
    const trouble = `${path} hangs: its file system has not answered for ${humanDuration(answer.silentMs)}`;
    return { status: 'critical', reason: 'timeout', trouble };
  }
  const { message } = answer;
  if (/permission denied|operation not permitted/i.test(message)) {
    const trouble = `the user of the agent lacks the right ${right}: ${path}. Grant it with a group, or setfacl -m u:USER:r (x for folders)`;
    return { status: 'unknown', reason: 'permission', trouble };
  }
  if (/no such file|not a directory/i.test(message)) {
    return { status: 'critical', reason: 'missing', trouble: `${path} does not exist` };
  }
  const notRun = reasonNotRun(message);
  if (notRun !== undefined) {
    const trouble = notRun === 'missing' ? `${message}: install coreutils` : message;
    return { status: 'unknown', reason: notRun, trouble };
  }
  return { status: 'critical', reason: 'protocol', trouble: `${path} cannot be read: ${message}` };
}

/** One result of everything that is wrong, named after the worst; `healthy` is said if nothing is. */
export function resultOfTroubles(
  troubles: readonly FileTrouble[],
  healthy: string,
  values: readonly MeasuredValue[],
): CheckResult {
  const sorted = fromWorst(troubles);
  const [worst, ...rest] = sorted;
  if (worst === undefined) return ok(healthy, { values });
  const detail = rest.length === 0 ? [] : sorted.map(({ trouble }) => trouble);
  return notOk(worst.status, worst.reason, worst.trouble, { values, detail });
}
