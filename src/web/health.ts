import { rfc3339 } from '../model/time.ts';
import type { AgentSnapshot, CheckSnapshot } from '../model/snapshot.ts';
import { jsonResponse, type WebRequest, type WebResponse, type WebRoute } from './exchange.ts';

/** One check for a load balancer: 200 or 503, with the reason as JSON. */
export function healthRoutes(snapshot: () => AgentSnapshot): readonly WebRoute[] {
  return [{ path: '/health/:name', get: (request) => health(snapshot(), request) }];
}

function health(snapshot: AgentSnapshot, { parameters, query }: WebRequest): WebResponse {
  const name = parameters['name'] ?? '';
  const check = snapshot.checks.find((one) => one.spec.name === name);
  if (check === undefined) return jsonResponse(404, { error: `no check is called ${name}` });
  const latest = check.recent.at(-1);
  if (latest === undefined) return jsonResponse(503, { check: name, status: 'pending' });
  const facts = { summary: latest.summary, lastRun: rfc3339(latest.startedAt.wallMs) };
  if (query.has('raw')) {
    const sound = latest.status === 'ok' || latest.status === 'warning';
    return jsonResponse(sound ? 200 : 503, { check: name, status: latest.status, ...facts });
  }
  const { up } = check;
  return jsonResponse(up ? 200 : 503, {
    check: name,
    status: up ? 'up' : 'down',
    phase: check.phase,
    ...since(check),
    ...facts,
  });
}

function since(check: CheckSnapshot): { since?: string } {
  return check.since === undefined ? {} : { since: rfc3339(check.since) };
}
