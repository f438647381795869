import type { AlertPhase } from '../../src/model/alert.ts';
import type { CheckSpec, CheckTypeName } from '../../src/model/check.ts';
import type { Outcome } from '../../src/model/delivery.ts';
import {
  notOk,
  ok,
  type CheckResult,
  type MetricFamily,
  type RecordedResult,
} from '../../src/model/result.ts';
import type {
  AgentSnapshot,
  CheckSnapshot,
  DeliverySnapshot,
  ReceiverSnapshot,
} from '../../src/model/snapshot.ts';
import { instant, type SteadyMs, type WallMs } from '../../src/model/time.ts';

/** The moment at which every fabricated snapshot is taken. */
export const snapshotNow = Date.UTC(2026, 2, 14, 9, 26, 53) as WallMs;

export function wall(agoMs: number): WallMs {
  return (snapshotNow - agoMs) as WallMs;
}

export function checkSpec(
  name: string,
  type: CheckTypeName,
  extras: Partial<CheckSpec> = {},
): CheckSpec {
  return {
    name,
    type,
    schedule: { kind: 'interval', intervalMs: 30_000 },
    timeoutMs: 10_000,
    startPeriodMs: 0,
    severity: 'critical',
    labels: {},
    annotations: {},
    dependsOn: [],
    expect: 'up',
    debounce: {
      failAfter: { kind: 'consecutive', failures: 3 },
      forMs: 0,
      recoverAfter: 2,
      keepFiringForMs: 0,
    },
    options: {},
    ...extras,
  };
}

/** Results of one check, newest last, one every 30 s, the newest 12 s old. */
export function recorded(check: string, results: readonly CheckResult[]): RecordedResult[] {
  return results.map((result, position) => {
    const agoMs = 12_000 + 30_000 * (results.length - 1 - position);
    const phasesMs = result.phases.reduce((sum, phase) => sum + phase.ms, 0);
    return {
      ...result,
      check,
      startedAt: instant(1_000_000 - agoMs, wall(agoMs)),
      durationMs: Math.max(phasesMs, 3 + ((position * 7) % 5)),
    };
  });
}

export function checkSnapshot(
  spec: CheckSpec,
  results: readonly CheckResult[],
  extras: Partial<CheckSnapshot> = {},
): CheckSnapshot {
  const phase: AlertPhase = extras.phase ?? 'inactive';
  return {
    spec,
    phase,
    up: phase !== 'firing',
    flapping: false,
    rule: 'The last run was sound.',
    failures: 0,
    successes: results.length,
    recent: recorded(spec.name, results),
    running: false,
    nextRunAt: wall(-18_000),
    runs: results.length,
    missedRuns: 0,
    ...extras,
  };
}

/** What a good answer of a web service leaves, with the families of blackbox_exporter. */
export function httpOk(ms = 42): CheckResult {
  const phases = { resolve: 1.2, connect: 3.4, tls: 12.5, processing: ms, transfer: 0.8 };
  return ok(`200 OK in ${Math.round(ms + 18)}ms`, {
    phases: Object.entries(phases).map(([name, ms]) => ({ name, ms })),
    families: httpFamilies(200, phases),
  });
}

export function httpRefused(): CheckResult {
  return notOk('critical', 'connect', 'connection refused by 127.0.0.1:18789', {
    phases: [{ name: 'resolve', ms: 0.2 }],
    families: httpFamilies(0, { resolve: 0.2, connect: 0, tls: 0, processing: 0, transfer: 0 }),
    detail: ['dialing 127.0.0.1:18789', 'connect ECONNREFUSED 127.0.0.1:18789'],
  });
}

