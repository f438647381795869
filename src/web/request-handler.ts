import type { IncomingMessage, RequestListener } from 'node:http';
import { createAuthenticator } from './authenticator.ts';
import { changeRefusal, type Caller } from './change-guard.ts';
import { externalAddress, withoutPrefix } from './external-address.ts';
import { textResponse, type WebResponse } from './exchange.ts';
import { BodyTooLargeError, readBody } from './request-body.ts';
import { respond } from './responder.ts';
import { createRouter, pathSegments, type Match } from './router.ts';
import { webRoutes } from './routes.ts';
import type { WebServerOptions } from './server-options.ts';
import { liveUsers } from './users.ts';

type Via = Caller['via'];

/** Builds what answers every request, for the network and for the Unix socket. */
export function createRequestHandler(options: WebServerOptions): (via: Via) => RequestListener {
  const { log, prober } = options;
  const find = createRouter(webRoutes(options));
  const users = liveUsers(options.web, log);
  const logIn = createAuthenticator(users);

  const answer = async (request: IncomingMessage, via: Via): Promise<WebResponse> => {
    const { path, query } = splitTarget(request.url ?? '');
    const external = externalAddress(options.externalURL?.());
    const segments = pathSegments(withoutPrefix(path, external));
    if (segments === undefined) return textResponse(400, 'The path cannot be decoded.');
    const match = find(request.method ?? '', segments);
    const login = via === 'socket' ? 'accepted' : await logIn(request.headers.authorization);
    // A ping may carry a token instead, which only its route can judge.
    const judgesCallers = match.kind === 'found' && match.route.judgesCallers === true;
    if (login === 'busy') return busy;
    if (login === 'refused' && !judgesCallers) return unauthorized;
    const authenticated = login === 'accepted' && Object.keys(await users()).length > 0;
    const refusal =
      login === 'refused'
        ? 'Log in first.'
        : changeRefusal(
            {
              via,
              remoteAddress: request.socket.remoteAddress,
              authenticated,
              isOwnProbe: prober.isOwnConnection(request.socket.remotePort),
              headers: request.headers,
            },
            options.listen.host,
            external?.origin,
          );
    return handle(match, request, query, refusal);
  };

  return (via) => (request, response) => {
    answer(request, via)
      .catch((error: unknown) => failure(error, (message) => log.error(message, facts(request))))
      .then((result) => respond(response, result))
      .catch((error: unknown) => {
        log.error(`an answer could not be sent: ${String(error)}`, facts(request));
        response.destroy();
      });
  };
}

async function handle(
  match: Match,
  request: IncomingMessage,
  query: URLSearchParams,
  refusal: string | undefined,
): Promise<WebResponse> {
  if (match.kind === 'missing') return textResponse(404, 'Not found.');
  if (match.kind === 'wrong-method') {
    return { ...textResponse(405, 'Method not allowed.'), headers: { Allow: match.allow } };
  }
  const { method = 'GET' } = request;
  const { judgesCallers, any } = match.route;
  const isChange =
    ['POST', 'DELETE'].includes(method) && any === undefined && judgesCallers !== true;
  if (isChange && refusal !== undefined) return textResponse(403, refusal);
  return match.handler({
    method,
    parameters: match.parameters,
    query,
    headers: request.headers,
    changeRefusal: refusal,
    body: (bytesMax) => readBody(request, bytesMax),
  });
}

const unauthorized: WebResponse = {
  ...textResponse(401, 'Unauthorized'),
  headers: { 'WWW-Authenticate': 'Basic realm="tocsin"' },
};

const busy: WebResponse = {
  ...textResponse(503, 'Too many logins are waiting.'),
  headers: { 'Retry-After': '5' },
};

function failure(error: unknown, log: (message: string) => void): WebResponse {
  if (error instanceof BodyTooLargeError) {
    return { ...textResponse(413, error.message), headers: { Connection: 'close' } };
  }
  log(
    `a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return textResponse(500, 'Something went wrong here; the log of tocsin says what.');
}

function facts(request: IncomingMessage): { method: string; path: string } {
  // Without the query: it may hold a token.
  return { method: request.method ?? '', path: splitTarget(request.url ?? '').path };
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}
