import type { AlertGroupView, AlertView } from '../model/alert-view.ts';
import { labelNames, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/route.ts';
import { silenceState, type Silence } from '../model/silence.ts';
import { rfc3339, type WallMs } from '../model/time.ts';

/** The shapes of Alertmanager's API, version 2, written out field by field. */

/**
 * `fallbackEnd` is the end that is shown of an alert that nobody has to post again: Alertmanager knows no
 * alert without one, and its clients take one with an end in the past for resolved.
 */
export function alertShape(view: AlertView, fallbackEnd: WallMs): object {
  const { alert, state, silencedBy, inhibitedBy, mutedBy, receivers, updatedAt, until } = view;
  return {
    annotations: alert.annotations,
    endsAt: rfc3339(until ?? fallbackEnd),
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: rfc3339(alert.startsAt),
    status: {
      inhibitedBy,
      mutedBy,
      silencedBy,
      state: state === 'suppressed' ? state : 'active',
    },
    updatedAt: rfc3339(updatedAt),
    ...(alert.generatorURL === '' ? {} : { generatorURL: alert.generatorURL }),
    labels: alert.labels,
  };
}

export function groupShape(group: AlertGroupView, fallbackEnd: WallMs): object {
  return {
    alerts: group.alerts.map((view) => alertShape(view, fallbackEnd)),
    labels: group.labels,
    receiver: { name: group.receiver },
  };
}

/** Groups by their labels, fewer first, then by receiver. Source: `LabelSet.Before` of Prometheus. */
export function compareGroups(a: AlertGroupView, b: AlertGroupView): number {
  return compareLabels(a.labels, b.labels) || compare(a.receiver, b.receiver);
}

export function compareByFingerprint(a: AlertView, b: AlertView): number {
  return compare(a.alert.fingerprint, b.alert.fingerprint);
}

function compareLabels(a: Labels, b: Labels): number {
  const names = new Set([...labelNames(a), ...labelNames(b)]);
  const byCount = Object.keys(a).length - Object.keys(b).length;
  if (byCount !== 0) return byCount;
  for (const name of [...names].toSorted()) {
    if (!Object.hasOwn(a, name)) return -1;
    if (!Object.hasOwn(b, name)) return 1;
    const difference = compare(a[name] ?? '', b[name] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function silenceShape(silence: Silence, nowMs: WallMs): object {
  const { id, matchers, startsAt, endsAt, updatedAt, createdBy, comment, untilOk } = silence;
  return {
    id,
    status: { state: silenceState(silence, nowMs) },
    updatedAt: rfc3339(updatedAt),
    comment,
    createdBy,
    endsAt: rfc3339(endsAt),
    matchers: matchers.map(matcherShape),
    startsAt: rfc3339(startsAt),
    ...(untilOk === undefined ? {} : { untilOk }),
  };
}

function matcherShape({ label, operator, value }: Matcher): object {
  return {
    isEqual: operator === '=' || operator === '=~',
    isRegex: operator.endsWith('~'),
    name: label,
    value,
  };
}

const stateOrder = ['active', 'pending', 'expired'] as const;

/** Active ones by their end, pending ones by their start, expired ones by their end, the latest first. */
export function compareSilences(a: Silence, b: Silence, nowMs: WallMs): number {
  const [state, other] = [silenceState(a, nowMs), silenceState(b, nowMs)];
  if (state !== other) return stateOrder.indexOf(state) - stateOrder.indexOf(other);
  if (state === 'active') return a.endsAt - b.endsAt;
  return state === 'pending' ? a.startsAt - b.startsAt : b.endsAt - a.endsAt;
}
