import { notOk, ok } from '../../src/model/result.ts';
import type { AgentSnapshot, CheckSnapshot } from '../../src/model/snapshot.ts';
import {
  agentSnapshot,
  checkSnapshot,
  checkSpec,
  deliverySnapshot,
  httpOk,
  httpRefused,
  receiverSnapshot,
  wall,
} from './snapshot.ts';

/** A host as one meets it: most things sound, one down, one about to be, one that cannot be judged. */
export function busyHost(): AgentSnapshot {
  return agentSnapshot({
    checks: [website(), gateway(), disk(), database(), backup(), uplink(), units(), waiting()],
    receivers: [
      receiverSnapshot(),
      receiverSnapshot({ receiver: 'oncall', integration: 'pagerduty' }),
      receiverSnapshot({
        receiver: 'archive',
        integration: 'email',
        pending: 2,
        oldestAgeMs: 95_000,
        lastSuccessAt: wall(86_400_000),
        failing: { at: wall(31_000), detail: '451 4.7.1 Greylisted, try again later' },
      }),
    ],
    groups: [
      {
        key: '{}:{host="web-1"}',
        receiver: 'default',
        labels: { host: 'web-1' },
        alerts: [{ alertname: 'gateway', fingerprint: 'aa00bb11cc22dd33', status: 'firing' }],
        nextFlushAt: wall(-22_000),
      },
    ],
    deliveries: [
      deliverySnapshot('d3', 'gateway', [
        {
          kind: 'passing',
          reason: 'rate_limited',
          detail: '429 Too Many Requests',
          retryAfterMs: 5000,
        },
        { kind: 'delivered', detail: '200 ok' },
      ]),
      deliverySnapshot(
        'd2',
        'website',
        [{ kind: 'permanent', reason: 'not_found', detail: '404 no_service' }],
        { agoMs: 3_700_000, resolved: true, receiver: 'oncall' },
      ),
      deliverySnapshot('d1', 'website', [{ kind: 'delivered', detail: '200 ok' }], {
        agoMs: 4_000_000,
      }),
    ],
  });
}

function website(): CheckSnapshot {
  const spec = checkSpec('website', 'http', {
    target: 'https://example.com/health',
    labels: { service: 'shop', type: 'public' },
  });
  return checkSnapshot(
    spec,
    Array.from({ length: 20 }, (_, position) => httpOk(30 + ((position * 13) % 40))),
    { runs: 9120 },
  );
}

function gateway(): CheckSnapshot {
  const spec = checkSpec('gateway', 'http', {
    target: 'http://127.0.0.1:18789/health',
    labels: { service: 'openclaw' },
    annotations: {
      summary: 'The gateway does not answer',
      runbook_url: 'https://runbooks.example.com/gateway',
    },
    dependsOn: ['uplink'],
  });
  const results = [
    ...Array.from({ length: 11 }, () => httpOk(5)),
    ...Array.from({ length: 9 }, httpRefused),
  ];
  return checkSnapshot(spec, results, {
    phase: 'firing',
    since: wall(252_000),
    failures: 9,
    successes: 0,
    rule: 'Firing since 3 failures in a row; 2 successes in a row end it.',
    runs: 412,
    missedRuns: 1,
  });
}

function disk(): CheckSnapshot {
  const found = (percent: number) =>
    notOk('warning', 'threshold', `/ is ${percent}% full, more than 85%`, {
      values: [
        { metric: '/', value: percent, unit: '%', warning: '85', critical: '95' },
        { metric: '/ free', value: 7.4e9, unit: 'B' },
      ],
      families: [
        {
          name: 'tocsin_disk_used_ratio',
          help: 'Share of the file system that is in use.',
          samples: [{ labels: { mountpoint: '/' }, value: percent / 100 }],
        },
      ],
    });
  const spec = checkSpec('disk', 'disk', { target: '/', severity: 'warning' });
  return checkSnapshot(spec, [ok('/ is 84% full'), found(86), found(87)], {
    phase: 'pending',
    since: wall(40_000),
    failures: 2,
    successes: 0,
    rule: '2 of 3 failures in a row: not told yet.',
  });
}

function database(): CheckSnapshot {
  return checkSnapshot(
    checkSpec('database', 'tcp', { target: '10.0.0.7:5432' }),
    [ok('connected in 3ms'), ok('connected in 2ms')],
    { running: true },
  );
}

function backup(): CheckSnapshot {
  return checkSnapshot(
    checkSpec('nightly/backup', 'heartbeat', {
      schedule: { kind: 'cron', expression: '0 3 * * *', timeZone: 'Europe/Berlin' },
    }),
    [ok('last report 6h 26m ago')],
  );
}

function uplink(): CheckSnapshot {
  return checkSnapshot(checkSpec('uplink', 'icmp', { target: '192.0.2.1' }), [
    notOk('unknown', 'permission', 'not allowed to open a ping socket'),
  ]);
}

function units(): CheckSnapshot {
  return checkSnapshot(checkSpec('systemd units', 'systemd'), [ok('no unit has failed')]);
}

/** A check that has not run yet. */
function waiting(): CheckSnapshot {
  return checkSnapshot(checkSpec('certificates', 'command', { target: 'check_certificates' }), []);
}
