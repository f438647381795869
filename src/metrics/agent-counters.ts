import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the agent counts from its start to its end, whatever is reloaded in between. */
export type AgentCounters = ReturnType<typeof createAgentCounters>;

/** A registry of its own: the library's global one would be shared with whatever else loads it. */
export function createAgentCounters() {
  const registry = new Registry();
  return { registry, ...countersIn(registry), postedAlerts: postedAlertsCounter(registry) };
}

function countersIn(registry: Registry) {
  const registers = [registry];
  return {
    buildInfo: new Gauge({
      name: 'tocsin_build_info',
      help: 'Constant 1, with the version of the agent and of the Node.js it runs on.',
      labelNames: ['version', 'node'] as const,
      registers,
    }),
    schedulerLag: new Histogram({
      name: 'tocsin_scheduler_lag_seconds',
      help: 'How much later than due runs started.',
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30],
      registers,
    }),
    notifications: new Counter({
      name: 'tocsin_notifications_total',
      help: 'Attempts to notify, delivered or not.',
      labelNames: ['receiver', 'integration'] as const,
      registers,
    }),
    notificationsFailed: new Counter({
      name: 'tocsin_notifications_failed_total',
      help: 'Attempts to notify that failed.',
      labelNames: ['receiver', 'integration', 'reason'] as const,
      registers,
    }),
    notificationsSuppressed: new Counter({
      name: 'tocsin_notifications_suppressed_total',
      help: 'Notifications that were not sent, and why.',
      labelNames: ['reason'] as const,
      registers,
    }),
    notificationLatency: new Histogram({
      name: 'tocsin_notification_latency_seconds',
      help: "From the transition of an alert to the receiver's yes.",
      buckets: [0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 900, 3600],
      registers,
    }),
    unknownModules: new Counter({
      name: 'blackbox_module_unknown_total',
      help: 'Requests for a probe by a module that there is not.',
      registers,
    }),
    /** Dashboards count exporters by it; the labels that only Go has are left out. */
    blackboxBuildInfo: new Gauge({
      name: 'blackbox_exporter_build_info',
      help: 'Constant 1, with the version of the agent that stands in for blackbox_exporter.',
      labelNames: ['version', 'goos', 'goarch'] as const,
      registers,
    }),
    /** Under the name of the agent and under that of blackbox_exporter. */
    lastReloadSuccessful: ['tocsin', 'blackbox_exporter'].map(
      (program) =>
        new Gauge({
          name: `${program}_config_last_reload_successful`,
          help: 'Whether the last attempt to load the configuration was successful.',
          registers,
        }),
    ),
    lastReloadSuccess: ['tocsin', 'blackbox_exporter'].map(
      (program) =>
        new Gauge({
          name: `${program}_config_last_reload_success_timestamp_seconds`,
          help: 'When the configuration was last loaded successfully, in seconds since 1970.',
          registers,
        }),
    ),
  };
}

function postedAlertsCounter(registry: Registry): Counter<'outcome'> {
  return new Counter({
    name: 'tocsin_posted_alerts_total',
    help: 'Alerts that others posted, each copy counted, by what came of them.',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
}
