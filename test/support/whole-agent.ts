import { onTestFinished } from 'vitest';
import type { CheckEnvironment, OpenCheck } from '../../src/checks/check-type.ts';
import { Agent } from '../../src/app/agent.ts';
import type { EvidenceSource } from '../../src/app/evidence.ts';
import type { Ports } from '../../src/app/ports.ts';
import { createLogger } from '../../src/lib/log.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { alertStatus } from '../../src/model/alert.ts';
import type { CheckSpec } from '../../src/model/check.ts';
import type { Config } from '../../src/model/config.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { notOk, ok, type CheckResult, type Status } from '../../src/model/result.ts';
import { headline } from '../../src/notify/summary.ts';
import { agentSnapshot } from '../../src/app/view/snapshot.ts';
import { createFaultyDisk } from '../sim/faulty-disk.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { receiver, route, webhook } from './routes.ts';
import { worldConfig } from './world-config.ts';

/** What a check finds from now on: a status, `ok` after three seconds, a whole result, or nothing: it hangs. */
export type Finding = Status | CheckResult | 'slow' | 'hangs';

/** The whole agent but for its surfaces, on a clock that stands still until it is moved. */
export interface WholeAgent {
  readonly clock: FakeClock;
  readonly agent: Agent;
  /** Every message that arrived, oldest first. */
  readonly deliveries: readonly Delivery[];
  /** Lines of the log. */
  readonly log: readonly string[];
  /** Whether the receivers can be reached. */
  network: boolean;
  /** Whether the disk has no room left. */
  diskFull: boolean;
  /** How often each check has run. */
  readonly runs: ReadonlyMap<string, number>;
  finds(check: string, finding: Finding): void;
  advance(seconds: number): Promise<void>;
  /** The messages since this was last asked, as `12s 🔴 gateway is down on web-1`. */
  told(): string[];
  /** The value of one series of `/metrics`, such as `tocsin_alerts{state="firing"}`; undefined if absent. */
  metric(series: string): Promise<number | undefined>;
  reload(changes: Partial<Config>): void;
  /** Ends the process without a word and starts the next one on the same state. */
  kill(): void;
}

/**
 * Checks under the short form's routing: one receiver, by host, 10 s, 1 m, 4 h. They find what the test
 * says, unless `openReal` opens them.
 */
export function wholeAgent(
  checks: readonly CheckSpec[],
  changes: Partial<Config> = {},
  openReal?: (spec: CheckSpec, environment: CheckEnvironment) => OpenCheck,
  collectEvidence?: EvidenceSource['collect'],
): WholeAgent {
  const clock = createFakeClock();
  const startMs = clock.now().steadyMs;
  const disk = createFaultyDisk();
  const findings = new Map<string, Finding>();
  const runs = new Map<string, number>();
  const deliveries: Delivery[] = [];
  const log: string[] = [];
  const arrivedAt = new Map<Delivery, number>();
  let seen = 0;
  let ids = 0;
  let generation = 0;
  let config = configWith(checks, changes);
  let network = true;

  const look = async ({ name }: CheckSpec, signal: AbortSignal): Promise<CheckResult> => {
    runs.set(name, (runs.get(name) ?? 0) + 1);
    const finding = findings.get(name) ?? 'ok';
    if (finding === 'hangs') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    }
    if (typeof finding === 'object') return finding;
    if (finding === 'slow') await new Promise<void>((resolve) => clock.after(3000, resolve));
    return finding === 'ok' || finding === 'slow'
      ? ok('fine')
      : notOk(finding, 'status', `it is ${finding}`);
  };

  /** Schedules of the form `every N minutes`, by the date. */
  const cron: Ports['startCron'] = async (expression, _zone, { onDue }) => {
    const periodMs = Number(/\d+/.exec(expression)?.[0] ?? 1) * 60_000;
    const nextMs = (): number => Math.ceil((clock.now().wallMs + 1) / periodMs) * periodMs;
    let cancel = (): void => {};
    const arm = (): void => {
      cancel = clock.after(nextMs() - clock.now().wallMs, () => {
        onDue();
        arm();
      });
    };
    arm();
    return { next: () => new Date(nextMs()), stop: () => cancel() };
  };

  const ports = (mine: number): Ports => {
    const alive = (): boolean => mine === generation;
    return {
      clock: () => ({
        now: () => clock.now(),
        after: (delayMs, run) => clock.after(delayMs, () => void (alive() && run())),
      }),
      random: () => 0.5,
      newId: () => `d${(ids += 1)}`,
      openDatabase: () => ({ database: disk.open(), path: 'memory' }),
      openCheck: (spec, environment) =>
        openReal?.(spec, environment) ?? { run: async ({ signal }) => look(spec, signal) },
      startCron: cron,
      ...(collectEvidence === undefined
        ? {}
        : { openEvidence: () => ({ collect: collectEvidence }) }),
      async send(delivery) {
        if (!network) return { kind: 'passing', reason: 'connect', detail: 'unreachable' };
        deliveries.push(delivery);
        arrivedAt.set(delivery, (clock.now().steadyMs - startMs) / 1000);
        return { kind: 'delivered', detail: 'taken' };
      },
    };
  };

  const metrics = createMetrics({ version: 'test' });
  const start = (): Agent => {
    generation += 1;
    const agent = new Agent({
      config,
      dataDir: '/nowhere',
      ports: ports(generation),
      metrics,
      log: createLogger({
        level: 'info',
        write: (line) => void log.push(line.trim()),
        now: () => new Date(clock.now().wallMs),
        redact: (text) => text,
      }),
      externalURL: () => '',
      userAgent: 'test',
    });
    agent.start();
    return agent;
  };
  let agent = start();
  onTestFinished(async () => {
    generation += 1;
  });

  return {
    clock,
    deliveries,
    log,
    runs,
    get agent() {
      return agent;
    },
    get network() {
      return network;
    },
    set network(works) {
      network = works;
    },
    get diskFull() {
      return disk.full;
    },
    set diskFull(full) {
      disk.full = full;
    },
    finds: (check, finding) => void findings.set(check, finding),
    advance: (seconds) => clock.advance(seconds * 1000),
    told() {
      const fresh = deliveries.slice(seen);
      seen = deliveries.length;
      return fresh.map((delivery) => {
        const line = headline(delivery.notification, delivery.createdAt.wallMs);
        return `${Math.floor(arrivedAt.get(delivery) ?? 0)}s ${line}`;
      });
    },
    async metric(series) {
      const page = await metrics.expose(agentSnapshot(agent, true, 0));
      const line = page.split('\n').find((one) => one.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
    reload(next) {
      config = { ...config, ...next };
      agent.reload(config);
    },
    kill() {
      agent = start();
    },
  };
}

/** The descriptions of the alerts of a message, firing and resolved. */
export function textsOf({ notification }: Delivery): string[] {
  return notification.alerts.map(
    (alert) =>
      (alertStatus(alert) === 'firing'
        ? alert.annotations['description']
        : alert.annotations['resolved']) ?? '',
  );
}

function configWith(checks: readonly CheckSpec[], changes: Partial<Config>): Config {
  return worldConfig({
    agent: { name: 'web-1', labels: { host: 'web-1' }, retentionMs: 7 * 86_400_000 },
    checks,
    route: route({ groupBy: ['host'] }),
    receivers: [receiver('team', webhook())],
    ...changes,
  });
}
