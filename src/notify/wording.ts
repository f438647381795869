import { humanDuration } from '../lib/duration.ts';
import { type Alert, alertStatus } from '../model/alert.ts';
import { severities, type Severity } from '../model/check.ts';
import { isQuantity } from '../model/quantity.ts';
import type { WallMs } from '../model/time.ts';
import { oneLine } from './cut-text.ts';

/** What one alert is called in messages. Labels may come from anywhere, so they are put on one line. */

export function nameOf(alert: Alert): string {
  const { check, alertname } = alert.labels;
  return oneLine((isAboutCheck(alert) ? alertname : (check ?? alertname)) ?? 'alert');
}

export function hostOf(alert: Alert): string | undefined {
  const host = alert.labels['host'] ?? alert.labels['instance'];
  return host === undefined ? undefined : oneLine(host);
}

/** The severity; what another system calls otherwise counts as critical. */
export function severityOf(alert: Alert): Severity {
  return severities.find((severity) => severity === alert.labels['severity']) ?? 'critical';
}

export const marks: Record<Severity | 'resolved', string> = {
  critical: '🔴',
  warning: '🟠',
  info: '🔵',
  resolved: '✅',
};

/** The lines that explain it to whoever has to act: when it is over, what was wrong is said in one sentence. */
export function detailOf(alert: Alert): readonly string[] {
  return alertStatus(alert) === 'firing' ? alert.detail : [];
}

/** Whether it tells something about a check beside its result, such as `gateway stalled`. */
function isAboutCheck({ labels: { check, alertname } }: Alert): boolean {
  return check !== undefined && alertname?.startsWith(`${check} `) === true;
}

/** How an alert that fires is doing, to follow "is": `down`, `critical`, `in warning`. */
export function stateOf(alert: Alert): string {
  if (alert.labels['check'] === undefined || isAboutCheck(alert)) return 'firing';
  if (alert.flapping) return 'flapping';
  if (severityOf(alert) === 'warning') return 'in warning';
  if (severityOf(alert) === 'info') return 'worth a look';
  return isQuantity(alert.labels['type']) ? 'critical' : 'down';
}

/** How an alert that has resolved is doing, to follow "is". */
export function recoveredStateOf(alert: Alert): string {
  const { supersededBy } = alert;
  if (alert.withdrawn) return 'no longer watched';
  if (supersededBy !== undefined) return `no longer ${stateOf(alert)} but ${supersededBy.severity}`;
  if (alert.labels['check'] === undefined || isAboutCheck(alert)) return 'resolved';
  return isQuantity(alert.labels['type']) ? 'fine again' : 'back';
}

/** How long it lasted, or has lasted at `now`: `4m 12s`. A date that was set back counts as no time. */
export function lasted(alert: Alert, now: WallMs): string {
  return humanDuration(Math.max(0, (alert.endsAt ?? now) - alert.startsAt));
}

/** A date for people who may be anywhere: `2025-01-15 12:00:00 UTC`. */
export function date(wallMs: WallMs): string {
  return new Date(wallMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

/** Since when, or from when until when, and how long: with absolute dates in UTC. */
export function since(alert: Alert, now: WallMs): string {
  return alertStatus(alert) === 'firing'
    ? `since ${date(alert.startsAt)} (${lasted(alert, now)})`
    : `from ${date(alert.startsAt)} to ${date(alert.endsAt ?? now)} (${lasted(alert, now)})`;
}

/**
 * What happened, most important first: the summary somebody wrote, then why. Of what has resolved: how it
 * is now, then what it was, for a sentence such as "it is down" would deny the good news.
 */
export function sentences(alert: Alert): string[] {
  const { summary = '', description = '', resolved = '' } = alert.annotations;
  const former = description === '' ? summary : description;
  const texts =
    alertStatus(alert) === 'firing'
      ? [saysNoMore(summary, alert) ? '' : summary, description]
      : [resolved, former === '' ? '' : `was: ${former}`];
  return [...new Set(texts.map(oneLine))].filter((text) => text !== '');
}

/** Whether a summary only says what the headline of every message says: who, how, where. */
function saysNoMore(summary: string, alert: Alert): boolean {
  return summary.startsWith(`${nameOf(alert)} `) && summary.endsWith(` on ${hostOf(alert)}`);
}

/** The link to what to do, if it is one that may be opened. */
export function runbookOf(alert: Alert): string | undefined {
  const url = URL.parse(alert.annotations['runbook_url'] ?? '');
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : undefined;
}

/** Names and values that place an alert: host, severity, check. */
export function factsOf(alert: Alert): [name: string, value: string][] {
  const { type, target, check } = alert.labels;
  const looksAt = [type, target].filter((part) => part !== undefined && part !== '').join(' ');
  const facts: [string, string | undefined][] = [
    ['Host', hostOf(alert)],
    ['Severity', severityOf(alert)],
    ['Check', looksAt === '' ? check : oneLine(looksAt)],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}
