import * as v from 'valibot';
import { type ScriptedHttpServer, startScriptedHttpServer } from './scripted-http-server.ts';

/** The format of the Events API v2, as its documentation states it. */

const bytesMax = 512 * 1024;

const event = v.strictObject({
  routing_key: v.pipe(v.string(), v.length(32)),
  event_action: v.picklist(['trigger', 'acknowledge', 'resolve']),
  dedup_key: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  client: v.optional(v.string()),
  client_url: v.optional(v.string()),
  payload: v.strictObject({
    summary: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
    source: v.pipe(v.string(), v.minLength(1)),
    severity: v.picklist(['critical', 'error', 'warning', 'info']),
    timestamp: v.pipe(v.string(), v.isoTimestamp()),
    component: v.optional(v.string()),
    group: v.optional(v.string()),
    class: v.optional(v.string()),
    custom_details: v.looseObject({}),
  }),
  images: v.optional(
    v.array(
      v.strictObject({
        src: v.pipe(v.string(), v.url()),
        href: v.optional(v.string()),
        alt: v.optional(v.string()),
      }),
    ),
  ),
  links: v.optional(
    v.array(v.strictObject({ href: v.pipe(v.string(), v.url()), text: v.string() })),
  ),
});

export type PagerdutyEvent = v.InferOutput<typeof event>;

export interface PagerdutyServer extends ScriptedHttpServer {
  readonly url: string;
  /** The events that were taken. */
  events(): PagerdutyEvent[];
  /** Dedup keys of the incidents that are open. */
  openIncidents(): string[];
  /** Dedup keys of those that somebody has acknowledged. */
  acknowledgedIncidents(): string[];
}

/** A stand-in for events.pagerduty.com. */
export async function startPagerdutyServer(): Promise<PagerdutyServer> {
  const server = await startScriptedHttpServer(({ path, body }) => {
    if (path !== '/v2/enqueue') return { status: 404 };
    if (Buffer.byteLength(body) > bytesMax) return { status: 413 };
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), event), body);
    const headers = { 'content-type': 'application/json' };
    if (!parsed.success) {
      const errors = parsed.issues.map((issue) => issue.message);
      const answer = { status: 'invalid event', message: 'Event object is invalid', errors };
      return { status: 400, headers, body: JSON.stringify(answer) };
    }
    const { dedup_key } = parsed.output;
    const answer = { status: 'success', message: 'Event processed', dedup_key };
    return { status: 202, headers, body: JSON.stringify(answer) };
  });
  const events = (): PagerdutyEvent[] =>
    server.accepted.map(({ body }) => v.parse(event, JSON.parse(body)));
  return Object.assign(server, {
    url: `${server.origin}/v2/enqueue`,
    events,
    openIncidents: () => [...incidents(events()).keys()],
    acknowledgedIncidents: () =>
      [...incidents(events())].flatMap(([key, state]) => (state === 'acknowledged' ? [key] : [])),
  });
}

/** What became of the incidents, as PagerDuty keeps them: a new trigger leaves an acknowledged one as it is. */
function incidents(events: readonly PagerdutyEvent[]): Map<string, 'open' | 'acknowledged'> {
  const known = new Map<string, 'open' | 'acknowledged'>();
  for (const { event_action, dedup_key } of events) {
    if (event_action === 'trigger') known.set(dedup_key, known.get(dedup_key) ?? 'open');
    if (event_action === 'acknowledge' && known.has(dedup_key))
      known.set(dedup_key, 'acknowledged');
    if (event_action === 'resolve') known.delete(dedup_key);
  }
  return known;
}
