import type { Alert } from '../model/alert.ts';
import type { CheckSpec } from '../model/check.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { withoutEmpty, type Labels } from '../model/labels.ts';
import { isQuantity } from '../model/quantity.ts';
import type { RecordedResult } from '../model/result.ts';
import { elapsedMs, type Instant, type SteadyMs } from '../model/time.ts';
import { explain } from './explain.ts';
import { initialState, judge, severityOf, type AlertState, type Judgement } from './debounce.ts';

/** What is remembered of one check between results; saved with everything it caused. */
export interface Track {
  readonly state: AlertState;
  /** The alert as last offered to routing, while firing. */
  readonly alert?: Alert;
  /** Which rule decided at the latest result, as a sentence. */
  readonly rule: string;
}

export const newTrack: Track = { state: initialState, rule: 'has not run yet' };

/** What holds for every alert of this agent. */
export interface AlertOrigin {
  /** Labels of the agent, `host` among them. */
  readonly labels: Labels;
  readonly generatorURL: string;
  /** When the agent began to watch this check. */
  readonly watchedSince: Instant;
  /** What was found around the failing check on this host. */
  readonly evidence?: readonly string[];
}

export interface Advance {
  readonly track: Track;
  readonly judgement: Judgement;
  /** Alerts that routing has to hear of, resolved ones first. */
  readonly offers: readonly Alert[];
}

/** Takes one result into the track of its check. */
export function advance(
  track: Track,
  result: RecordedResult,
  spec: CheckSpec,
  origin: AlertOrigin,
  now: Instant,
): Advance {
  const start = sinceStart(track.state, result, spec, now);
  const inStartPeriod = elapsedMs(origin.watchedSince, now) < spec.startPeriodMs || start.isRecent;
  const judgement = judge(start.state, result.status, spec.debounce, now, inStartPeriod);
  const { state } = judgement;
  const rule = explain(judgement, spec.debounce, now);
  const former = track.alert;
  if (state.phase !== 'firing') {
    const why = track.state.flapping
      ? `stopped flapping and is up: ${result.summary}`
      : result.summary;
    const offers = former === undefined ? [] : [resolved(former, why, now)];
    return { track: { state, rule }, judgement, offers };
  }
  if (former !== undefined && result.status === 'unknown') {
    return { track: { state, alert: former, rule }, judgement, offers: [] };
  }
  const alert = firingAlert({ spec, origin, state, result, now, former, judgement });
  const offers =
    former !== undefined && former.fingerprint !== alert.fingerprint
      ? [superseded(former, alert, now), alert]
      : [alert];
  return { track: { state, alert, rule }, judgement, offers };
}

/**
 * Begins a start period when what is watched was started anew and had been sound before: something that
 * keeps ending and starting gets one, not one for each start.
 */
function sinceStart(
  state: AlertState,
  { subjectAgeMs }: RecordedResult,
  { startPeriodMs }: CheckSpec,
  now: Instant,
): { readonly state: AlertState; readonly isRecent: boolean } {
  if (subjectAgeMs === undefined || startPeriodMs === 0) {
    const since = state.subjectSince;
    return { state, isRecent: since !== undefined && now.steadyMs - since < startPeriodMs };
  }
  const startedAt = (now.steadyMs - subjectAgeMs) as SteadyMs;
  const known = state.subjectSince;
  const isAnew = known === undefined || startedAt > known + sameStartMs;
  const counts = isAnew && (state.settled || known === undefined);
  const since = counts ? startedAt : known;
  const isRecent = since !== undefined && now.steadyMs - since < startPeriodMs;
  if (!counts) return { state, isRecent };
  return {
    state: { ...state, subjectSince: startedAt, settled: state.settled && !isRecent },
    isRecent,
  };
}

/** Readings of one start differ by the time that a look takes. */
const sameStartMs = 2000;

/** The labels every alert of this check carries; `severity` and the fixed ones cannot be overridden. */
export function alertLabels(
  spec: CheckSpec,
  origin: Pick<AlertOrigin, 'labels'>,
  level: AlertState['level'],
): Labels {
  return withoutEmpty({
    ...origin.labels,
    ...spec.labels,
    alertname: spec.name,
    check: spec.name,
    type: spec.type,
    severity: severityOf(level, spec.severity),
    ...(spec.target === undefined ? {} : { target: spec.target }),
  });
}

