import { humanDuration } from '../lib/duration.ts';
import { redactResult, type Redact } from '../lib/redact.ts';
import type { CheckSpec } from '../model/check.ts';
import {
  abandonRunAfterMs,
  deadlineLateMs,
  detailLinesMax,
  factsMax,
  lineLengthMax,
  partsMax,
  valuesMax,
} from '../model/limits.ts';
import { notOk, ok, type CheckResult, type RecordedResult } from '../model/result.ts';
import { elapsedMs, type Instant } from '../model/time.ts';
import type { CheckEnvironment, OpenCheck, RunContext } from './check-type.ts';

/** The reason a run's signal is aborted with. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(timeoutMs: number) {
    super(`no result within ${humanDuration(timeoutMs)}`);
  }
}

/** Checks with a run that was given up and has not come back, and when that run started. */
const hanging = new WeakMap<OpenCheck, Instant>();

/**
 * Runs a check once, under its deadline, which is set anew once if the agent itself stood still. Always
 * gives a result, never later than `abandonRunAfterMs` after the deadline: a run that throws is
 * `unknown`/`internal`, one that ignores its signal is given up as `critical`/`timeout`. A check is not
 * started again while such a run has not come back, since that may still hold what it took. Secrets in
 * what was found are masked by `redact`.
 */
export async function runCheck(
  open: OpenCheck,
  spec: Pick<CheckSpec, 'name' | 'timeoutMs' | 'expect'>,
  environment: CheckEnvironment,
  redact: Redact = (text) => text,
): Promise<RecordedResult> {
  const { clock } = environment;
  const startedAt = clock.now();
  const log: string[] = [];
  const found = await runUnderDeadline(open, spec.timeoutMs, environment, {
    startedAt,
    timeoutMs: spec.timeoutMs,
    log: (line) => void (log.length < detailLinesMax && log.push(line)),
  });
  const result = spec.expect === 'down' ? inverted(found) : found;
  return {
    check: spec.name,
    startedAt,
    durationMs: elapsedMs(startedAt, clock.now()),
    // Before anything is cut off: the rest of a secret could not be found.
    ...bounded(redactResult(explained(result, log), redact)),
  };
}

/**
 * Looks once, and gives up a look that does not end soon after its deadline. Never throws. A check whose
 * look was given up is not started again before that has come back.
 */
export async function runUnderDeadline(
  open: OpenCheck,
  timeoutMs: number,
  { clock }: Pick<CheckEnvironment, 'clock'>,
  context: Omit<RunContext, 'signal'>,
): Promise<CheckResult> {
  const hangingSince = hanging.get(open);
  if (hangingSince !== undefined) {
    const age = humanDuration(elapsedMs(hangingSince, context.startedAt));
    return notOk('critical', 'timeout', `still hanging: the run of ${age} ago has not come back`);
  }
  const deadline = new AbortController();
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  const giveUp = (): void => {
    hanging.set(open, context.startedAt);
    const summary = `no result within ${humanDuration(timeoutMs)}, and the run did not stop`;
    resolve(notOk('critical', 'timeout', summary));
  };
  const onDeadline = (): void => {
    deadline.abort(new DeadlineError(timeoutMs));
    cancel = clock.after(abandonRunAfterMs, giveUp);
  };
  let cancel = clock.after(timeoutMs, () => {
    const lateMs = elapsedMs(context.startedAt, clock.now()) - timeoutMs;
    // The agent itself stood still: the answer may be there and only has to be read.
    if (lateMs > deadlineLateMs) cancel = clock.after(timeoutMs, onDeadline);
    else onDeadline();
  });
  const run = async (): Promise<CheckResult> => {
    try {
      return await open.run({ ...context, signal: deadline.signal });
    } catch (error) {
      return thrown(error, deadline.signal);
    } finally {
      cancel();
      hanging.delete(open);
    }
  };
  return Promise.race([promise, run()]);
}

function thrown(error: unknown, signal: AbortSignal): CheckResult {
  if (signal.aborted) return notOk('critical', 'timeout', messageOf(signal.reason));
  return notOk('unknown', 'internal', `the check itself failed: ${messageOf(error)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The result of a negative test: down is what was wanted. Not having been able to look stays so. */
function inverted(result: CheckResult): CheckResult {
  const { status, summary, reason: _, ...found } = result;
  if (status === 'unknown') return result;
  return status === 'critical'
    ? ok(`down, as it should be: ${summary}`, found)
    : notOk('critical', 'status', `up, but should be down: ${summary}`, found);
}

/** A failure that says nothing more than its summary is explained by the log of the run. */
function explained(result: CheckResult, log: readonly string[]): CheckResult {
  if (result.status === 'ok' || result.detail.length > 0) return result;
  return { ...result, detail: log };
}

function bounded(result: CheckResult): CheckResult {
  const lines = result.detail.flatMap((text) => text.split('\n')).map(boundedLine);
  const omitted = lines.length - detailLinesMax;
  return {
    ...result,
    summary: boundedLine(result.summary),
    detail:
      omitted > 0
        ? [...lines.slice(0, detailLinesMax - 1), `… and ${omitted + 1} more lines`]
        : lines,
    values: result.values.slice(0, valuesMax),
    ...(result.facts === undefined
      ? {}
      : {
          facts: result.facts
            .slice(0, factsMax)
            .map((fact) => ({ ...fact, text: boundedLine(fact.text) })),
        }),
    ...(result.findings === undefined
      ? {}
      : {
          findings: result.findings
            .slice(0, partsMax)
            .map((found) => ({ ...found, summary: boundedLine(found.summary) })),
        }),
  };
}

/** One line, no longer than `lineLengthMax`, without the control characters that terminals obey. */
function boundedLine(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ').trimEnd();
  if (line.length <= lineLengthMax) return line;
  return `${line.slice(0, lineLengthMax - 1).toWellFormed()}…`;
}
