import type { Alert } from '../model/alert.ts';
import type { Notification } from '../model/delivery.ts';
import { annotationsWithEvidence } from './evidence.ts';
import { rfc3339, type WallMs } from '../model/time.ts';

/**
 * How many times an alert may be due to be posted again before an Alertmanager takes it for resolved:
 * Prometheus allows four. Three attempts may fail or come late.
 */
const missedRefreshesMax = 4;

/** How long an alert lives there that nobody will post again, such as one that only tests the way. */
const soleLifeMs = 5 * 60_000;

/**
 * The body for `POST /api/v2/alerts`, sent at `nowMs`. An alert that fires ends by itself some time after
 * the agent has stopped telling of it; one that has resolved ended when it did.
 */
export function postedAlerts(notification: Notification, nowMs: WallMs): object[] {
  const { toldAgainWithinMs: withinMs } = notification;
  const lifeMs = withinMs === undefined ? soleLifeMs : missedRefreshesMax * withinMs;
  return notification.alerts.map((alert) => postedAlert(alert, (nowMs + lifeMs) as WallMs));
}

function postedAlert(alert: Alert, endOfLife: WallMs): object {
  const { labels, startsAt, generatorURL } = alert;
  const endsAt = alert.endsAt ?? endOfLife;
  return {
    labels,
    annotations: annotationsWithEvidence(alert),
    startsAt: rfc3339(startsAt),
    // A date that was set back must not make the end come before the start, which is refused.
    endsAt: rfc3339(endsAt > startsAt ? endsAt : startsAt),
    ...(generatorURL === '' ? {} : { generatorURL }),
  };
}
