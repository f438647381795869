import { alertPhases } from '../model/alert.ts';
import { severities } from '../model/check.ts';
import { statuses, type RecordedResult } from '../model/result.ts';
import type { CheckSnapshot } from '../model/snapshot.ts';
import { checkLabels, type CheckLabels } from './check-labels.ts';
import { counter, gauge, labelText, type Exposition } from './exposition.ts';

/** What each check measured at its latest run, and how it stands. A check that never ran has no result. */
export function addCheckMetrics(exposition: Exposition, checks: readonly CheckSnapshot[]): void {
  for (const check of checks) {
    const labels = checkLabels(check.spec);
    const latest = check.recent.at(-1);
    if (latest !== undefined) {
      addProbe(exposition, labels, latest);
      addResult(exposition, labels, check, latest);
    }
    exposition.add(heads.runs, labels.identity, check.runs);
    exposition.add(heads.missedRuns, labels.identity, check.missedRuns);
    exposition.add(heads.stalled, labels.identity, check.stalledSince === undefined ? 0 : 1);
    for (const state of alertPhases) {
      exposition.add(heads.alertState, labels.alertState[state], check.phase === state ? 1 : 0);
    }
    if (check.firingAs !== undefined) {
      const { name, type } = check.spec;
      const firing = labelText({ check: name, type, severity: check.firingAs });
      exposition.add(heads.alertFiring, firing, 1);
    }
  }
  addAlertCounts(exposition, checks);
}

/** The families of blackbox_exporter, told apart by the labels of the check. */
function addProbe(exposition: Exposition, labels: CheckLabels, latest: RecordedResult): void {
  const success = latest.status === 'ok' || latest.status === 'warning';
  exposition.add(heads.success, labels.probe, success ? 1 : 0);
  exposition.add(heads.duration, labels.probe, latest.durationMs / 1000);
  for (const { name, help, samples } of latest.families) {
    const head = gauge(name, help);
    const written = new Set<string>();
    for (const sample of samples) {
      const text = labels.probeWith(sample.labels);
      if (isNew(written, text)) exposition.add(head, text, sample.value);
    }
  }
}

function addResult(
  exposition: Exposition,
  labels: CheckLabels,
  { spec }: CheckSnapshot,
  latest: RecordedResult,
): void {
  const identity = { check: spec.name, type: spec.type };
  for (const status of statuses) {
    exposition.add(heads.status, labels.status[status], latest.status === status ? 1 : 0);
  }
  if (latest.reason !== undefined) {
    exposition.add(heads.failureReason, labelText({ ...identity, reason: latest.reason }), 1);
  }
  exposition.add(heads.lastRun, labels.identity, latest.startedAt.wallMs / 1000);
  for (const { part, status: found } of latest.findings ?? []) {
    for (const status of statuses) {
      const text = labelText({ ...identity, part, status });
      exposition.add(heads.partStatus, text, found === status ? 1 : 0);
    }
  }
  const written = new Set<string>();
  for (const { metric, value } of latest.values) {
    if (isNew(written, metric))
      exposition.add(heads.value, labelText({ ...identity, metric }), value);
  }
}

/** A plugin may name two figures the same; the first one stands. */
function isNew(written: Set<string>, name: string): boolean {
  if (written.has(name)) return false;
  written.add(name);
  return true;
}

function addAlertCounts(exposition: Exposition, checks: readonly CheckSnapshot[]): void {
  for (const state of ['pending', 'firing'] as const) {
    for (const severity of severities) {
      const count = checks.filter(
        (check) => check.phase === state && check.spec.severity === severity,
      ).length;
      exposition.add(heads.alerts, labelText({ state, severity }), count);
    }
  }
}

const heads = {
  success: gauge('probe_success', 'Displays whether or not the probe was a success'),
  duration: gauge(
    'probe_duration_seconds',
    'Returns how long the probe took to complete in seconds',
  ),
  status: gauge('tocsin_check_status', 'Whether the latest run of the check had this status.'),
  partStatus: gauge(
    'tocsin_check_part_status',
    'Whether the latest run of the check found this part of what it watches in this status.',
  ),
  failureReason: gauge(
    'tocsin_check_failure_reason',
    'Why the latest run of the check was not ok; absent when it was.',
  ),
  lastRun: gauge(
    'tocsin_check_last_run_timestamp_seconds',
    'When the latest finished run of the check started, in seconds since 1970.',
  ),
  value: gauge(
    'tocsin_check_value',
    'A figure that the check measured, in the unit the check gives it.',
  ),
  runs: counter('tocsin_check_runs_total', 'Finished runs of the check.'),
  missedRuns: counter(
    'tocsin_check_missed_runs_total',
    'Runs of the check left out because an earlier one was still under way or the agent was late.',
  ),
  stalled: gauge(
    'tocsin_check_stalled',
    'Whether the check has not been looked at for longer than it should be.',
  ),
  alertState: gauge('tocsin_alert_state', 'Whether the alert of the check is in this state.'),
  alertFiring: gauge(
    'tocsin_alert_firing',
    'Constant 1 for each check whose alert fires, with the severity of that alert.',
  ),
  alerts: gauge('tocsin_alerts', 'Alerts in this state.'),
};
