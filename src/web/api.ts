import { apiEntriesMax } from '../model/limits.ts';
import {
  agentShape,
  checkShape,
  deliveryShape,
  groupShape,
  testShape,
  receiverShape,
  resultShape,
  whyShape,
} from './api-shapes.ts';
import { jsonResponse, type WebRequest, type WebResponse, type WebRoute } from './exchange.ts';
import type { WebServerOptions } from './server-options.ts';

/** Entries given when the caller does not say how many. */
const limitDefault = 50;

/** The API, version 1; see `docs/api.md`. */
export function apiRoutes({ commands, snapshot }: WebServerOptions): readonly WebRoute[] {
  return [
    { path: '/api/v1/status', get: () => jsonResponse(200, statusShape(snapshot())) },
    {
      path: '/api/v1/checks',
      get: () => jsonResponse(200, { checks: snapshot().checks.map(checkShape) }),
    },
    {
      path: '/api/v1/checks/:name',
      get: limited(async ({ parameters }, limit) => {
        const check = parameters['name'] ?? '';
        const results = await commands.history(check, limit);
        if (results === undefined) return unknownCheck(check);
        const found = snapshot().checks.find(({ spec }) => spec.name === check);
        const state = found === undefined ? null : checkShape(found);
        return jsonResponse(200, { check, state, results: results.map(resultShape) });
      }),
    },
    {
      path: '/api/v1/notifications',
      get: limited(async (_, limit) => {
        const deliveries = await commands.deliveries(limit);
        return jsonResponse(200, { notifications: deliveries.map(deliveryShape) });
      }),
    },
    {
      path: '/api/v1/why/:name',
      get: async ({ parameters }) => {
        const name = parameters['name'] ?? '';
        const report = await commands.why(name);
        return report === undefined ? unknownCheck(name) : jsonResponse(200, whyShape(report));
      },
    },
    { path: '/api/v1/receivers/test', post: (request) => testReceiver(commands, request) },
    {
      path: '/api/v1/routes/test',
      get: ({ query }) =>
        jsonResponse(200, { receivers: commands.routesTest(Object.fromEntries(query)) }),
    },
  ];
}

function statusShape(snapshot: ReturnType<WebServerOptions['snapshot']>): object {
  return {
    ...agentShape(snapshot),
    checks: snapshot.checks.map(checkShape),
    groups: snapshot.groups.map(groupShape),
    receivers: snapshot.receivers.map(receiverShape),
  };
}

async function testReceiver(
  commands: WebServerOptions['commands'],
  { query }: WebRequest,
): Promise<WebResponse> {
  const receiver = query.get('receiver') ?? undefined;
  const outcomes = await commands.testReceiver(receiver);
  if (outcomes === undefined) {
    return jsonResponse(404, { error: `no receiver is called ${receiver ?? ''}` });
  }
  return jsonResponse(200, { results: outcomes.map(testShape) });
}

function unknownCheck(name: string): WebResponse {
  return jsonResponse(404, { error: `no check is called ${name}` });
}

/** Reads `?limit=`, which has to be a whole number from 1 to `apiEntriesMax`. */
function limited(
  answer: (request: WebRequest, limit: number) => Promise<WebResponse>,
): (request: WebRequest) => Promise<WebResponse> {
  return async (request) => {
    const text = request.query.get('limit');
    const limit = text === null ? limitDefault : /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (limit >= 1 && limit <= apiEntriesMax) return answer(request, limit);
    return jsonResponse(400, { error: `limit is a whole number from 1 to ${apiEntriesMax}` });
  };
}
