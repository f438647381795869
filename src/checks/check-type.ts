import type * as v from 'valibot';
import type { Clock } from '../lib/clock.ts';
import type { OutputOf } from '../lib/schema-atoms.ts';
import type { CheckSpec } from '../model/check.ts';
import type { CheckResult } from '../model/result.ts';
import type { Instant } from '../model/time.ts';
import type { AgentView } from '../model/view.ts';
import type { Probe } from './net/probe.ts';

/** What one run of a check is given. */
export interface RunContext {
  /** Aborted when the deadline is reached; `signal.reason` is a `DeadlineError`. */
  readonly signal: AbortSignal;
  /** The clock as read when the run started. */
  readonly startedAt: Instant;
  /** Milliseconds from `startedAt` to the deadline. */
  readonly timeoutMs: number;
  /** Keeps one line of the run's own log, shown by `check --verbose` and in the detail of a failure. */
  log(line: string): void;
}

/** One configured check, ready to run. Keeps what has to be remembered from one run to the next. */
export interface OpenCheck {
  /** Looks once. Never throws for anything the outside world does: that is a result. */
  run(context: RunContext): Promise<CheckResult>;
  /** Gives back what `open` took. Never fails. */
  close?(): void;
}

/** What checks want to know again after a restart of the agent: one small value each, saved as JSON. */
export interface CheckMemory {
  /** Undefined if nothing was kept; whatever a former version kept otherwise. */
  recall(check: string): unknown;
  keep(check: string, value: unknown): void;
}

/** What a check may use besides its own options. */
export interface CheckEnvironment {
  readonly clock: Clock;
  readonly view: AgentView;
  /** Absent where a check is looked at once, on the command line. */
  readonly memory?: CheckMemory;
}

/**
 * One kind of check: the keys it adds to the configuration, and how to look. Heavy libraries are
 * imported inside `open` or `run`, so that a kind nobody configured costs nothing.
 */
export interface CheckType<Entries extends v.ObjectEntries = v.ObjectEntries> {
  /** Keys of this type beside the common ones (`target`, its own block, thresholds, …). */
  readonly entries: Entries;
  /** A rule over several keys: the message of what is wrong, or undefined. */
  readonly refuse?: (options: OutputOf<Entries>) => string | undefined;
  /** What to show as the target; absent where the type has none. Never a secret. */
  readonly target?: (options: OutputOf<Entries>) => string | undefined;
  /** Names of other checks that the options speak of; each must be configured. */
  readonly references?: (options: OutputOf<Entries>) => readonly string[];
  readonly defaults?: { readonly intervalMs?: number; readonly timeoutMs?: number };
  open(spec: CheckSpec<OutputOf<Entries>>, environment: CheckEnvironment): OpenCheck;
  /** How modules use this type; set exactly for the types in `proberNames`. */
  readonly prober?: Prober;
}

/** A prober of blackbox_exporter: what a module says to it, and how it looks at a target. */
export interface Prober {
  readonly block: v.GenericSchema;
  /** What stands for a block that must have some key, where a module has no block at all. */
  readonly absent?: Readonly<Record<string, string>>;
  readonly probe: Probe<unknown>;
  /** The options for another host name than the target's; a text says why that cannot be. */
  readonly forHostname?: (options: unknown, hostname: string) => unknown;
}

/** Infers the options of a prober from its block; forgets them again for the table of all types. */
export function prober<Options>(one: {
  readonly block: v.GenericSchema<unknown, Options>;
  readonly absent?: Prober['absent'];
  readonly probe: Probe<Options>;
  readonly forHostname?: (options: Options, hostname: string) => Options | string;
}): Prober {
  return one as unknown as Prober;
}

/** Infers the options of a type from its entries; forgets them again for the table of all types. */
export function checkType<const Entries extends v.ObjectEntries>(
  type: CheckType<Entries>,
): CheckType {
  return type as unknown as CheckType;
}
