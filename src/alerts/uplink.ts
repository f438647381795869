import { counted } from '../model/counted.ts';
import { uplinkAlertname, type Alert } from '../model/alert.ts';
import type { CheckSpec } from '../model/check.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { withoutEmpty } from '../model/labels.ts';
import type { CheckResult, FailureReason } from '../model/result.ts';
import { rfc3339, type WallMs } from '../model/time.ts';
import type { AlertOrigin } from './track.ts';

/*
 * The agent's own connectivity. When nothing outside can be reached, and a chosen reference cannot be
 * either, it is the host that is cut off, and that is one thing to tell, not one for each check.
 */

/** Failures that come about without a word from the other side. */
const silent: ReadonlySet<FailureReason> = new Set(['resolve', 'connect', 'timeout']);

/** Those whose target may be a place outside; a gateway, containers and Unix sockets are of this host. */
const networkTypes: ReadonlySet<string> = new Set([
  'http',
  'tcp',
  'dns',
  'icmp',
  'grpc',
  'websocket',
  'certificate',
  'redis',
  'postgres',
  'smtp',
  'nginx',
  'caddy',
  'layers',
  'llm',
]);

/**
 * Whether a look came through to the other side; undefined where it does not tell. Any answer counts, also
 * a bad one. What is no network check but was declared to look outside counts by its verdict.
 */
export function cameThrough(
  spec: Pick<CheckSpec, 'type' | 'expect'>,
  { status, reason }: CheckResult,
): boolean | undefined {
  if (status === 'unknown' || spec.expect === 'down') return undefined;
  if (status !== 'critical') return true;
  return networkTypes.has(spec.type) && reason !== undefined && !silent.has(reason);
}

/** Whether a check of this type looks at a place in the network, which may be outside. */
export function looksAtNetwork({ type }: Pick<CheckSpec, 'type'>): boolean {
  return networkTypes.has(type);
}

/** The one alert that stands for all checks that reach nothing. */
export function uplinkAlert(
  origin: Pick<AlertOrigin, 'labels' | 'generatorURL'>,
  found: {
    readonly checks: readonly string[];
    readonly since: WallMs;
    readonly references: readonly string[];
  },
): Alert {
  const labels = withoutEmpty({
    ...origin.labels,
    alertname: uplinkAlertname,
    severity: 'critical',
  });
  const { checks, since, references } = found;
  const host = origin.labels['host'] ?? 'this host';
  const failing = counted(checks.length, 'check');
  const when = rfc3339(since).slice(0, 16).replace('T', ' ');
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations: {
      summary: `${host} cannot reach anything outside`,
      description:
        `${host} cannot reach anything outside: ${failing} failing since ${when} UTC, ` +
        `and ${references.join(', ')} cannot be reached either`,
    },
    detail: checks,
    startsAt: since,
    generatorURL: origin.generatorURL,
    revision: 0,
    dependsOn: [],
  };
}
