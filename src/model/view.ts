import type { AlertPhase } from './alert.ts';
import type { CheckResult } from './result.ts';
import type { SteadyMs, WallMs } from './time.ts';

/** What is known of one check at this moment, debounced and raw. */
export interface CheckView {
  readonly phase: AlertPhase;
  /** Whether people would call it up: no alert of it fires, or only one that is a warning. */
  readonly up: boolean;
  /** Whether that is known: no look could tell yet, or none for too long, if not. */
  readonly known: boolean;
  readonly latest: CheckResult;
}

/** Reports a job sent to `/ping/NAME`. Survives restarts. */
export interface HeartbeatRecord {
  readonly lastSuccessAt?: WallMs;
  readonly lastStartAt?: WallMs;
  /** The latest report said the job failed, with its exit code where one was given. */
  readonly failed?: { readonly at: WallMs; readonly exitCode?: number; readonly output?: string };
  /** When the agent first expected this job. */
  readonly since: WallMs;
  /** From where `every` counts: the latest success, or `since`. Records of older versions lack it. */
  readonly countedFrom?: SteadyMs;
}

/** One thing that is wrong with the agent, as a sentence that says what to look at. */
export interface HealthProblem {
  readonly summary: string;
  readonly critical: boolean;
  /** Scheduler, store or outbox do not do their work: whoever waits for the heartbeat must hear of it. */
  readonly unsound?: true;
}

/** How the agent itself is doing; judged by the check type `agent`. */
export interface AgentHealth {
  readonly problems: readonly HealthProblem[];
  readonly outboxPending: number;
  readonly outboxOldestMs: number;
  readonly schedulerLagMs: number;
  readonly residentBytes: number;
}

/** What a check may know of the rest of the agent. */
export interface AgentView {
  check(name: string): CheckView | undefined;
  /** Whether the alert of a check fires, known also before its first run; absent without alerts. */
  readonly isFiring?: (name: string) => boolean;
  heartbeat(name: string): HeartbeatRecord | undefined;
  health(): AgentHealth;
}
