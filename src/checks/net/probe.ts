import type { Clock } from '../../lib/clock.ts';
import type { CheckResult } from '../../model/result.ts';
import type { CheckEnvironment, OpenCheck } from '../check-type.ts';
import type { Gate } from './gate.ts';
import { createHold } from '../threshold.ts';
import { judgeThresholds, type ProbeThresholds } from './probe-thresholds.ts';
import type { TlsEvidence } from './tls/tls-evidence.ts';

/** What a probe needs of the world; `/probe` and a configured check both have it. */
export interface ProbeContext {
  readonly clock: Clock;
  /** Aborted at the deadline. */
  readonly signal: AbortSignal;
  /** Milliseconds from the start to the deadline, for sentences about it. */
  readonly timeoutMs: number;
  /** Keeps one line of the probe's log. */
  log(line: string): void;
  /** The same for what only somebody who looks for a fault wants to read. */
  debug?(line: string): void;
  /** Told of each TLS handshake what it showed, and of each new connection that nothing is known yet. */
  sawTls?(evidence: TlsEvidence | undefined): void;
  /** What it may reach; absent where the configuration names the target itself. */
  readonly gate?: Gate;
}

/** What a probe found, with the families of blackbox_exporter that belong to it. */
export type ProbeOutcome = CheckResult;

/** One look at a target. Never throws for anything the outside world does. */
export type Probe<Options> = (
  target: string,
  options: Options,
  context: ProbeContext,
) => Promise<ProbeOutcome>;

/**
 * Makes a configured check of a probe. `thresholds` are judged where the probe itself found all well; the
 * options of a type with `thresholdEntries` can be given as they are. `name` is that of the check.
 */
export function openProbe<Options>(
  probe: Probe<Options>,
  target: string,
  options: Options,
  environment: CheckEnvironment,
  thresholds: ProbeThresholds = {},
  name = '',
): OpenCheck {
  const { clock } = environment;
  const hold = createHold(name, environment.view);
  return {
    async run(context) {
      const startMs = clock.now().steadyMs;
      const outcome = await probe(target, options, {
        clock,
        signal: context.signal,
        timeoutMs: context.timeoutMs,
        log: (line) => context.log(line),
      });
      return judgeThresholds(outcome, clock.now().steadyMs - startMs, thresholds, hold);
    },
  };
}
