import { isUp } from '../../alerts/debounce.ts';
import type { CheckSpec } from '../../model/check.ts';
import { alertStatus, type Alert } from '../../model/alert.ts';
import { shownDeliveriesMax } from '../../model/limits.ts';
import type {
  AgentSnapshot,
  CheckSnapshot,
  DeliverySnapshot,
  GroupSnapshot,
} from '../../model/snapshot.ts';
import type { Instant, WallMs } from '../../model/time.ts';
import { version } from '../../model/version.ts';
import type { Group } from '../../routing/group.ts';
import { quietHours } from '../../routing/mute.ts';
import type { Agent } from '../agent.ts';

/**
 * Everything the page, the metrics and the command line show, read in one go. `deliveriesMax` 0 leaves the
 * notifications out, which are in the database; the metrics do not need them.
 */
export function agentSnapshot(
  agent: Agent,
  ready: boolean,
  deliveriesMax: number = shownDeliveriesMax,
): AgentSnapshot {
  const now = agent.clock.now();
  const { config } = agent;
  const { isDown } = agent.own.uplink;
  return {
    name: config.agent.name,
    version,
    node: process.versions.node,
    startedAt: agent.startedAt.wallMs,
    now: now.wallMs,
    configFiles: config.files,
    dataDir: agent.options.dataDir,
    lastReload: agent.lastReload,
    ready,
    ...(isDown === undefined ? {} : { uplinkDown: isDown }),
    checks: [...agent.specs.values()].map((spec) => checkSnapshot(agent, spec)),
    groups: groupSnapshots(agent, now),
    receivers: agent.receivers.snapshot(config.receivers, agent.outbox.snapshot().entries, now),
    deliveries: deliveriesMax === 0 ? [] : deliverySnapshots(agent, deliveriesMax),
    problems: [
      ...[agent.own.uplink.sentence].flatMap((sentence) => sentence ?? []),
      ...agent.health().problems.map(({ summary }) => summary),
    ],
  };
}

export function checkSnapshot(agent: Agent, spec: CheckSpec): CheckSnapshot {
  const { state, rule, alert } = agent.pipeline.track(spec.name);
  const severity = alert?.labels['severity'];
  const since = state.firingSince ?? state.pendingSince;
  const schedule = agent.scheduler.view(spec.name);
  const stalledSince = agent.own.stalled.since(spec.name);
  return {
    spec,
    phase: state.phase,
    ...(state.phase === 'firing' && severity !== undefined ? { firingAs: severity } : {}),
    up: isUp(state),
    flapping: state.flapping,
    ...(stalledSince === undefined ? {} : { stalledSince }),
    ...(since === undefined ? {} : { since: since.wallMs }),
    rule,
    failures: state.failures,
    successes: state.successes,
    recent: agent.pipeline.recent(spec.name),
    running: schedule?.running ?? false,
    ...(schedule?.nextRunAt === undefined ? {} : { nextRunAt: schedule.nextRunAt }),
    runs: schedule?.runs ?? 0,
    missedRuns: schedule?.missed ?? 0,
  };
}

export function groupSnapshots(agent: Agent, now: Instant): GroupSnapshot[] {
  return agent.pipeline.dispatcher.groups().map((group) => ({
    key: group.key,
    receiver: group.receiver,
    labels: group.labels,
    alerts: [...group.alerts.values()].map((alert) => {
      const mutedBy = mutedByNow(agent, group, alert, now);
      return {
        alertname: alert.labels['alertname'] ?? '',
        fingerprint: alert.fingerprint,
        status: alertStatus(alert),
        ...(mutedBy === undefined ? {} : { mutedBy }),
      };
    }),
    nextFlushAt: (now.wallMs + group.nextFlushAt - now.steadyMs) as WallMs,
  }));
}

/** Why an alert that fires is not told by this group at the moment. */
function mutedByNow(agent: Agent, group: Group, alert: Alert, now: Instant): string | undefined {
  if (alertStatus(alert) === 'resolved') return undefined;
  const mute = agent.pipeline.muteOf(alert, now);
  if (mute !== undefined) return mute.reason;
  return quietHours(group.hours, now.wallMs).length > 0 ? 'time_interval' : undefined;
}

/** The latest notifications with their attempts, newest first; what is not saved yet included. */
export function deliverySnapshots(agent: Agent, limit: number): DeliverySnapshot[] {
  return agent.records.latestDeliveries(limit).map(({ entry, attempts }) => ({
    entry,
    reason: entry.delivery.notification.reason,
    attempts,
  }));
}
