import type { CheckSpec } from '../../src/model/check.ts';
import type { Config } from '../../src/model/config.ts';
import type { ReceiverSpec, Route } from '../../src/model/route.ts';
import { policy, spec } from '../support/policy.ts';
import { equal, receiver, route, webhook } from '../support/routes.ts';
import type { Random } from './random.ts';

/** A random configuration: a few checks with random debounce, a random tree, two receivers. */
export function randomConfig(random: Random, splitsAlerts: boolean): Config {
  const names = ['a', 'b', 'c', 'd'].slice(0, random.between(1, 4));
  return {
    agent: { name: 'sim', labels: { host: 'sim' }, retentionMs: 7 * 86_400_000 },
    server: {
      host: '127.0.0.1',
      port: 0,
      probe: { enabled: false, allow: [], timeoutOffsetMs: 500, historyLimit: 0, logLevel: 'info' },
    },
    checks: names.map((name, index) => randomCheck(random, name, names.slice(0, index))),
    route: randomRoute(random),
    receivers: receivers(splitsAlerts),
    inhibitRules: [],
    resolveTimeoutMs: 300_000,
    modules: new Map(),
    files: [],
    masked: '',
    longForm: '',
    warnings: [],
    secrets: [],
  };
}

function randomCheck(random: Random, name: string, earlier: readonly string[]): CheckSpec {
  const failures = random.between(1, 3);
  return spec({
    name,
    target: name,
    schedule: { kind: 'interval', intervalMs: random.pick([5000, 10_000, 30_000]) },
    timeoutMs: 2000,
    severity: random.pick(['critical', 'critical', 'warning']),
    dependsOn: earlier.filter(() => random.chance(0.2)),
    debounce: policy({
      failAfter: random.chance(0.7)
        ? { kind: 'consecutive', failures }
        : { kind: 'window', failures, of: failures + random.between(0, 3) },
      forMs: random.pick([0, 0, 20_000]),
      recoverAfter: random.between(1, 3),
      keepFiringForMs: random.pick([0, 0, 20_000]),
      ...(random.chance(0.3) ? { retryIntervalMs: 1000 } : {}),
      ...(random.chance(0.5) ? { flap: { window: 10, high: 0.6, low: 0.3 } } : {}),
    }),
  });
}

function randomRoute(random: Random): Route {
  const timers = {
    groupWaitMs: random.pick([0, 5000, 10_000]),
    groupIntervalMs: random.pick([10_000, 60_000]),
    repeatIntervalMs: random.pick([120_000, 4 * 3_600_000]),
    groupBy: random.pick<string[]>([[], ['host'], ['alertname'], ['...']]),
  };
  const child = route({
    ...timers,
    receiver: 'pager',
    matchers: [equal('severity', 'critical')],
    continue: true,
  });
  const rest = route({ ...timers, receiver: 'team', groupBy: ['host'] });
  return route({ ...timers, receiver: 'team', routes: random.chance(0.6) ? [child, rest] : [] });
}

function receivers(splitsAlerts: boolean): ReceiverSpec[] {
  const pager = webhook({ integration: 'pagerduty', splitsAlerts });
  return [receiver('team', webhook(), webhook({ index: 1 })), receiver('pager', pager)];
}
