import { counted } from '../../model/counted.ts';
import { humanDuration } from '../../lib/duration.ts';
import { judgeFigure, type FigureLimits } from './figure.ts';
import type { Finding } from './finding.ts';
import type { Rows } from './postgres-session.ts';

/**
 * Everything that is judged, in one statement that any user may run. `pg_stat_database` counts the sessions
 * of all users, while `pg_stat_activity` hides the kind of those of others. Sources: PostgreSQL, "The
 * Cumulative Statistics System" and "Recovery Information Functions".
 */
export const stateStatement = `SELECT
  current_setting('server_version'),
  pg_is_in_recovery(),
  extract(epoch FROM now() - pg_postmaster_start_time()),
  (SELECT sum(numbackends) FROM pg_stat_database),
  current_setting('max_connections'),
  current_setting('superuser_reserved_connections'),
  (SELECT count(*) FROM pg_stat_wal_receiver),
  (SELECT setting FROM pg_settings WHERE name = 'primary_conninfo'),
  pg_last_wal_receive_lsn() IS NOT NULL,
  CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
       ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END,
  extract(epoch FROM now() - pg_last_xact_replay_timestamp()),
  (SELECT count(*) FROM pg_stat_replication),
  (SELECT count(*) FROM pg_stat_replication WHERE state IS NULL),
  (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication)`;

/** What a server says about itself. Lags and ages in seconds. */
export interface PostgresState {
  readonly version: string;
  readonly inRecovery: boolean;
  readonly uptime: number;
  readonly connections: number;
  readonly connectionsMax: number;
  /** Whether a standby is connected to its primary. */
  readonly receives: boolean;
  /** Whether a standby gets its data from files of an archive alone, as far as can be seen. */
  readonly followsArchive: boolean;
  /** Of a standby; undefined before the first transaction was replayed. */
  readonly lag: number | undefined;
  readonly replicas: number;
  readonly hiddenReplicas: number;
  /** Of the slowest replica that can be seen. */
  readonly lagOfReplicas: number;
}

/** Takes the answer to `stateStatement` apart; undefined if it is none. */
export function parseState({ rows }: Rows): PostgresState | undefined {
  const [row = []] = rows;
  const text = (column: number): string | undefined => row[column] ?? undefined;
  const number = (column: number): number => Number(text(column) ?? 0);
  const version = text(0);
  const [uptime, connections, max, reserved] = [number(2), number(3), number(4), number(5)];
  if (version === undefined || !Number.isFinite(uptime + connections + max)) return undefined;
  const receives = number(6) > 0;
  // While nothing is received, what was received is replayed and says nothing about what is missing.
  const lag = text(receives ? 9 : 10);
  return {
    version,
    inRecovery: text(1) === 't',
    uptime,
    connections,
    connectionsMax: max - reserved,
    receives,
    followsArchive: text(7) === '' && text(8) === 'f',
    lag: lag === undefined ? undefined : Math.max(0, Number(lag)),
    replicas: number(11),
    hiddenReplicas: number(12),
    lagOfReplicas: number(13),
  };
}

export interface PostgresWishes {
  readonly in_recovery?: boolean | undefined;
  readonly min_replicas?: number | undefined;
  readonly replication_lag?: FigureLimits | undefined;
  readonly connections: FigureLimits;
}

/** Judges what a server says about itself; `user` is who asked. */
export function judgeState(
  state: PostgresState,
  wishes: PostgresWishes,
  user: string,
): readonly Finding[] {
  const { connections, connectionsMax } = state;
  const used = (100 * connections) / Math.max(1, connectionsMax);
  const sentence = `${connections} of ${connectionsMax} connections for users are taken (${Math.floor(used)}%)`;
  const figure = { metric: 'connections_percent', value: used, unit: '%', sentence };
  return [
    ...judgeRecovery(state, wishes),
    judgeFigure(figure, wishes.connections),
    measured('connections', connections),
    ...(state.inRecovery ? judgeStandby(state, wishes) : judgePrimary(state, wishes, user)),
  ];
}

function judgeRecovery(
  { inRecovery }: PostgresState,
  { in_recovery: wanted }: PostgresWishes,
): readonly Finding[] {
  if (wanted === undefined || wanted === inRecovery) return [];
  const sentence = inRecovery
    ? 'is in recovery (a standby that takes no writes), wanted a primary'
    : 'is a primary, wanted a standby in recovery';
  return [{ status: 'critical', reason: 'status', sentence }];
}

function judgeStandby(state: PostgresState, wishes: PostgresWishes): readonly Finding[] {
  const findings: Finding[] = [];
  if (!state.receives && !state.followsArchive) {
    const sentence = 'receives nothing from its primary (no WAL receiver runs)';
    findings.push({ status: 'critical', reason: 'status', sentence });
  }
  const { lag } = state;
  if (lag === undefined) return findings;
  const sentence = `is ${humanDuration(lag * 1000)} behind its primary`;
  const figure = { metric: 'replication_lag', value: lag, unit: 's', sentence };
  return [...findings, judgeFigure(figure, wishes.replication_lag)];
}

function judgePrimary(
  state: PostgresState,
  { min_replicas: min, replication_lag: limits }: PostgresWishes,
  user: string,
): readonly Finding[] {
  const { replicas, hiddenReplicas, lagOfReplicas: lag } = state;
  const findings = [measured('replicas', replicas)];
  if (min !== undefined && replicas < min) {
    const sentence = `has ${counted(replicas, 'replica')}, wanted at least ${min}`;
    findings.push({ status: 'critical', reason: 'missing', sentence });
  }
  if (hiddenReplicas > 0 && limits !== undefined) {
    const sentence = `the user ${user} may not see the lag of replicas: GRANT pg_monitor TO "${user}"`;
    findings.push({ status: 'unknown', reason: 'permission', sentence });
  } else if (replicas > 0 && hiddenReplicas === 0) {
    const sentence = `the slowest replica is ${humanDuration(lag * 1000)} behind`;
    const figure = { metric: 'replication_lag', value: lag, unit: 's', sentence };
    findings.push(judgeFigure(figure, limits));
  }
  return findings;
}

function measured(metric: string, value: number): Finding {
  return { status: 'ok', reason: 'threshold', sentence: '', values: [{ metric, value }] };
}
