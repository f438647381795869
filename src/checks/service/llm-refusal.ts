import { jsonOf } from '../../lib/json-of.ts';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { excerptLengthMax } from '../../model/limits.ts';
import { secretMask } from '../../model/secret.ts';
import type { Failure } from '../net/failure.ts';
import { type HttpAnswer } from './http-get.ts';

/** What a provider says went wrong, whichever of its forms it uses. */
interface Complaint {
  /** Its own words for the kind: `type` and `code`. */
  readonly kind: string;
  readonly message: string;
}

const textOrNumber = v.optional(v.nullable(v.union([v.string(), v.number()])));

const complaintSchema = v.object({
  error: v.optional(
    v.union([
      v.string(),
      v.object({ message: v.optional(v.string(), ''), type: textOrNumber, code: textOrNumber }),
    ]),
  ),
  message: v.optional(v.string()),
  detail: v.optional(v.string()),
});

/** Reads the complaint of a body; undefined if it holds none. */
export function complaintOf(body: string): Complaint | undefined {
  const parsed = v.safeParse(complaintSchema, jsonOf(body));
  if (!parsed.success) return undefined;
  const { error, message, detail } = parsed.output;
  if (typeof error === 'object') {
    return { kind: `${error.type ?? ''} ${error.code ?? ''}`.trim(), message: error.message };
  }
  const text = error ?? message ?? detail;
  return text === undefined ? undefined : { kind: '', message: text };
}

const noMoney =
  /insufficient_quota|billing|credit balance|insufficient[ _](?:funds|credits?|balance)/i;
const overloaded = /overloaded|no available server|currently loading/i;

/**
 * Why a provider refused, as a failure whose sentence begins with the kind: `auth`, `billing`,
 * `rate limit`, `overload`, or what else it was. Sources: the error codes that OpenAI and Anthropic
 * document; 529 is Anthropic's word for overload, and both report an empty account under several codes.
 */
export function refusalOf(
  who: string,
  { status, headers }: Pick<HttpAnswer, 'status' | 'headers'>,
  complaint: Complaint | undefined,
): Failure {
  const said = complaint === undefined ? '' : quoted(complaint.message);
  const everything = `${complaint?.kind ?? ''} ${complaint?.message ?? ''}`;
  const told = (reason: Failure['reason'], sentence: string): Failure => ({
    reason,
    summary: `${who}: ${sentence} (${status})${said}`,
  });
  if (status === 402 || noMoney.test(everything)) {
    return told('status', 'billing: the account has no credit or quota left');
  }
  if (status === 401 || /authentication_error|invalid_api_key/.test(everything)) {
    return told('auth', 'auth: the key is not accepted');
  }
  if (status === 403 || /permission_error/.test(everything)) {
    return told('auth', 'auth: the key may not do this');
  }
  if (
    status === 529 ||
    overloaded.test(everything) ||
    (status === 503 && complaint !== undefined)
  ) {
    return told('status', 'overload: the provider has no capacity');
  }
  if (status === 429 || /rate_limit/.test(everything)) {
    return told('threshold', `rate limit: too many requests${retryPhrase(headers)}`);
  }
  if (status === 408 || status === 504) {
    return told('timeout', 'timeout: the provider gave up waiting for its own answer');
  }
  return told('status', status >= 500 ? 'the provider is failing' : 'the request is refused');
}

function retryPhrase(headers: HttpAnswer['headers']): string {
  const seconds = Number(headers['retry-after']);
  return seconds > 0 ? `, to be tried again in ${humanDuration(seconds * 1000)}` : '';
}

/** Some providers repeat a part of the key. */
function quoted(message: string): string {
  const plain = message.replaceAll(/\b[sp]k-[\w*-]+|\S*\*{3,}\S*/g, secretMask).trim();
  if (plain === '') return '';
  return plain.length > excerptLengthMax ? `: ${plain.slice(0, excerptLengthMax)}…` : `: ${plain}`;
}