function httpFamilies(status: number, phases: Readonly<Record<string, number>>): MetricFamily[] {
  const single = (name: string, help: string, value: number): MetricFamily => ({
    name,
    help,
    samples: [{ labels: {}, value }],
  });
  return [
    single('probe_dns_lookup_time_seconds', 'Returns the time taken for probe dns lookup', 0.0012),
    single('probe_ip_protocol', 'Specifies whether probe ip protocol is IP4 or IP6', 4),
    single('probe_ip_addr_hash', 'Specifies the hash of IP address', 3_668_918_509),
    {
      name: 'probe_http_duration_seconds',
      help: 'Duration of http request by phase, summed over all redirects',
      samples: Object.entries(phases).map(([phase, ms]) => ({
        labels: { phase },
        value: ms / 1000,
      })),
    },
    single('probe_http_status_code', 'Response HTTP status code', status),
    single('probe_http_content_length', 'Length of http content response', -1),
    single('probe_http_uncompressed_body_length', 'Length of uncompressed response body', 4463),
    single('probe_http_redirects', 'The number of redirects', 0),
    single('probe_http_ssl', 'Indicates if SSL was used for the final redirect', 1),
    single('probe_http_version', 'Returns the version of HTTP of the probe response', 1.1),
    single('probe_failed_due_to_regex', 'Indicates if probe failed due to regex', 0),
    single(
      'probe_ssl_earliest_cert_expiry',
      'Returns last SSL chain expiry in unixtime',
      1_797_952_076,
    ),
    {
      name: 'probe_tls_version_info',
      help: 'Returns the TLS version used or NaN when unknown',
      samples: [{ labels: { version: 'TLS 1.3' }, value: 1 }],
    },
  ];
}

/** One notification about one check, with the answers it met. */
export function deliverySnapshot(
  id: string,
  check: string,
  outcomes: readonly Outcome[],
  extras: { readonly agoMs?: number; readonly resolved?: boolean; readonly receiver?: string } = {},
): DeliverySnapshot {
  const { agoMs = 200_000, resolved = false, receiver = 'default' } = extras;
  const last = outcomes.at(-1)?.kind;
  const labels = { alertname: check, check, host: 'web-1', severity: 'critical' };
  return {
    reason: resolved ? 'all alerts resolved' : 'first notification',
    entry: {
      state: last === 'delivered' ? 'delivered' : last === 'permanent' ? 'failed' : 'pending',
      attempts: outcomes.length,
      nextAttemptAt: 1_010_000 as SteadyMs,
      delivery: {
        id,
        receiver,
        integration: 'slack',
        index: 0,
        dedupKey: `key-${id}`,
        createdAt: instant(1_000_000 - agoMs, wall(agoMs)),
        notification: {
          receiver,
          groupKey: '{}:{host="web-1"}',
          groupLabels: { host: 'web-1' },
          commonLabels: labels,
          commonAnnotations: {},
          status: resolved ? 'resolved' : 'firing',
          reason: resolved ? 'all alerts resolved' : 'first notification',
          truncatedAlerts: 0,
          alerts: [
            {
              fingerprint: 'aa00bb11cc22dd33',
              labels,
              annotations: { summary: `${check} is down` },
              detail: [],
              startsAt: wall(agoMs + 60_000),
              ...(resolved ? { endsAt: wall(agoMs) } : {}),
              generatorURL: 'http://127.0.0.1:9860/',
              revision: 0,
              dependsOn: [],
            },
          ],
        },
      },
    },
    attempts: outcomes.map((outcome, position) => ({
      deliveryId: id,
      number: position + 1,
      atMs: wall(agoMs - position * 5000),
      durationMs: 180 + position * 20,
      outcome,
    })),
  };
}

export function receiverSnapshot(extras: Partial<ReceiverSnapshot> = {}): ReceiverSnapshot {
  return {
    receiver: 'default',
    integration: 'slack',
    index: 0,
    pending: 0,
    oldestAgeMs: 0,
    lastSuccessAt: wall(200_000),
    ...extras,
  };
}

export function agentSnapshot(extras: Partial<AgentSnapshot> = {}): AgentSnapshot {
  return {
    name: 'web-1',
    version: '0.1.0',
    node: 'v24.21.0',
    startedAt: wall(3 * 86_400_000 + 4 * 3_600_000),
    now: snapshotNow,
    configFiles: ['/etc/tocsin/agent.config.yaml'],
    dataDir: '/var/lib/tocsin',
    lastReload: { successful: true, at: wall(3 * 86_400_000) },
    ready: true,
    checks: [],
    groups: [],
    receivers: [],
    deliveries: [],
    problems: [],
    ...extras,
  };
}
