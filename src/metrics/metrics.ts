import { sendFailures, type IntegrationName, type SendFailure } from '../model/delivery.ts';
import type { AgentSnapshot } from '../model/snapshot.ts';
import type { WallMs } from '../model/time.ts';
import { createAgentCounters, type AgentCounters } from './agent-counters.ts';
import { addCheckMetrics } from './check-metrics.ts';
import {
  createExposition,
  expositionContentType,
  formatNumber,
  gauge,
  labelText,
  type Exposition,
} from './exposition.ts';
import { addProcessMetrics } from './process-metrics.ts';
import { addReceiverMetrics } from './receiver-metrics.ts';

/** Why a notification was not sent although there was something to tell. */
const suppressionReasons = [
  'silence',
  'inhibition',
  'dependency',
  'time_interval',
  'acknowledged',
  'flapping',
  'uplink',
  'grouped',
  'rate_limit',
] as const;
export type SuppressionReason = (typeof suppressionReasons)[number];

/** What becomes of an alert that is posted. */
const postedOutcomes = ['firing', 'resolved', 'invalid', 'refused'] as const;
type PostedOutcome = (typeof postedOutcomes)[number];

/** The figures of the agent: what it counts as long as the process lives, and what a snapshot shows. */
export interface Metrics {
  /** Seconds between when a run was due and when it started. */
  schedulerLag(lagSeconds: number): void;
  /** One attempt ended with the receiver's yes, so many seconds after the transition it tells of. */
  notificationDelivered(
    receiver: string,
    integration: IntegrationName,
    latencySeconds: number,
  ): void;
  /** One attempt ended otherwise. */
  notificationFailed(receiver: string, integration: IntegrationName, reason: SendFailure): void;
  suppressed(reason: SuppressionReason): void;
  /** Alerts that others posted in one request, by what came of them. */
  posted(counts: Readonly<Record<PostedOutcome, number>>): void;
  configReload(successful: boolean, at: WallMs): void;
  /** Somebody asked for a probe by a module that there is not. */
  unknownModule(): void;
  /** The Prometheus text format, families sorted by name. */
  expose(snapshot: AgentSnapshot): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(options: { readonly version: string }): Metrics {
  const counters = createAgentCounters();
  counters.buildInfo.set({ version: options.version, node: process.versions.node }, 1);
  counters.blackboxBuildInfo.set(
    { version: options.version, goos: process.platform, goarch: process.arch },
    1,
  );
  for (const reason of suppressionReasons) counters.notificationsSuppressed.inc({ reason }, 0);
  for (const outcome of postedOutcomes) counters.postedAlerts.inc({ outcome }, 0);
  return {
    contentType: expositionContentType,
    schedulerLag: (lagSeconds) => counters.schedulerLag.observe(lagSeconds),
    notificationDelivered(receiver, integration, latencySeconds) {
      counters.notifications.inc({ receiver, integration });
      counters.notificationLatency.observe(latencySeconds);
    },
    notificationFailed(receiver, integration, reason) {
      counters.notifications.inc({ receiver, integration });
      counters.notificationsFailed.inc({ receiver, integration, reason });
    },
    posted(counts) {
      for (const outcome of postedOutcomes) {
        counters.postedAlerts.inc({ outcome }, counts[outcome]);
      }
    },
    suppressed: (reason) => counters.notificationsSuppressed.inc({ reason }),
    configReload(successful, at) {
      for (const gauge of counters.lastReloadSuccessful) gauge.set(successful ? 1 : 0);
      for (const gauge of counters.lastReloadSuccess) if (successful) gauge.set(at / 1000);
    },
    unknownModule: () => counters.unknownModules.inc(),
    async expose(snapshot) {
      const exposition = createExposition();
      addCheckMetrics(exposition, snapshot.checks);
      addReceiverMetrics(exposition, snapshot.receivers);
      if (snapshot.uplinkDown !== undefined) {
        exposition.add(uplinkHead, '', snapshot.uplinkDown ? 0 : 1);
      }
      addProcessMetrics(exposition);
      startAtZero(counters, snapshot);
      await addCounters(exposition, counters);
      return exposition.text();
    },
  };
}

/** A counter that first appears as 1 shows no increase: every receiver has its series from the start. */
function startAtZero(counters: AgentCounters, snapshot: AgentSnapshot): void {
  for (const { receiver, integration } of snapshot.receivers) {
    counters.notifications.inc({ receiver, integration }, 0);
    for (const reason of sendFailures) {
      counters.notificationsFailed.inc({ receiver, integration, reason }, 0);
    }
  }
}

const uplinkHead = gauge(
  'tocsin_uplink_up',
  'Whether anything outside can be reached; only with agent.connectivity.',
);

const familyTypes = ['gauge', 'counter', 'histogram'] as const;

async function addCounters(exposition: Exposition, counters: AgentCounters): Promise<void> {
  for (const metric of await counters.registry.getMetricsAsJSON()) {
    // The library declares an enumeration here, but hands over its names in lower case.
    const type = familyTypes.find((name) => name === String(metric.type)) ?? 'gauge';
    const head = { name: metric.name, help: metric.help, type };
    for (const sample of metric.values) {
      const name = 'metricName' in sample ? String(sample.metricName) : metric.name;
      const labels = Object.entries(sample.labels).map(([label, value]) => [
        label,
        typeof value === 'number' ? formatNumber(value) : String(value),
      ]);
      const text = labelText(Object.fromEntries(labels));
      exposition.add(head, text, sample.value, name.slice(metric.name.length));
    }
  }
}
