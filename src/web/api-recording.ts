import { recordingPageMax } from '../model/limits.ts';
import type { Recording, RecordedNotification } from '../model/recording.ts';
import { rfc3339, type Instant, type WallMs } from '../model/time.ts';
import { jsonResponse, type WebRequest, type WebResponse, type WebRoute } from './exchange.ts';

/** What was found and told, page by page in the order in which it came: for `tocsin replay`. */
export function recordingRoutes(recording: () => Recording): readonly WebRoute[] {
  return [
    {
      path: '/api/v1/recording',
      get: ({ query }) => {
        const { until, runs, silences, acknowledgements } = recording().facts();
        return jsonResponse(200, {
          until: instantShape(until),
          runs: runs.map(({ startedAt, formerEndedAt }) => ({
            startedAt: instantShape(startedAt),
            formerEndedAt: formerEndedAt === undefined ? null : instantShape(formerEndedAt),
          })),
          silences,
          acknowledgements,
          begin: recording().beginAt(dateIn(query)),
        });
      },
    },
    {
      path: '/api/v1/recording/results',
      get: paged((after, limit) => {
        const { results, next } = recording().results(after, limit);
        return {
          results: results.map(({ startedAt, ...rest }) => ({
            ...rest,
            startedAt: rfc3339(startedAt.wallMs),
            steadyMs: startedAt.steadyMs,
          })),
          next: next ?? null,
        };
      }),
    },
    {
      path: '/api/v1/recording/notifications',
      get: paged((after, limit, query) => {
        const { notifications, next } = recording().notifications(dateIn(query), after, limit);
        return { notifications: notifications.map(notificationShape), next: next ?? null };
      }),
    },
  ];
}

function instantShape({ steadyMs, wallMs }: Instant): object {
  return { at: rfc3339(wallMs), steadyMs };
}

function notificationShape({ at, ...rest }: RecordedNotification): object {
  return { at: rfc3339(at), ...rest };
}

/** `?from=`, a date; everything without one. */
function dateIn(query: URLSearchParams): WallMs {
  const date = Date.parse(query.get('from') ?? '');
  return (Number.isNaN(date) ? 0 : date) as WallMs;
}

/** Reads `?after=` and `?limit=`. */
function paged(
  answer: (after: number, limit: number, query: URLSearchParams) => object,
): (request: WebRequest) => WebResponse {
  return ({ query }) => {
    const after = query.get('after') ?? '0';
    const limit = query.get('limit') ?? String(recordingPageMax);
    const isNumber = (text: string): boolean => /^\d{1,15}$/.test(text);
    if (!isNumber(after) || !isNumber(limit) || +limit < 1 || +limit > recordingPageMax) {
      const error = `after is a whole number, limit one from 1 to ${recordingPageMax}`;
      return jsonResponse(400, { error });
    }
    return jsonResponse(200, answer(Number(after), Number(limit), query));
  };
}
