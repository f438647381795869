import { alertStatus } from '../../model/alert.ts';
import type { AlertView } from '../../model/alert-view.ts';
import { whyDeliveriesMax, whyResultsMax } from '../../model/limits.ts';
import type { Instant, SteadyMs, WallMs } from '../../model/time.ts';
import type { Outlook, WhyReport } from '../../model/why.ts';
import type { LogEntry } from '../../routing/decide.ts';
import type { Group } from '../../routing/group.ts';
import { logKey, reminderIntervalMs } from '../../routing/plan-group.ts';
import type { Agent } from '../agent.ts';
import { checkSnapshot, deliverySnapshots, groupSnapshots } from './snapshot.ts';

/** Why a check, or an alert by name or fingerprint, is as it is; undefined for what nobody knows. */
export function whyReport(agent: Agent, name: string): WhyReport | undefined {
  const now = agent.clock.now();
  const views = agent.pipeline.alerts();
  const named = views.find(({ alert }) => alert.fingerprint === name);
  const subject = named?.alert.labels['alertname'] ?? name;
  const spec = agent.specs.get(subject);
  const alerts =
    named !== undefined && spec === undefined
      ? [named]
      : views.filter(({ alert }) => alert.labels['alertname'] === subject);
  const deliveries = deliverySnapshots(agent, whyDeliveriesMax).filter(({ entry }) =>
    entry.delivery.notification.alerts.some(({ labels }) => labels['alertname'] === subject),
  );
  const suppressed = agent.suppressions.of(subject);
  const isKnown = spec !== undefined || alerts.length + deliveries.length + suppressed.length > 0;
  if (!isKnown) return undefined;
  return {
    ...(spec === undefined ? {} : { check: checkSnapshot(agent, spec) }),
    alerts,
    results: spec === undefined ? [] : agent.records.history(subject, whyResultsMax),
    groups: groupSnapshots(agent, now).filter((group) =>
      group.alerts.some(({ alertname }) => alertname === subject),
    ),
    deliveries,
    suppressed,
    outlook: alerts.flatMap((view) => outlookOf(agent, view, now)).toSorted((a, b) => a.at - b.at),
  };
}

/** What every group that holds the alert will tell of it, if nothing changes. */
function outlookOf(agent: Agent, { alert, acknowledgement }: AlertView, now: Instant): Outlook[] {
  const { dispatcher } = agent.pipeline;
  const wall = (at: SteadyMs): WallMs => (now.wallMs + at - now.steadyMs) as WallMs;
  const { log } = dispatcher.save();
  const mute = agent.pipeline.muteOf(alert, now);
  const outlook: Outlook[] = [];
  for (const group of dispatcher.groups()) {
    const held = group.alerts.get(alert.fingerprint);
    if (held === undefined || alertStatus(held) === 'resolved') continue;
    const { receiver } = group;
    const keptBack = mute === undefined ? {} : { keptBackBy: mute.reason };
    const told = entriesOf(agent, group, log).filter(({ firing }) =>
      firing.some((id) => id.startsWith(alert.fingerprint)),
    );
    if (told.length === 0) {
      outlook.push({ kind: 'message', receiver, at: wall(group.nextFlushAt), ...keptBack });
      continue;
    }
    const taken = acknowledgement === undefined ? keptBack : { keptBackBy: 'acknowledged' };
    const due = told.map(({ at, reminders = 0 }) => at + reminderIntervalMs(group, reminders));
    if (group.stepAfterMs === undefined) {
      outlook.push({
        kind: 'reminder',
        receiver,
        at: wall(flushFrom(group, Math.min(...due))),
        ...taken,
      });
    }
    const telling = group.tellings.get(alert.fingerprint);
    for (const step of telling === undefined ? [] : group.escalate) {
      if (telling === undefined || step.afterMs <= telling.escalatedMs) continue;
      const at = wall((telling.at + step.afterMs) as SteadyMs);
      outlook.push({ kind: 'escalation', receiver: step.receiver, at, ...taken });
    }
  }
  return outlook;
}

function entriesOf(agent: Agent, group: Group, log: ReadonlyMap<string, LogEntry>): LogEntry[] {
  const receiver = agent.config.receivers.find(({ name }) => name === group.receiver);
  return (receiver?.integrations ?? []).flatMap(
    (integration) => log.get(logKey(group.id, integration)) ?? [],
  );
}

/** The first look of a group that is not before a moment. */
function flushFrom({ nextFlushAt, groupIntervalMs }: Group, moment: number): SteadyMs {
  const looks = Math.max(0, Math.ceil((moment - nextFlushAt) / Math.max(1, groupIntervalMs)));
  return (nextFlushAt + looks * groupIntervalMs) as SteadyMs;
}
