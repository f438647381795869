import { tokenAnswerBytesMax, tokenReserveMs } from '../../model/limits.ts';
import type { SteadyMs } from '../../model/time.ts';
import { isFailure, unreadable, type Failure } from './failure.ts';
import { basicOf } from './http-basic.ts';
import { readBody } from './http-body.ts';
import type { OAuth2Options } from './http-oauth2-options.ts';
import { contextOfOperator } from './http-proxy.ts';
import { proxyFor } from './http-proxy-choice.ts';
import type { HttpRequest } from './http-request.ts';
import { revealed } from './http-secret.ts';
import { makeTrip, type Route } from './http-trip.ts';
import { hostOf, isHttp, shownUrl } from './http-url.ts';
import type { AddressOptions } from './address-options.ts';
import type { ProbeContext } from './probe.ts';
import { resolveHost } from './resolve.ts';
import { userAgent } from './user-agent.ts';

/** A token as the Authorization header wants it. */
interface Token {
  readonly header: string;
  /** Milliseconds it lives from now on; absent if the server does not say. */
  readonly lifeMs?: number;
}

/** A token that can be used again, and the secret it was given for. */
interface KeptToken {
  readonly header: string;
  readonly secret: string;
  readonly untilMs: SteadyMs;
}

/** Tokens by the options they were asked for with. */
const kept = new WeakMap<OAuth2Options, KeptToken>();

/** Forgets the token of these options, which the target would not take. */
export function forgetToken(oauth2: OAuth2Options | undefined): void {
  if (oauth2 !== undefined) kept.delete(oauth2);
}

/**
 * The Authorization header with a token from the server of the options (RFC 6749, 4.4). A token that lives
 * on is used again. The server belongs to the operator: no gate is asked about it.
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
  const nowMs = context.clock.now().steadyMs;
  const known = kept.get(oauth2);
  if (known !== undefined && known.secret === secret && known.untilMs > nowMs) return known.header;
  const token = await requestToken(oauth2, secret, addresses, contextOfOperator(context));
  if (isFailure(token)) return token;
  const { header, lifeMs } = token;
  if (lifeMs !== undefined && lifeMs > tokenReserveMs) {
    const untilMs = (nowMs + lifeMs - tokenReserveMs) as SteadyMs;
    kept.set(oauth2, { header, secret, untilMs });
  }
  return header;
}

function failed(why: string): Failure {
  return { reason: 'auth', summary: `no token for the request: ${why}` };
}

/** Asks with the client's name in a header first, then in the form: servers take the one or the other. */
async function requestToken(
  oauth2: OAuth2Options,
  secret: string,
  addresses: AddressOptions,
  context: ProbeContext,
): Promise<Token | Failure> {
  const url = URL.parse(oauth2.token_url);
  if (url === null || !isHttp(url)) return failed('token_url is no http or https URL');
  const { client_id: id } = oauth2;
  const form: [string, string][] = [['grant_type', 'client_credentials']];
  if (oauth2.scopes.length > 0) form.push(['scope', oauth2.scopes.join(' ')]);
  form.push(...Object.entries(oauth2.endpoint_params));
  const authorization = basicOf(encodeFormPart(id), encodeFormPart(secret));
  const byHeader = await ask(
    url,
    form,
    [['Authorization', authorization]],
    oauth2,
    addresses,
    context,
  );
  if (!isFailure(byHeader) || byHeader.reason !== 'auth') return byHeader;
  const named: [string, string][] = [...form, ['client_id', id]];
  if (secret !== '') named.push(['client_secret', secret]);
  return ask(url, named, [], oauth2, addresses, context);
}

/** As `application/x-www-form-urlencoded` writes it. */
function encodeFormPart(part: string): string {
  return new URLSearchParams([['', part]]).toString().slice(1);
}

async function routeTo(
  url: URL,
  oauth2: OAuth2Options,
  addresses: AddressOptions,
  context: ProbeContext,
): Promise<Route | Failure> {
  const proxy = proxyFor(url, oauth2);
  if (proxy !== undefined) return isFailure(proxy) ? proxy : { proxy };
  const anyAddress = { ...addresses, ip_protocol_fallback: true };
  const { found } = await resolveHost(hostOf(url), anyAddress, context);
  return isFailure(found) ? found : { address: found };
}

/** Sends one form to the server of tokens. */
async function ask(
  url: URL,
  form: readonly [string, string][],
  headers: HttpRequest['headers'],
  oauth2: OAuth2Options,
  addresses: AddressOptions,
  context: ProbeContext,
): Promise<Token | Failure> {
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
    body: Buffer.from(new URLSearchParams([...form]).toString()),
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
    if (failure !== undefined) return ofToken(failure, url);
    return reply.status >= 200 && reply.status <= 299
      ? readToken(text, url)
      : failed(`HTTP ${reply.status} from ${shownUrl(url)}, wanted 2xx`);
  } finally {
    reply.close();
  }
}

/** A failure on the way to the token, told apart from one of the target; it is no refusal yet. */
function ofToken({ reason, summary, ...rest }: Failure, url: URL): Failure {
  return { ...rest, reason, summary: `no token from ${shownUrl(url)}: ${summary}` };
}

const typeNames: Readonly<Record<string, string>> = {
  bearer: 'Bearer',
  basic: 'Basic',
  mac: 'MAC',
};

/** Reads the answer of a server of tokens (RFC 6749, 5.1). Nothing of it may be shown. */
function readToken(text: string, url: URL): Token | Failure {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = Object.fromEntries(new URLSearchParams(text));
  }
  const found = typeof answer === 'object' && answer !== null ? answer : {};
  const field = (name: string): unknown =>
    Object.hasOwn(found, name) ? (found as Record<string, unknown>)[name] : undefined;
  const token = field('access_token');
  // oxlint-disable-next-line no-control-regex -- control characters are what it keeps out
  if (typeof token !== 'string' || token === '' || /[\0-\x1f\x7f]/.test(token)) {
    return failed(`the answer of ${shownUrl(url)} holds no access_token`);
  }
  const named = field('token_type');
  const type = typeof named === 'string' && /^[\w-]+$/.test(named) ? named : 'Bearer';
  const seconds = Number(field('expires_in'));
  const header = `${typeNames[type.toLowerCase()] ?? type} ${token}`;
  return seconds > 0 && Number.isFinite(seconds) ? { header, lifeMs: seconds * 1000 } : { header };
}
