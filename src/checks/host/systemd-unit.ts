import type { FailureReason, Status } from '../../model/result.ts';

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
}

/** Judges one unit by its state (systemd(1), "UNITS"). */
export function judgeUnit(properties: UnitProperties): UnitFinding {
  const unit = properties.get('Id') ?? '';
  const found = judgeState(properties);
  const restarts = Number(properties.get('NRestarts') ?? Number.NaN);
  const startedUs = Number(properties.get('InactiveExitTimestampMonotonic') ?? 0);
  const restarted =
    restarts > 0 ? `, restarted ${restarts === 1 ? 'once' : `${restarts} times`}` : '';
  return {
    unit,
    status: found.status,
    reason: found.reason ?? 'status',
    sentence: `${unit} ${found.text}${restarted}`,
    ...(Number.isFinite(restarts) ? { restarts } : {}),
    ...(startedUs > 0 ? { startedSeconds: startedUs / 1e6 } : {}),
  };
}

interface StateFinding {
  readonly status: Status;
  readonly text: string;
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
  if (sub === 'auto-restart') {
    return { status: 'critical', text: `keeps ending and waits to be restarted${why(properties)}` };
  }
  if (active === 'activating' || active === 'reloading' || active === 'refreshing') {
    return { status: 'ok', text: `is ${state}` };
  }
  if (active === 'inactive' && hasDoneItsWork(properties)) {
    return { status: 'ok', text: 'has done its work and ended' };
  }
  return { status: 'critical', text: `is ${state}${why(properties)}` };
}

/** A unit that a timer starts rests between two runs, and that is well. */
function hasDoneItsWork(properties: UnitProperties): boolean {
  return properties.get('Type') === 'oneshot' && properties.get('Result') === 'success';
}

/** How the main process ended, `si_code` of waitid(2): 1 by itself, 2 by a signal, 3 with a core. */
function why(properties: UnitProperties): string {
  const result = properties.get('Result') ?? 'success';
  if (result === 'success') return '';
  const code = properties.get('ExecMainCode');
  const status = properties.get('ExecMainStatus') ?? '0';
  if (code === '1' && status !== '0') return `: ${result}, exit code ${status}`;
  if (code === '2' || code === '3') return `: ${result}, signal ${status}`;
  return `: ${result}`;
}
