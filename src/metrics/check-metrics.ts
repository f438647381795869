import { alertPhases } from '../model/alert.ts';
import { severities } from '../model/check.ts';
import type { CheckSpec } from '../model/check.ts';
import { labelNames, type Labels } from '../model/labels.ts';
import { statuses, type RecordedResult } from '../model/result.ts';
import type { CheckSnapshot } from '../model/snapshot.ts';
import { counter, gauge, labelText, type Exposition } from './exposition.ts';

/** What each check measured at its latest run, and how it stands. A check that never ran has no result. */
export function addCheckMetrics(exposition: Exposition, checks: readonly CheckSnapshot[]): void {
  for (const check of checks) {
    const latest = check.recent.at(-1);
    if (latest !== undefined) {
      addProbe(exposition, check.spec, latest);
      addResult(exposition, check.spec, latest);
    }
    const identity = labelText({ check: check.spec.name, type: check.spec.type });
    exposition.add(heads.runs, identity, check.runs);
    exposition.add(heads.missedRuns, identity, check.missedRuns);
    for (const state of alertPhases) {
      const labels = labelText({ check: check.spec.name, state });
      exposition.add(heads.alertState, labels, check.phase === state ? 1 : 0);
    }
  }
  addAlertCounts(exposition, checks);
}

/** The families of blackbox_exporter, told apart by the labels of the check. */
function addProbe(exposition: Exposition, spec: CheckSpec, latest: RecordedResult): void {
  const own = probeLabels(spec);
  const ownText = labelText(own);
  const success = latest.status === 'ok' || latest.status === 'warning';
  exposition.add(heads.success, ownText, success ? 1 : 0);
  exposition.add(heads.duration, ownText, latest.durationMs / 1000);
  for (const { name, help, samples } of latest.families) {
    const head = gauge(name, help);
    for (const { labels, value } of samples) {
      exposition.add(head, mergedText(own, ownText, labels), value);
    }
  }
}

/** Most samples have no labels of their own: for those the text of the check's labels is ready. */
function mergedText(own: Labels, ownText: string, labels: Labels): string {
  return Object.keys(labels).length === 0 ? ownText : labelText({ ...own, ...labels });
}

/**
 * The labels of the check itself, with `check`, `type` and `target` on top. One of its own that has
 * such a name is kept under `exported_`, as Prometheus does with a clash at scraping.
 */
function probeLabels(spec: CheckSpec): Labels {
  const identity = { check: spec.name, type: spec.type, target: spec.target ?? '' };
  const own: Record<string, string> = {};
  for (const name of labelNames(spec.labels)) {
    own[name in identity ? `exported_${name}` : name] = spec.labels[name] ?? '';
  }
  return { ...own, ...identity };
}

function addResult(exposition: Exposition, spec: CheckSpec, latest: RecordedResult): void {
  const identity = { check: spec.name, type: spec.type };
  for (const status of statuses) {
    const value = latest.status === status ? 1 : 0;
    exposition.add(heads.status, labelText({ ...identity, status }), value);
  }
  if (latest.reason !== undefined) {
    exposition.add(heads.failureReason, labelText({ ...identity, reason: latest.reason }), 1);
  }
  exposition.add(heads.lastRun, labelText(identity), latest.startedAt.wallMs / 1000);
  for (const { metric, value } of latest.values) {
    exposition.add(heads.value, labelText({ ...identity, metric }), value);
  }
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
  alertState: gauge('tocsin_alert_state', 'Whether the alert of the check is in this state.'),
  alerts: gauge('tocsin_alerts', 'Alerts in this state.'),
};