function firingAlert(input: {
  readonly spec: CheckSpec;
  readonly origin: AlertOrigin;
  readonly state: AlertState;
  readonly result: RecordedResult;
  readonly now: Instant;
  readonly former: Alert | undefined;
  readonly judgement: Judgement;
}): Alert {
  const { spec, origin, state, result, now, former, judgement } = input;
  const labels = alertLabels(spec, origin, state.level);
  const id = fingerprint(labels);
  // A passing success while firing says nothing about why the check is down: keep the last failure.
  const stale = former !== undefined && result.status === 'ok' && !state.flapping;
  const evidence = (stale ? former.evidence : origin.evidence) ?? [];
  const retold = judgement.transition === 'changed' && former?.fingerprint === id ? 1 : 0;
  return {
    fingerprint: id,
    labels,
    annotations: stale ? former.annotations : annotations(spec, origin, state, result),
    detail: stale ? former.detail : result.detail,
    startsAt: former?.startsAt ?? (state.firingSince ?? now).wallMs,
    generatorURL: origin.generatorURL,
    revision: (former?.revision ?? 0) + retold,
    dependsOn: spec.dependsOn,
    ...(state.flapping ? { flapping: true } : {}),
    ...(evidence.length > 0 ? { evidence } : {}),
  };
}

function annotations(
  spec: CheckSpec,
  origin: AlertOrigin,
  state: AlertState,
  result: RecordedResult,
): Labels {
  const host = origin.labels['host'] ?? '';
  const down = stateInWords(spec, state);
  const what = state.flapping
    ? 'is flapping'
    : state.flapped
      ? `stopped flapping and ${down}`
      : down;
  const values = result.values
    .filter(({ warning, critical }) => warning !== undefined || critical !== undefined)
    .map(({ metric, value, unit = '' }) => `${metric}=${value}${unit}`);
  return withoutEmpty({
    summary: `${spec.name} ${what}${host === '' ? '' : ` on ${host}`}`,
    description: describe(spec, state, result),
    reason: result.reason ?? '',
    values: values.join(' '),
    flapping: state.flapping ? 'true' : '',
    ...spec.annotations,
  });
}

function describe(spec: CheckSpec, state: AlertState, { summary }: RecordedResult): string {
  const { flapping, flapped } = state;
  if (flapping) return `keeps changing between up and down; at the moment: ${summary}`;
  if (!flapped) return summary;
  return `stopped flapping and ${stateInWords(spec, state)}: ${summary}`;
}

/** Only what is down is called so, wherever the annotations are read. */
function stateInWords({ type, severity }: CheckSpec, { level }: AlertState): string {
  if (severityOf(level, severity) !== 'critical') return 'needs attention';
  return isQuantity(type) ? 'is critical' : 'is down';
}

function resolved(alert: Alert, why: string, now: Instant): Alert {
  return {
    ...alert,
    endsAt: now.wallMs,
    annotations: { ...alert.annotations, resolved: why },
  };
}

/** The end of an alert in favour of the same check at another severity. */
function superseded(former: Alert, by: Alert, now: Instant): Alert {
  const severity = by.labels['severity'] ?? '';
  const ended = resolved(former, `now ${severity}`, now);
  return { ...ended, supersededBy: { fingerprint: by.fingerprint, severity } };
}

/** The end of an alert whose check is no longer configured. */
export function withdraw(alert: Alert, now: Instant): Alert {
  const why = 'no longer watched: the check was removed from the configuration';
  return { ...resolved(alert, why, now), withdrawn: true };
}

/** A track under a changed configuration. */
export interface Relabelled {
  readonly track: Track;
  /** The alert as routing knew it, under its present labels but its former severity. */
  readonly alert?: Alert;
  /** What routing has to hear of besides: the check fires at another severity now. */
  readonly offers: readonly Alert[];
}

/** Gives the alert of a track the labels that the present configuration would have given it. */
export function relabel(
  track: Track,
  spec: CheckSpec,
  origin: Pick<AlertOrigin, 'labels'>,
  now: Instant,
): Relabelled {
  const former = track.alert;
  if (former === undefined) return { track, offers: [] };
  const labels = alertLabels(spec, origin, track.state.level);
  const severity = former.labels['severity'] ?? '';
  const alert = underLabels(former, spec, { ...labels, severity });
  if (severity === labels['severity']) return { track: { ...track, alert }, alert, offers: [] };
  const next = underLabels(former, spec, labels);
  return { track: { ...track, alert: next }, alert, offers: [superseded(alert, next, now), next] };
}

function underLabels(alert: Alert, spec: CheckSpec, labels: Labels): Alert {
  return {
    ...alert,
    labels,
    fingerprint: fingerprint(labels),
    annotations: { ...alert.annotations, ...spec.annotations },
    dependsOn: spec.dependsOn,
  };
}

/** Whether a restart would notice the difference: a sound check that stays sound need not be saved. */
export function worthSaving(before: Track, after: Track): boolean {
  const a = before.state;
  const b = after.state;
  return (
    a.phase !== 'inactive' ||
    b.phase !== 'inactive' ||
    b.failures > 0 ||
    a.failures > 0 ||
    a.settled !== b.settled ||
    a.outcomes !== b.outcomes
  );
}
