import type { CheckSpec } from '../../src/model/check.ts';
import type { Config } from '../../src/model/config.ts';
import type {
  EscalationStep,
  InhibitRule,
  ReceiverSpec,
  Route,
  TimeInterval,
} from '../../src/model/route.ts';
import { policy, spec } from '../support/policy.ts';
import { equal, receiver, route, webhook } from '../support/routes.ts';
import { worldConfig } from '../support/world-config.ts';
import type { Random } from './random.ts';

/** A random configuration: a few checks with random debounce, a random tree, two receivers. */
export function randomConfig(random: Random, splitsAlerts: boolean): Config {
  const names = ['a', 'b', 'c', 'd'].slice(0, random.between(1, 4));
  return worldConfig({
    agent: {
      name: 'sim',
      labels: { host: 'sim' },
      retentionMs: 7 * 86_400_000,
      stalledAfter: random.pick([0, 3]),
      ...(random.chance(0.4)
        ? { connectivity: { references: [spec({ name: 'reference' })], intervalMs: 60_000 } }
        : {}),
    },
    checks: names.map((name, index) => randomCheck(random, name, names.slice(0, index))),
    route: randomRoute(random),
    receivers: receivers(splitsAlerts),
    inhibitRules: random.chance(0.3) ? [inhibitRule(random, names)] : [],
  });
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
    repeatFactor: random.pick([1, 1, 2]),
    repeatIntervalMaxMs: random.pick([Infinity, 240_000]),
    groupBy: random.pick<string[]>([[], ['host'], ['alertname'], ['...']]),
  };
  const child = route({
    ...timers,
    receiver: 'pager',
    matchers: [equal('severity', 'critical')],
    continue: true,
    escalate: random.chance(0.4) ? steps : [],
    ...randomHours(random),
  });
  const rest = route({ ...timers, receiver: 'team', groupBy: ['host'], ...randomHours(random) });
  const escalate = random.chance(0.3) ? steps : [];
  return route({
    ...timers,
    escalate,
    receiver: 'team',
    routes: random.chance(0.6) ? [child, rest] : [],
  });
}

/** The same in every configuration, so that a reload can take them away but not make them others. */
const steps: readonly EscalationStep[] = [
  { afterMs: 45_000, receiver: 'oncall' },
  { afterMs: 130_000, receiver: 'boss' },
];

/** Now and then a route is quiet for one minute of three, or tells only in two of three. */
function randomHours(random: Random): Partial<Route> {
  const third = random.between(0, 2);
  const interval: TimeInterval = {
    name: `third-${third}`,
    contains: (atMs) => Math.floor(atMs / 60_000) % 3 === third,
  };
  const other: TimeInterval = {
    name: `not-third-${third}`,
    contains: (atMs) => !interval.contains(atMs),
  };
  return random.pick<Partial<Route>>([
    {},
    {},
    { muteTimeIntervals: [interval] },
    { activeTimeIntervals: [other] },
  ]);
}

/** One check inhibits some others, or all critical alerts inhibit the warnings. */
function inhibitRule(random: Random, names: readonly string[]): InhibitRule {
  const [first = 'a', second = 'b'] = names;
  return random.pick<InhibitRule>([
    {
      sourceMatchers: [equal('alertname', first)],
      targetMatchers: [equal('alertname', second)],
      equal: ['host'],
    },
    {
      sourceMatchers: [equal('severity', 'critical')],
      targetMatchers: [equal('severity', 'warning')],
      equal: [],
    },
  ]);
}

function receivers(splitsAlerts: boolean): ReceiverSpec[] {
  const pager = webhook({ integration: 'pagerduty', splitsAlerts, tellsAcknowledgement: true });
  return [
    receiver('team', webhook(), webhook({ index: 1 })),
    receiver('pager', pager),
    receiver('oncall', webhook({ tellsAcknowledgement: true })),
    receiver('boss', pager),
  ];
}
