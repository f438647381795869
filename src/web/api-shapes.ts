import type { AlertView } from '../model/alert-view.ts';
import type { CheckSpec } from '../model/check.ts';
import type { Attempt, Outcome } from '../model/delivery.ts';
import type { RecordedResult } from '../model/result.ts';
import type {
  AgentSnapshot,
  CheckSnapshot,
  DeliverySnapshot,
  GroupSnapshot,
  ReceiverSnapshot,
} from '../model/snapshot.ts';
import { rfc3339, type WallMs } from '../model/time.ts';
import type { WhyReport } from '../model/why.ts';
import type { TestOutcome } from './commands.ts';

/**
 * The shapes of the API, as `docs/api.md` describes them. They are written out field by field, so that
 * a change within the agent changes nothing for those who read them, and no option of a check leaks.
 */

export function agentShape(snapshot: AgentSnapshot): object {
  const { name, version, node, ready, configFiles, dataDir, problems, lastReload } = snapshot;
  return {
    agent: {
      name,
      version,
      node,
      ready,
      startedAt: rfc3339(snapshot.startedAt),
      now: rfc3339(snapshot.now),
      configFiles,
      dataDir,
      problems,
      uplinkDown: snapshot.uplinkDown ?? null,
      lastReload: {
        successful: lastReload.successful,
        at: rfc3339(lastReload.at),
        error: lastReload.error,
      },
    },
  };
}

export function checkShape(check: CheckSnapshot): object {
  const { spec, phase, flapping, rule, failures, successes, running, runs, missedRuns } = check;
  const latest = check.recent.at(-1);
  return {
    ...identityShape(spec),
    up: latest === undefined ? null : check.up,
    phase,
    flapping,
    since: date(check.since),
    stalledSince: date(check.stalledSince),
    rule,
    failures,
    successes,
    running,
    runs,
    missedRuns,
    nextRunAt: date(check.nextRunAt),
    latest: latest === undefined ? null : resultShape(latest),
    recent: check.recent.map(({ status }) => status),
  };
}

function identityShape(spec: CheckSpec): object {
  const { name, type, target, severity, labels, annotations, dependsOn, schedule } = spec;
  return { name, type, target, severity, labels, annotations, dependsOn, schedule };
}

export function resultShape(result: RecordedResult): object {
  const { status, reason, summary, detail, phases, values, facts, findings, durationMs } = result;
  const startedAt = rfc3339(result.startedAt.wallMs);
  const parts = findings?.map((found) => ({
    part: found.part,
    status: found.status,
    reason: found.reason,
    summary: found.summary,
    notSeen: found.notSeen,
  }));
  return { startedAt, durationMs, status, reason, summary, detail, phases, values, facts, parts };
}

export function receiverShape(one: ReceiverSnapshot): object {
  const { receiver, integration, index, pending, oldestAgeMs, failing } = one;
  return {
    receiver,
    integration,
    index,
    pending,
    oldestAgeMs,
    lastSuccessAt: date(one.lastSuccessAt),
    failing: failing === undefined ? null : { at: rfc3339(failing.at), detail: failing.detail },
  };
}

export function groupShape(group: GroupSnapshot): object {
  const { key, receiver, labels, alerts } = group;
  return { key, receiver, labels, nextFlushAt: rfc3339(group.nextFlushAt), alerts };
}

export function deliveryShape({ entry, reason, attempts }: DeliverySnapshot): object {
  const { id, receiver, integration, index, dedupKey, createdAt, notification } = entry.delivery;
  return {
    id,
    receiver,
    integration,
    index,
    dedupKey,
    createdAt: rfc3339(createdAt.wallMs),
    state: entry.state,
    reason,
    status: notification.status,
    groupLabels: notification.groupLabels,
    alerts: notification.alerts.map(({ fingerprint, labels, startsAt, endsAt }) => ({
      fingerprint,
      labels,
      startsAt: rfc3339(startsAt),
      endsAt: date(endsAt),
    })),
    attempts: attempts.map(attemptShape),
  };
}

function attemptShape({ number, atMs, durationMs, outcome }: Attempt): object {
  return { number, at: rfc3339(atMs), durationMs, ...outcomeShape(outcome) };
}

function outcomeShape(outcome: Outcome) {
  return outcome.kind === 'delivered'
    ? { outcome: outcome.kind, detail: outcome.detail }
    : { outcome: outcome.kind, reason: outcome.reason, detail: outcome.detail };
}

/** What came of a marked test. */
export interface TestShape {
  readonly receiver: string;
  readonly integration: string;
  readonly index: number;
  readonly outcome: string;
  readonly reason?: string;
  readonly detail: string;
}

export function testShape({ receiver, integration, index, outcome }: TestOutcome): TestShape {
  return { receiver, integration, index, ...outcomeShape(outcome) };
}

function date(wallMs: WallMs | undefined): string | null {
  return wallMs === undefined ? null : rfc3339(wallMs);
}

export function whyShape(report: WhyReport): object {
  return {
    check: report.check === undefined ? null : checkShape(report.check),
    alerts: report.alerts.map(alertShape),
    results: report.results.map(resultShape),
    groups: report.groups.map(groupShape),
    notifications: report.deliveries.map(deliveryShape),
    suppressed: report.suppressed.map(({ at, ...rest }) => ({ at: rfc3339(at), ...rest })),
    outlook: report.outlook.map(({ at, keptBackBy, ...rest }) => ({
      at: rfc3339(at),
      ...rest,
      keptBackBy: keptBackBy ?? null,
    })),
  };
}

export function alertShape(view: AlertView): object {
  const { alert, acknowledgement, state, silencedBy, inhibitedBy, mutedBy, receivers } = view;
  const { fingerprint, labels, annotations, startsAt } = alert;
  return {
    fingerprint,
    labels,
    annotations,
    startsAt: rfc3339(startsAt),
    updatedAt: rfc3339(view.updatedAt),
    state,
    silencedBy,
    inhibitedBy,
    mutedBy,
    dependsOn: view.dependsOn ?? null,
    acknowledgement:
      acknowledgement === undefined
        ? null
        : {
            by: acknowledgement.by,
            comment: acknowledgement.comment,
            at: rfc3339(acknowledgement.at),
          },
    receivers,
  };
}
