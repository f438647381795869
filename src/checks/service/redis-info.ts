import { counted } from '../../model/counted.ts';
import { humanDuration } from '../../lib/duration.ts';
import { formatBytes } from '../host/bytes.ts';
import { judgeFigure, type FigureLimits } from './figure.ts';
import type { Finding } from './finding.ts';

/** What INFO says, by its own names. */
export type RedisInfo = ReadonlyMap<string, string>;

/** What is judged of INFO. Limits that are absent measure without judging. */
export interface RedisWishes {
  readonly role?: 'master' | 'replica' | undefined;
  readonly replication_lag?: FigureLimits | undefined;
  readonly min_replicas?: number | undefined;
  readonly clients: FigureLimits;
  readonly memory?: FigureLimits | undefined;
  readonly rejected_connections: FigureLimits;
  readonly last_save: 'ignore' | 'warning' | 'critical';
}

/** Reads the text of INFO; undefined if it is none. Source: the command INFO of Redis. */
export function parseInfo(text: string): RedisInfo | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const info = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(':');
    if (at > 0) info.set(line.slice(0, at), line.slice(at + 1));
  }
  return info.has('redis_version') || info.has('role') ? info : undefined;
}

/** A number of INFO; undefined where this version of the server does not say it. */
export function infoNumber(info: RedisInfo, name: string): number | undefined {
  const text = info.get(name);
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** `master` or `replica`, which older versions and INFO call `slave`. */
export function roleOf(info: RedisInfo): string {
  const role = info.get('role') ?? 'unknown';
  return role === 'slave' ? 'replica' : role;
}

/** Judges what INFO says; `rejectedBefore` is the number of rejected connections at the run before. */
export function judgeInfo(
  info: RedisInfo,
  wishes: RedisWishes,
  rejectedBefore: number | undefined,
): readonly Finding[] {
  return [
    ...judgeRole(info, wishes),
    ...judgeReplication(info, wishes),
    ...judgeClients(info, wishes),
    ...judgeMemory(info, wishes),
    ...judgeRejected(info, wishes, rejectedBefore),
    ...judgeSaves(info, wishes),
  ];
}

function judgeRole(info: RedisInfo, { role }: RedisWishes): readonly Finding[] {
  const found = roleOf(info);
  if (role === undefined || found === role) return [];
  return [critical(`is a ${found}, wanted a ${role}`)];
}

function judgeReplication(info: RedisInfo, wishes: RedisWishes): readonly Finding[] {
  return roleOf(info) === 'replica'
    ? judgeLink(info, wishes)
    : [...judgeReplicas(info, wishes), ...judgeLagOfReplicas(info, wishes)];
}

/** How a replica hears from its master. */
function judgeLink(info: RedisInfo, { replication_lag: limits }: RedisWishes): readonly Finding[] {
  const master = `${info.get('master_host')}:${info.get('master_port')}`;
  if (info.get('master_link_status') === 'down') {
    const since = infoNumber(info, 'master_link_down_since_seconds') ?? -1;
    const how = since >= 0 ? ` for ${humanDuration(since * 1000)}` : '';
    return [critical(`its link to the master ${master} has been down${how}`)];
  }
  const silent = infoNumber(info, 'master_last_io_seconds_ago');
  if (silent === undefined || silent < 0) return [];
  const sentence = `last heard from its master ${humanDuration(silent * 1000)} ago`;
  return [judgeFigure({ metric: 'replication_lag', value: silent, unit: 's', sentence }, limits)];
}

function judgeReplicas(info: RedisInfo, { min_replicas: min }: RedisWishes): readonly Finding[] {
  const count = infoNumber(info, 'connected_slaves');
  if (count === undefined) return [];
  const values = [{ metric: 'replicas', value: count }];
  const sentence = `has ${counted(count, 'replica')}, wanted at least ${min}`;
  const isTooFew = min !== undefined && count < min;
  return [{ status: isTooFew ? 'critical' : 'ok', reason: 'missing', sentence, values }];
}

/** The replica that is furthest behind, as its master sees it. */
function judgeLagOfReplicas(info: RedisInfo, wishes: RedisWishes): readonly Finding[] {
  const lags = [...info]
    .filter(([name]) => /^slave\d+$/.test(name))
    .map(([, text]) => ({
      replica: `${/ip=([^,]+)/.exec(text)?.[1]}:${/port=(\d+)/.exec(text)?.[1]}`,
      lag: Number(/lag=(\d+)/.exec(text)?.[1]),
    }))
    .filter(({ lag }) => Number.isFinite(lag));
  const [worst] = lags.toSorted((a, b) => b.lag - a.lag);
  if (worst === undefined) return [];
  const sentence = `last heard from its replica ${worst.replica} ${humanDuration(worst.lag * 1000)} ago`;
  const figure = { metric: 'replication_lag', value: worst.lag, unit: 's', sentence };
  return [judgeFigure(figure, wishes.replication_lag)];
}

function judgeClients(info: RedisInfo, { clients }: RedisWishes): readonly Finding[] {
  const connected = infoNumber(info, 'connected_clients');
  if (connected === undefined) return [];
  const absolute = { metric: 'clients', value: connected };
  const max = infoNumber(info, 'maxclients');
  if (max === undefined || max <= 0) return [measured([absolute])];
  const value = (100 * connected) / max;
  const sentence = `${connected} of ${max} possible clients are connected (${percent(value)})`;
  const finding = judgeFigure({ metric: 'clients_percent', value, unit: '%', sentence }, clients);
  return [finding, measured([absolute])];
}

/** A cache that is full gives up old entries, and that is its job: only one that may not is judged by itself. */
function judgeMemory(info: RedisInfo, { memory }: RedisWishes): readonly Finding[] {
  const used = infoNumber(info, 'used_memory');
  if (used === undefined) return [];
  const absolute = { metric: 'memory_bytes', value: used, unit: 'B' };
  const max = infoNumber(info, 'maxmemory');
  if (max === undefined || max <= 0) return [measured([absolute])];
  const refuses = info.get('maxmemory_policy') === 'noeviction';
  const limits = memory ?? (refuses ? memoryLimitsDefault : {});
  const value = (100 * used) / max;
  const end = refuses ? ', and writes are refused at 100%' : '';
  const sentence = `uses ${formatBytes(used)} of ${formatBytes(max)} memory (${percent(value)}${end})`;
  const finding = judgeFigure({ metric: 'memory_percent', value, unit: '%', sentence }, limits);
  return [finding, measured([absolute])];
}

const memoryLimitsDefault: FigureLimits = {
  warning: { atLeast: 85, text: '85%' },
  critical: { atLeast: 95, text: '95%' },
};

/** Counted since the server was started, judged since the run before: what is over is over. */
function judgeRejected(
  info: RedisInfo,
  { rejected_connections: limits }: RedisWishes,
  before: number | undefined,
): readonly Finding[] {
  const rejected = infoNumber(info, 'rejected_connections');
  if (rejected === undefined) return [];
  const total = measured([{ metric: 'rejected_connections_total', value: rejected, unit: 'c' }]);
  if (before === undefined || rejected < before) return [total];
  const value = rejected - before;
  const sentence = `rejected ${counted(value, 'connection')} since the run before (maxclients is reached)`;
  return [judgeFigure({ metric: 'rejected_connections', value, sentence }, limits), total];
}

/** Unless told otherwise, Redis refuses writes after a save that failed. */
function judgeSaves(info: RedisInfo, { last_save: status }: RedisWishes): readonly Finding[] {
  const failed = [
    [
      'rdb_last_bgsave_status',
      'its last save to disk failed: see its log, its disk and its rights',
    ],
    [
      'aof_last_write_status',
      'its last write to the append-only file failed: see its log and its disk',
    ],
    ['aof_last_bgrewrite_status', 'the last rewrite of its append-only file failed: see its log'],
  ].filter(([name = '']) => info.get(name) === 'err');
  const values = [{ metric: 'last_save_failed', value: failed.length > 0 ? 1 : 0 }];
  if (failed.length === 0 || status === 'ignore') return [measured(values)];
  const findings = failed.map(([, sentence = '']): Finding => ({
    status,
    reason: 'status',
    sentence,
  }));
  return [...findings, measured(values)];
}

function critical(sentence: string): Finding {
  return { status: 'critical', reason: 'status', sentence };
}

function measured(values: NonNullable<Finding['values']>): Finding {
  return { status: 'ok', reason: 'threshold', sentence: '', values };
}

function percent(value: number): string {
  return `${Math.floor(value)}%`;
}
