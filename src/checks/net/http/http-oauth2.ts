import { tokenAnswerBytesMax } from '../../../model/limits.ts';
import type { OAuth2Options } from '../../../lib/http-oauth2-options.ts';
import { revealed } from '../../../lib/http-secret.ts';
import { hostOf, shownUrl } from '../../../lib/http-url.ts';
import { tokenFor as findToken, type TokenRequest } from '../../../lib/oauth2-token.ts';
import type { AddressOptions } from '../address-options.ts';
import { isFailure, unreadable, type Failure } from '../failure.ts';
import { readBody } from './http-body.ts';
import { contextOfOperator, proxyOf } from './http-proxy.ts';
import type { HttpRequest } from './http-request.ts';
import { makeTrip, type Route } from './http-trip.ts';
import type { ProbeContext } from '../probe.ts';
import { resolveHost } from '../resolve.ts';
import { userAgent } from '../user-agent.ts';

/**
 * The Authorization header with a token from the server of the options. The server belongs to the operator:
 * no gate is asked about it.
 */
export async function tokenFor(
  oauth2: OAuth2Options,
  addresses: AddressOptions,
  context: ProbeContext,
): Promise<string | Failure> {
  let secret: string;
  try {
    secret = await revealed(oauth2.client_secret, oauth2.client_secret_file);
  } catch (error) {
    return unreadable(error, 'the client_secret');
  }
  const own = contextOfOperator(context);
  const token = await findToken(oauth2, secret, context.clock.now().steadyMs, (request) =>
    ask(request, oauth2, addresses, own),
  );
  if (typeof token === 'string' || isFailure(token)) return token;
  return { reason: 'auth', summary: `no token for the request: ${token.refusal}` };
}

async function routeTo(
  url: URL,
  oauth2: OAuth2Options,
  addresses: AddressOptions,
  context: ProbeContext,
): Promise<Route | Failure> {
  const proxy = proxyOf(url, oauth2);
  if (proxy !== undefined) return isFailure(proxy) ? proxy : { proxy };
  const anyAddress = { ...addresses, ip_protocol_fallback: true };
  const { found } = await resolveHost(hostOf(url), anyAddress, context);
  return isFailure(found) ? found : { address: found };
}

/** Sends one form to the server of tokens. */
async function ask(
  { url, headers, form }: TokenRequest,
  oauth2: OAuth2Options,
  addresses: AddressOptions,
  context: ProbeContext,
): Promise<{ readonly status: number; readonly text: string } | Failure> {
  const route = await routeTo(url, oauth2, addresses, context);
  if (isFailure(route)) return ofToken(route, url);
  const request: HttpRequest = {
    method: 'POST',
    url,
    host: url.host,
    headers: [
      ['User-Agent', userAgent],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ...headers,
    ],
    body: Buffer.from(form),
  };
  const options = { ...oauth2, ...addresses, enable_http2: false };
  const phases = { resolve: 0, connect: 0, tls: 0, processing: 0, transfer: 0 };
  const plan = { request, route, options, isHome: true, isRedirect: false, cookies: undefined };
  const trip = await makeTrip(plan, phases, context);
  if (isFailure(trip)) return ofToken(trip, url);
  const { reply } = trip;
  try {
    const bounds = { limitBytes: tokenAnswerBytesMax, keepBytes: tokenAnswerBytesMax };
    const { failure, text } = await readBody(reply.body, bounds, context);
    return failure === undefined ? { status: reply.status, text } : ofToken(failure, url);
  } finally {
    reply.close();
  }
}

/** A failure on the way to the token, told apart from one of the target; it is no refusal yet. */
function ofToken({ reason, summary, ...rest }: Failure, url: URL): Failure {
  return { ...rest, reason, summary: `no token from ${shownUrl(url)}: ${summary}` };
}
