import { tokenReserveMs } from '../model/limits.ts';
import type { SteadyMs } from '../model/time.ts';
import { basicOf } from './http-basic.ts';
import type { OAuth2Options } from './http-oauth2-options.ts';

/** A form for the server of tokens. */
export interface TokenRequest {
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As `application/x-www-form-urlencoded` writes it. */
  readonly form: string;
}

/** What the server of tokens answered, its body in full. */
interface TokenAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends one form; gives the answer, or in the words of whoever asks why there is none. */
export type AskForToken<Fault extends object> = (
  request: TokenRequest,
) => Promise<TokenAnswer | Fault>;

/** Why there is no token: a sentence that holds nothing of the answer. */
export interface TokenRefusal {
  readonly refusal: string;
}

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
 * The Authorization header with a token from the server of the options (RFC 6749, 4.4), where `secret` is
 * their `client_secret`. A token that lives on is used again.
 */
export async function tokenFor<Fault extends object>(
  oauth2: OAuth2Options,
  secret: string,
  nowMs: SteadyMs,
  ask: AskForToken<Fault>,
): Promise<string | Fault | TokenRefusal> {
  const known = kept.get(oauth2);
  if (known !== undefined && known.secret === secret && known.untilMs > nowMs) return known.header;
  const token = await requestToken(oauth2, secret, ask);
  if (!('header' in token)) return token;
  const { header, lifeMs } = token;
  if (lifeMs !== undefined && lifeMs > tokenReserveMs) {
    const untilMs = (nowMs + lifeMs - tokenReserveMs) as SteadyMs;
    kept.set(oauth2, { header, secret, untilMs });
  }
  return header;
}

/** Asks with the client's name in a header first, then in the form: servers take the one or the other. */
async function requestToken<Fault extends object>(
  oauth2: OAuth2Options,
  secret: string,
  ask: AskForToken<Fault>,
): Promise<Token | Fault | TokenRefusal> {
  const url = URL.parse(oauth2.token_url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { refusal: 'token_url is no http or https URL' };
  }
  const { client_id: id } = oauth2;
  const form: [string, string][] = [['grant_type', 'client_credentials']];
  if (oauth2.scopes.length > 0) form.push(['scope', oauth2.scopes.join(' ')]);
  form.push(...Object.entries(oauth2.endpoint_params));
  const authorization = basicOf(encodeFormPart(id), encodeFormPart(secret));
  const byHeader = await ask({
    url,
    headers: [['Authorization', authorization]],
    form: new URLSearchParams(form).toString(),
  });
  const answer = judged(byHeader, url);
  if (!('refusal' in answer)) return answer;
  form.push(['client_id', id]);
  if (secret !== '') form.push(['client_secret', secret]);
  const byForm = await ask({ url, headers: [], form: new URLSearchParams(form).toString() });
  return judged(byForm, url);
}

/** As `application/x-www-form-urlencoded` writes it. */
function encodeFormPart(part: string): string {
  return new URLSearchParams([['', part]]).toString().slice(1);
}

function judged<Fault extends object>(
  answer: TokenAnswer | Fault,
  url: URL,
): Token | Fault | TokenRefusal {
  if (!isAnswer(answer)) return answer;
  const { status, text } = answer;
  const shown = `${url.protocol}//${url.host}${url.pathname}${url.search}`;
  if (status < 200 || status > 299) return { refusal: `HTTP ${status} from ${shown}, wanted 2xx` };
  return readToken(text, shown);
}

function isAnswer(answer: object): answer is TokenAnswer {
  return 'status' in answer && 'text' in answer;
}

const typeNames: Readonly<Record<string, string>> = {
  bearer: 'Bearer',
  basic: 'Basic',
  mac: 'MAC',
};

/** Reads the answer of a server of tokens (RFC 6749, 5.1). Nothing of it may be shown. */
function readToken(text: string, shownUrl: string): Token | TokenRefusal {
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
    return { refusal: `the answer of ${shownUrl} holds no access_token` };
  }
  const named = field('token_type');
  const type = typeof named === 'string' && /^[\w-]+$/.test(named) ? named : 'Bearer';
  const seconds = Number(field('expires_in'));
  const header = `${typeNames[type.toLowerCase()] ?? type} ${token}`;
  return seconds > 0 && Number.isFinite(seconds) ? { header, lifeMs: seconds * 1000 } : { header };
}
