import { systemClock } from '../lib/clock.ts';
import { authorizationOf } from '../lib/http-authorization.ts';
import { basicAuthorization } from '../lib/http-basic.ts';
import type { OAuth2Options } from '../lib/http-oauth2-options.ts';
import { revealed } from '../lib/http-secret.ts';
import { toWire } from '../lib/header-text.ts';
import { forgetToken, tokenFor, type TokenRequest } from '../lib/oauth2-token.ts';
import type { Outcome } from '../model/delivery.ts';
import { redirectsMax } from '../model/limits.ts';
import { agentsFor } from './http-agents.ts';
import { plainHttp, type HttpConfig } from './http-config.ts';
import { exchange, failed, httpClient, type HttpAnswer, type HttpResult } from './http-exchange.ts';

/** Tokens and deadlines live on the time of the machine, whatever clock plans the messages. */
const clock = systemClock();

interface HttpPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From name lookup to the last byte of the answer, redirects and tokens included. */
  readonly timeoutMs: number;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
  readonly http?: HttpConfig;
}

/** An answer, together with what must not be repeated of it. */
export interface PostAnswer extends HttpAnswer {
  readonly secrets: readonly string[];
  /** The credentials come from a file, and may be others at the next attempt. */
  readonly isRotating: boolean;
}

/**
 * Posts a body as the options say: with their credentials, through their proxy. No retry, a bounded answer.
 * Never throws for what the network or the server does. Nothing in the outcome comes from the address, for
 * an address may be a secret.
 *
 * Where the server redirects with 307 or 308, the same request goes to the new address, without the
 * credentials if that is another server. With 301, 302 and 303 HTTP lets a client ask for a page instead of
 * posting, which would lose the message: those answers are the caller's to judge.
 */
export async function httpPost(request: HttpPost): Promise<HttpResult<PostAnswer>> {
  const url = URL.parse(request.url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return failed('secret', 'the address is not an http or https URL');
  }
  const { http = plainHttp, timeoutMs } = request;
  // Loading the client takes time that the receiver has no part in.
  await httpClient();
  const deadline = new AbortController();
  const cancel = clock.after(timeoutMs, () => deadline.abort());
  const ends = request.signal === undefined ? [] : [request.signal];
  const signal = AbortSignal.any([...ends, deadline.signal]);
  try {
    return await postOrRenewToken(url, { ...request, http, signal });
  } finally {
    cancel();
  }
}

type BoundedPost = Required<HttpPost>;

async function postOrRenewToken(url: URL, request: BoundedPost): Promise<HttpResult<PostAnswer>> {
  const first = await postWithCredentials(url, request);
  const { oauth2 } = request.http;
  if (!first.ok || first.answer.status !== 401 || oauth2 === undefined) return first;
  // A token may end before its time: the next one is asked for, once.
  forgetToken(oauth2);
  return postWithCredentials(url, request);
}

async function postWithCredentials(
  url: URL,
  request: BoundedPost,
): Promise<HttpResult<PostAnswer>> {
  const authorization = await authorizationFor(url, request);
  if (typeof authorization === 'object') return { ok: false, outcome: authorization };
  const secrets = authorization === undefined ? [] : secretsIn(authorization);
  let target = url;
  for (let redirects = 0; ; redirects += 1) {
    const agents = await agentsFor(target, request.http);
    if ('kind' in agents) return { ok: false, outcome: agents };
    const isHome = target.origin === url.origin;
    const known = authorization === undefined ? {} : { authorization };
    const { body, signal } = request;
    const { authorization: _, ...anonymous } = request.headers;
    const headers = isHome ? { ...request.headers, ...known } : anonymous;
    const result = await exchange({ url: target, headers, body, agents, signal });
    if (!result.ok) return result;
    const next = redirects < redirectsMax ? nextAddress(result.answer, target, request.http) : null;
    if (next === null)
      return {
        ok: true,
        answer: { ...result.answer, secrets, isRotating: hasCredentialFile(request.http) },
      };
    target = next;
  }
}

/** Where the same request shall go instead; null where it has arrived. */
function nextAddress({ status, headers }: HttpAnswer, from: URL, http: HttpConfig): URL | null {
  if (!http.follow_redirects || (status !== 307 && status !== 308)) return null;
  const next = URL.parse(headers.location ?? '', from.href);
  const isWeb = next !== null && /^https?:$/.test(next.protocol) && headers.location !== undefined;
  // What was sent in secret does not go on in the open.
  return isWeb && !(from.protocol === 'https:' && next.protocol === 'http:') ? next : null;
}

/** The Authorization header: of the user in the URL, else of the options. */
async function authorizationFor(
  url: URL,
  request: BoundedPost,
): Promise<string | Outcome | undefined> {
  if (url.username !== '' || url.password !== '') return basicAuthorization(url);
  try {
    const header = await authorizationOf(request.http, (oauth2) => token(oauth2, request));
    return typeof header === 'string' ? toWire(header) : header;
  } catch (error) {
    // Only the code: the message of an error may hold what was read.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not available';
    return { kind: 'passing', reason: 'secret', detail: `cannot read the credentials: ${code}` };
  }
}

async function token(oauth2: OAuth2Options, request: BoundedPost): Promise<string | Outcome> {
  const secret = await revealed(oauth2.client_secret, oauth2.client_secret_file);
  const found = await tokenFor(oauth2, secret, clock.now().steadyMs, (form) =>
    askForToken(form, oauth2, request),
  );
  if (typeof found === 'string' || 'kind' in found) return found;
  return { kind: 'passing', reason: 'auth', detail: `no token for the request: ${found.refusal}` };
}

async function askForToken(
  { url, headers, form }: TokenRequest,
  oauth2: OAuth2Options,
  { signal, headers: own }: BoundedPost,
): Promise<{ readonly status: number; readonly text: string } | Outcome> {
  const agents = await agentsFor(url, oauth2);
  if ('kind' in agents) return agents;
  const result = await exchange({
    url,
    headers: {
      ...own,
      'content-type': 'application/x-www-form-urlencoded',
      ...Object.fromEntries(headers),
    },
    body: form,
    agents,
    signal,
  });
  if (!result.ok) return { ...result.outcome, detail: `no token: ${result.outcome.detail}` };
  const { status, body } = result.answer;
  if (status < 500 && status !== 429) return { status, text: body };
  const reason = status === 429 ? 'rate_limited' : 'server_error';
  return { kind: 'passing', reason, detail: `no token: HTTP ${status} from the server of tokens` };
}

function hasCredentialFile({ basic_auth: basic, authorization, ...http }: HttpConfig): boolean {
  const files = [basic?.username_file, basic?.password_file, authorization?.credentials_file];
  return [...files, http.bearer_token_file].some((file) => file !== undefined);
}

/** What an answer could repeat of the credentials. */
function secretsIn(authorization: string): string[] {
  const [, value = ''] = /^\S+ (.*)$/.exec(authorization) ?? [];
  const plain = Buffer.from(value, 'base64').toString();
  return [value, plain, plain.slice(plain.indexOf(':') + 1)];
}
