import { humanDuration } from '../../lib/duration.ts';
import { timerLateMs } from '../../model/limits.ts';
import type { FailureReason, Status } from '../../model/result.ts';
import { whyItEnded } from './unit-end.ts';

/** Properties of a unit, as `systemctl show` prints them. */
export type UnitProperties = ReadonlyMap<string, string>;

/** What `judgeUnit` needs to know of a unit. */
export const unitProperties = [
  'Id',
  'Type',
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'NRestarts',
  'ExecMainCode',
  'ExecMainStatus',
  'InactiveExitTimestampMonotonic',
  'Restart',
  'StartLimitBurst',
  'LastTriggerUSec',
  'NextElapseUSecRealtime',
] as const;

/** Reads the output of `systemctl show`: one block of `Name=value` lines for each unit. */
export function parseUnits(text: string): readonly UnitProperties[] {
  return text
    .split(/\n\s*\n/)
    .map(
      (block) =>
        new Map(
          [...block.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
        ),
    )
    .filter((properties) => properties.has('Id'));
}

/** Reads the names out of `systemctl list-units --plain --no-legend`; older versions print a dot first. */
export function parseUnitNames(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => /^[\s●*×]*([^\s●*×]\S*)/u.exec(line)?.[1] ?? []);
}

export interface UnitFinding {
  readonly unit: string;
  readonly status: Status;
  readonly reason: FailureReason;
  /** Names the unit. */
  readonly sentence: string;
  /** How often systemd restarted it by itself; absent for units that it does not restart. */
  readonly restarts?: number;
  /** When it was last started, in seconds since the boot; absent if it never was. */
  readonly startedSeconds?: number;
  /** When a timer last started its unit, in Unix milliseconds; absent for other units, and if it never did. */
  readonly triggeredMs?: number;
}

/** Judges one unit by its state (systemd(1), "UNITS"). */
export function judgeUnit(properties: UnitProperties, nowMs: number): UnitFinding {
  const unit = properties.get('Id') ?? '';
  const state = judgeState(properties);
  const late = state.status === 'ok' ? lateTimer(properties, nowMs) : undefined;
  const found = late ?? state;
  const triggeredMs = timestampMs(properties.get('LastTriggerUSec'));
  const restarts = Number(properties.get('NRestarts') ?? Number.NaN);
  const startedUs = Number(properties.get('InactiveExitTimestampMonotonic') ?? 0);
  return {
    unit,
    status: found.status,
    reason: found.reason ?? 'status',
    sentence: `${unit} ${found.text}${restarted(restarts)}${found.end ?? ''}`,
    ...(Number.isFinite(restarts) ? { restarts } : {}),
    ...(startedUs > 0 ? { startedSeconds: startedUs / 1e6 } : {}),
    ...(triggeredMs === undefined ? {} : { triggeredMs }),
  };
}

function restarted(times: number): string {
  if (!(times > 0)) return '';
  return `, restarted ${times === 1 ? 'once' : `${times} times`}`;
}

/** A timer that waits for a time which has passed: it did not run when it should have. */
function lateTimer(properties: UnitProperties, nowMs: number): StateFinding | undefined {
  const nextMs = timestampMs(properties.get('NextElapseUSecRealtime'));
  if (nextMs === undefined || properties.get('SubState') !== 'waiting') return undefined;
  const lateMs = nowMs - nextMs;
  if (lateMs < timerLateMs) return undefined;
  return {
    status: 'critical',
    reason: 'stale',
    text: `did not run when it should have, ${humanDuration(lateMs)} ago`,
  };
}

/** A date as systemctl prints it in UTC: `Sat 2026-11-28 20:46:53 UTC`. */
function timestampMs(text: string | undefined): number | undefined {
  const [, date, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC$/.exec(text ?? '') ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${time}Z`);
}

interface StateFinding {
  readonly status: Status;
  readonly text: string;
  /** What is said after all else. */
  readonly end?: string;
  readonly reason?: FailureReason;
}

function judgeState(properties: UnitProperties): StateFinding {
  const loaded = properties.get('LoadState') ?? '';
  const active = properties.get('ActiveState') ?? '';
  const sub = properties.get('SubState') ?? '';
  const state = sub === '' || sub === active ? active : `${active} (${sub})`;
  if (loaded === 'not-found') {
    return { status: 'critical', text: 'is not installed on this host', reason: 'missing' };
  }
  if (loaded === 'masked') return { status: 'critical', text: 'is masked', reason: 'missing' };
  if (loaded === 'error' || loaded === 'bad-setting') {
    return { status: 'critical', text: `cannot be loaded (${loaded})` };
  }
  if (active === 'active') return { status: 'ok', text: `is ${state}` };
  const why = whyItEnded(properties);
  if (sub === 'auto-restart') {
    return { status: 'critical', text: `keeps ending and waits to be restarted${why}` };
  }
  if (active === 'activating' || active === 'reloading' || active === 'refreshing') {
    return { status: 'ok', text: `is ${state}` };
  }
  if (active === 'failed') {
    const text = `has failed${why}`;
    return hasStoppedTrying(properties)
      ? { status: 'critical', text, end: '; systemd has stopped trying (start limit hit)' }
      : { status: 'critical', text };
  }
  if (active !== 'inactive') return { status: 'critical', text: `is ${state}${why}` };
  if (hasDoneItsWork(properties)) return { status: 'ok', text: 'has done its work and ended' };
  const unit = properties.get('Id') ?? '';
  const hint = unit.endsWith('.timer') ? `: systemctl enable --now ${unit} starts it` : why;
  return { status: 'critical', text: `is ${state}${hint}` };
}

/** Newer versions keep the cause of the last failure as the result: then the count of restarts tells. */
function hasStoppedTrying(properties: UnitProperties): boolean {
  if (properties.get('Result') === 'start-limit-hit') return true;
  const burst = Number(properties.get('StartLimitBurst') ?? 0);
  const isRestarted = (properties.get('Restart') ?? 'no') !== 'no';
  return isRestarted && burst > 0 && Number(properties.get('NRestarts') ?? 0) >= burst;
}

/** A unit that a timer starts rests between two runs, and that is well. */
function hasDoneItsWork(properties: UnitProperties): boolean {
  return properties.get('Type') === 'oneshot' && properties.get('Result') === 'success';
}
