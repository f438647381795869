import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome, SendFailure } from '../model/delivery.ts';
import type { PostAnswer } from './http-post.ts';
import { quoteAnswer } from './mask.ts';

type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'passing' | 'permanent'; readonly reason: SendFailure };

/** Client errors that say something more than that the request was wrong. */
const clientErrors: Readonly<Record<number, Verdict>> = {
  401: { kind: 'permanent', reason: 'auth' },
  403: { kind: 'permanent', reason: 'auth' },
  407: { kind: 'permanent', reason: 'auth' },
  404: { kind: 'permanent', reason: 'not_found' },
  408: { kind: 'passing', reason: 'timeout' },
  410: { kind: 'permanent', reason: 'not_found' },
  425: { kind: 'passing', reason: 'server_error' },
  429: { kind: 'passing', reason: 'rate_limited' },
};

function verdictOn(status: number): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status >= 300 && status < 400) return { kind: 'permanent', reason: 'protocol' };
  if (status >= 500) return { kind: 'passing', reason: 'server_error' };
  return clientErrors[status] ?? { kind: 'permanent', reason: 'client_error' };
}

/**
 * What an HTTP answer means for a delivery, where the receiver has no rules of its own. The answer is
 * quoted without `secrets` and without what it was asked with.
 */
export function classifyAnswer(answer: PostAnswer, secrets: readonly string[]): Outcome {
  const verdict = verdictOn(answer.status);
  const detail = describeAnswer(answer, secrets);
  if (verdict.kind === 'delivered') return { kind: 'delivered', detail: `HTTP ${answer.status}` };
  const isWaited = verdict.reason === 'auth' && answer.isRotating;
  if (verdict.kind === 'permanent' && !isWaited) return { ...verdict, kind: 'permanent', detail };
  return passing(verdict.reason, detail, answer.headers);
}

/** A failure that passes, after the wait that the receiver asks for, if it does. */
export function passing(
  reason: SendFailure,
  detail: string,
  headers: IncomingHttpHeaders,
): Outcome {
  const retryAfterMs = readRetryAfterMs(headers);
  return {
    kind: 'passing',
    reason,
    detail,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** The status and what the receiver said, in one line and without `secrets`. */
export function describeAnswer(answer: PostAnswer, secrets: readonly string[]): string {
  if (answer.status >= 300 && answer.status < 400) {
    return `HTTP ${answer.status}: the address redirects to another, which belongs into the configuration`;
  }
  // A text that was cut off may end within a secret, where no search would find it.
  return `HTTP ${answer.status}${answer.complete ? quoteAnswer(answer.body, [...secrets, ...answer.secrets]) : ', cut off'}`;
}

/**
 * The wait that a `Retry-After` header asks for, in milliseconds (RFC 9110, 10.2.3). A date is compared
 * with the `Date` of the same answer, so that neither clock has to be right.
 */
function readRetryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const delayMs = Date.parse(text) - Date.parse(headers.date ?? '');
  return Number.isNaN(delayMs) ? undefined : Math.max(0, delayMs);
}
