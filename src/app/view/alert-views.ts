import type { Acknowledgement } from '../../model/acknowledgement.ts';
import { alertStatus, type Alert } from '../../model/alert.ts';
import type { AlertGroupView, AlertView } from '../../model/alert-view.ts';
import type { Route } from '../../model/route.ts';
import type { Instant, WallMs } from '../../model/time.ts';
import type { ActiveAlert, Dispatcher } from '../../routing/dispatcher.ts';
import { quietHours } from '../../routing/mute.ts';
import { matchRoutes } from '../../routing/route-tree.ts';

/** What the views ask of the agent. */
export interface ViewSource {
  readonly root: Route;
  readonly dispatcher: Dispatcher;
  readonly failingParent: (alert: Alert) => string | undefined;
  readonly silencedBy: (alert: Alert) => readonly string[];
  /** What whoever posted an alert said of its times; undefined for one of a check. */
  readonly posted: (
    fingerprint: string,
  ) => { readonly endsAt: WallMs; readonly updatedAt: WallMs } | undefined;
  readonly acknowledgement: (fingerprint: string) => Acknowledgement | undefined;
}

/** Every alert that fires, with all that keeps it from being told, ordered by fingerprint. */
export function alertViews(source: ViewSource, now: Instant): AlertView[] {
  return [...source.dispatcher.active()]
    .toSorted((a, b) => (a.alert.fingerprint < b.alert.fingerprint ? -1 : 1))
    .map((active) => alertView(source, active, now));
}

/** The groups with an alert that fires; what a group only has left to end is not shown. */
export function alertGroupViews(source: ViewSource, now: Instant): AlertGroupView[] {
  const views = new Map(alertViews(source, now).map((view) => [view.alert.fingerprint, view]));
  const groups: AlertGroupView[] = [];
  for (const { labels, receiver, alerts, departed } of source.dispatcher.groups()) {
    const shown = [...alerts.values()].flatMap((alert) => {
      const isHere = alertStatus(alert) === 'firing' && !departed.has(alert.fingerprint);
      const view = isHere ? views.get(alert.fingerprint) : undefined;
      return view === undefined ? [] : [view];
    });
    if (shown.length > 0) groups.push({ labels, receiver, alerts: shown });
  }
  return groups;
}

function alertView(source: ViewSource, active: ActiveAlert, now: Instant): AlertView {
  const { alert, looked, updatedAt } = active;
  const routes = matchRoutes(source.root, alert.labels).map(({ route }) => route);
  const silencedBy = source.silencedBy(alert);
  const inhibitedBy = source.dispatcher.inhibitors(alert.labels);
  const mutedBy = quietEverywhere(routes, now.wallMs);
  const dependsOn = source.failingParent(alert);
  const acknowledgement = source.acknowledgement(alert.fingerprint);
  const posted = source.posted(alert.fingerprint);
  const isKeptBack = silencedBy.length + inhibitedBy.length + mutedBy.length > 0;
  return {
    alert,
    state: isKeptBack || dependsOn !== undefined ? 'suppressed' : looked ? 'active' : 'unprocessed',
    silencedBy,
    inhibitedBy,
    mutedBy,
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(acknowledgement === undefined ? {} : { acknowledgement }),
    receivers: [...new Set(routes.map(({ receiver }) => receiver))],
    updatedAt: posted?.updatedAt ?? updatedAt,
    ...(posted === undefined ? {} : { until: posted.endsAt }),
  };
}

/** The intervals that keep an alert back, if they do so on every route that it takes. */
function quietEverywhere(routes: readonly Route[], atMs: WallMs): string[] {
  const quiet = routes.map((route) => quietHours(route, atMs));
  return quiet.every((names) => names.length > 0) ? [...new Set(quiet.flat())] : [];
}
