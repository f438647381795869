import type { Labels } from './labels.ts';

export const checkTypeNames = [
  'http',
  'tcp',
  'dns',
  'icmp',
  'grpc',
  'unix',
  'websocket',
  'command',
  'heartbeat',
  'disk',
  'mount',
  'memory',
  'oom',
  'cpu',
  'load',
  'reboot',
  'process',
  'log',
  'systemd',
  'clock',
  'certificate',
  'port',
  'redis',
  'file',
  'postgres',
  'smtp',
  'docker',
  'nginx',
  'caddy',
  'layers',
  'llm',
  'openclaw',
  'remote',
  'agent',
  'group',
] as const;
export type CheckTypeName = (typeof checkTypeNames)[number];

/** The check types that are probers of blackbox_exporter: a module names one of them. */
export const proberNames = ['http', 'tcp', 'icmp', 'dns', 'grpc', 'unix', 'websocket'] as const;
export type ProberName = (typeof proberNames)[number];

export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** When a check runs: every so often, or at the times of a cron expression. */
export type CheckSchedule =
  | { readonly kind: 'interval'; readonly intervalMs: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timeZone?: string };

/**
 * How results become an alert. Failing is `failAfter` (in a row, or so many of the last few) and for at
 * least `forMs`; sound again is `recoverAfter` successes in a row and for at least `keepFiringForMs`.
 */
export interface DebouncePolicy {
  readonly failAfter:
    | { readonly kind: 'consecutive'; readonly failures: number }
    | { readonly kind: 'window'; readonly failures: number; readonly of: number };
  readonly forMs: number;
  readonly recoverAfter: number;
  readonly keepFiringForMs: number;
  /** Interval between runs while neither clearly up nor down; the check's own interval if absent. */
  readonly retryIntervalMs?: number;
  /** Shares (0 to 1) of changes among the last `window` results that start and end flapping. */
  readonly flap?: { readonly window: number; readonly high: number; readonly low: number };
}

/** One check as configured: common keys resolved, the keys of its type in `options`. */
export interface CheckSpec<Options = unknown> {
  readonly name: string;
  readonly type: CheckTypeName;
  /** What is looked at, in a form that is safe to show; absent where a type has no target. */
  readonly target?: string;
  readonly schedule: CheckSchedule;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly severity: Severity;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly dependsOn: readonly string[];
  readonly expect: 'up' | 'down';
  /** Whether it looks outside of this host and its network; absent means: as its target says. */
  readonly outside?: boolean;
  readonly debounce: DebouncePolicy;
  readonly options: Options;
}

/** Milliseconds after which a check that reported nothing is overdue by one run. */
export function nominalIntervalMs(schedule: CheckSchedule): number {
  return schedule.kind === 'interval' ? schedule.intervalMs : 60_000;
}
