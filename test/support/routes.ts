import type { Alert } from '../../src/model/alert.ts';
import { fingerprint } from '../../src/model/fingerprint.ts';
import type { Labels } from '../../src/model/labels.ts';
import type { IntegrationSpec, Matcher, ReceiverSpec, Route } from '../../src/model/route.ts';
import { instant, type Instant } from '../../src/model/time.ts';

/** A matcher for one exact value. */
export function equal(label: string, value: string): Matcher {
  return { label, operator: '=', value, matches: (labels) => (labels[label] ?? '') === value };
}

export function route(changes: Partial<Route> = {}): Route {
  return {
    receiver: 'team',
    groupBy: [],
    groupWaitMs: 10_000,
    groupIntervalMs: 60_000,
    repeatIntervalMs: 4 * 3_600_000,
    matchers: [],
    continue: false,
    repeatFactor: 1,
    repeatIntervalMaxMs: Infinity,
    escalate: [],
    muteTimeIntervals: [],
    activeTimeIntervals: [],
    routes: [],
    ...changes,
  };
}

export function webhook(changes: Partial<IntegrationSpec> = {}): IntegrationSpec {
  return {
    integration: 'webhook',
    index: 0,
    sendResolved: true,
    splitsAlerts: false,
    tellsAcknowledgement: false,
    options: {},
    ...changes,
  };
}

export function receiver(name: string, ...integrations: IntegrationSpec[]): ReceiverSpec {
  return { name, integrations: integrations.length === 0 ? [webhook()] : integrations };
}

/** A moment so many seconds after the start of a test; both clocks differ on purpose. */
export function at(seconds: number): Instant {
  return instant(1_000_000 + seconds * 1000, Date.UTC(2025, 0, 15) + seconds * 1000);
}

export function firing(labels: Labels, changes: Partial<Alert> = {}): Alert {
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations: {},
    detail: [],
    startsAt: at(0).wallMs,
    generatorURL: '',
    revision: 0,
    dependsOn: [],
    ...changes,
  };
}

export function ended(alert: Alert, seconds: number): Alert {
  return { ...alert, endsAt: at(seconds).wallMs };
}
