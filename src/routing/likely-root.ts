import { uplinkAlertname, type Alert } from '../model/alert.ts';
import { severities } from '../model/check.ts';
import type { RootReason } from '../model/delivery.ts';

/*
 * Which of the alerts that are told together probably caused the others. A guess for people who have just
 * been woken, made from what is known without asking anybody; it changes nothing but the order and one
 * sentence. In this order:
 *
 * dependency  A check that another one depends on, and that depends on none of them itself.
 * uplink      The host reaches nothing outside.
 * resource    On one host, what everything else needs: disks and memory before processor time, these
 *             before services, services before what is asked over the network. It must be as bad as the
 *             worst of the others, and not have begun much later: checks of a disk run less often.
 * earliest    What began clearly before all others, when all of them began within a short time.
 *
 * No rule, no root: a wrong guess costs more than none.
 */

interface LikelyRoot {
  readonly fingerprint: string;
  readonly reason: RootReason;
}

/** How much later than its consequences a cause may be noticed: checks of resources run once a minute. */
const noticedLateMs = 5 * 60_000;

/** How long one outage takes to show everywhere; what began earlier is another story. */
const outageMs = 10 * 60_000;

/** Differences below this come from when each check happened to run. */
const clearlyEarlierMs = 5000;

/** What stands on what: lower ones carry the higher ones. Types that are not listed carry nothing. */
const layers: Readonly<Record<string, number>> = {
  disk: 0,
  mount: 0,
  memory: 0,
  oom: 0,
  cpu: 1,
  load: 1,
  systemd: 2,
  docker: 2,
  process: 2,
};
const topLayer = 3;

/** The probable cause of alerts that are told together, all firing or all resolved; undefined for one. */
export function likelyRoot(alerts: readonly Alert[]): LikelyRoot | undefined {
  if (alerts.length < 2) return undefined;
  const found: readonly (readonly [RootReason, Alert | undefined])[] = [
    ['dependency', commonParent(alerts)],
    ['uplink', alerts.find(({ labels }) => labels['alertname'] === uplinkAlertname)],
    ['resource', lowestLayer(alerts)],
    ['earliest', earliest(alerts)],
  ];
  for (const [reason, alert] of found) {
    if (alert !== undefined) return { fingerprint: alert.fingerprint, reason };
  }
  return undefined;
}

function commonParent(alerts: readonly Alert[]): Alert | undefined {
  const place = ({ labels }: Alert, check = labels['check'] ?? ''): string =>
    `${labels['host'] ?? ''}\n${check}`;
  const byPlace = new Map(alerts.map((alert) => [place(alert), alert]));
  const parentsOf = (alert: Alert): Alert[] =>
    alert.dependsOn.flatMap((parent) => byPlace.get(place(alert, parent)) ?? []);
  const parents = new Set(alerts.flatMap(parentsOf));
  return only([...parents].filter((parent) => parentsOf(parent).length === 0));
}

function lowestLayer(alerts: readonly Alert[]): Alert | undefined {
  const [first] = alerts;
  if (first === undefined || !alerts.every((alert) => sameHost(first, alert))) return undefined;
  const lowest = alerts.reduce((least, alert) => Math.min(least, layerOf(alert)), topLayer);
  const root = only(alerts.filter((alert) => layerOf(alert) === lowest));
  if (root === undefined || lowest === topLayer) return undefined;
  const carries = alerts.every(
    (alert) => badness(alert) <= badness(root) && root.startsAt - alert.startsAt <= noticedLateMs,
  );
  return carries ? root : undefined;
}

function earliest(alerts: readonly Alert[]): Alert | undefined {
  const [first, second] = alerts.toSorted((a, b) => a.startsAt - b.startsAt);
  if (first === undefined || second === undefined) return undefined;
  const last = alerts.reduce<number>(
    (latest, { startsAt }) => Math.max(latest, startsAt),
    first.startsAt,
  );
  const isClear = second.startsAt - first.startsAt >= clearlyEarlierMs;
  return isClear && last - first.startsAt <= outageMs ? first : undefined;
}

function only(alerts: readonly Alert[]): Alert | undefined {
  return alerts.length === 1 ? alerts[0] : undefined;
}

function layerOf({ labels }: Alert): number {
  return layers[labels['type'] ?? ''] ?? topLayer;
}

function badness({ labels }: Alert): number {
  return severities.findIndex((severity) => severity === labels['severity']);
}

function sameHost(a: Alert, b: Alert): boolean {
  return a.labels['host'] === b.labels['host'];
}
