import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { Got } from 'got';
import type { Outcome, SendFailure } from '../model/delivery.ts';
import type { Agents } from './http-agents.ts';
import type { TunnelError } from './http-proxy.ts';
import { isTlsError } from './tls-error.ts';

/** Bytes of an answer that are read; no receiver has more to say than a short error. */
const answerBytesMax = 64 * 1024;

/** One request by POST, to an address that has been looked at. */
export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly agents: Agents;
  /** Aborted at the deadline, from name lookup to the last byte of the answer. */
  readonly signal: AbortSignal;
}

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether the body arrived in full (or up to what is read of it). */
  readonly complete: boolean;
}

export type HttpResult<Answer = HttpAnswer> =
  | { readonly ok: true; readonly answer: Answer }
  /** There was no answer; the outcome names the phase in which it went wrong. */
  | { readonly ok: false; readonly outcome: Outcome };

/** The client, loaded at first use. */
export async function httpClient(): Promise<Got> {
  return (await import('got')).default;
}

/**
 * Posts once: no retry, no redirect followed, a bounded answer. Never throws for what the network or the
 * server does. Nothing in the outcome comes from the address, for an address may be a secret.
 */
export async function exchange(request: HttpRequest): Promise<HttpResult> {
  const { url, headers, body: content, agents: agent, signal } = request;
  const got = await httpClient();
  const stream = got.stream.post(url, {
    headers: { 'content-type': 'application/json', ...headers },
    body: content,
    agent,
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    signal,
  });
  // A server may answer before it has read everything. What goes wrong with the rest of the request after that
  // has nobody left to hear of it, and must not end the process.
  stream.on('error', () => {});
  const heads: Pick<HttpAnswer, 'status' | 'headers'>[] = [];
  stream.once(
    'response',
    ({ statusCode: status, headers }) => void heads.push({ status, headers }),
  );
  const chunks: Buffer[] = [];
  let failure: unknown;
  try {
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= answerBytesMax) break;
    }
  } catch (error) {
    failure = error;
  }
  stream.destroy();
  const [head] = heads;
  if (head === undefined) return noAnswer(failure, url, stream.timings);
  // Once the status is there, the receiver has decided: what may be missing is only its explanation.
  const body = Buffer.concat(chunks).subarray(0, answerBytesMax).toString();
  return { ok: true, answer: { ...head, body, complete: failure === undefined } };
}

type Phase = 'resolve' | 'connect' | 'tls' | 'answer';

/** Milliseconds at which parts of a request were done, as far as they were. */
type Timings =
  | { readonly lookup?: number; readonly connect?: number; readonly secureConnect?: number }
  | undefined;

function phaseOf(code: string, url: URL, timings: Timings): Phase {
  const isNamed = isIP(url.hostname.replaceAll(/[[\]]/g, '')) === 0;
  if (/^(?:ENOTFOUND|EAI_)/.test(code)) return 'resolve';
  if (isNamed && timings?.lookup === undefined) return 'resolve';
  if (timings?.connect === undefined) return 'connect';
  return url.protocol === 'https:' && timings.secureConnect === undefined ? 'tls' : 'answer';
}

const doing: Record<Phase, string> = {
  resolve: 'resolving the name',
  connect: 'connecting',
  tls: 'agreeing on TLS',
  answer: 'waiting for the answer',
};

function noAnswer(error: unknown, url: URL, timings: Timings): HttpResult<never> {
  const code = errorCode(error);
  const phase = phaseOf(code, url, timings);
  if (code === 'ERR_PROXY_TUNNEL') return noTunnel(error);
  return code === 'ETIMEDOUT' || code === 'ERR_ABORTED'
    ? failed('timeout', `gave up while ${doing[phase]}`)
    : failed(reasonOf(code, phase), `failed while ${doing[phase]} (${code})`);
}

/** What a proxy answered instead of opening a tunnel. */
function noTunnel(error: unknown): HttpResult<never> {
  const { statusCode: status } = (error as Error).cause as TunnelError;
  const detail = `the proxy opens no tunnel: HTTP ${status}`;
  if (status !== 407) return failed('connect', detail);
  return { ok: false, outcome: { kind: 'permanent', reason: 'auth', detail } };
}

function reasonOf(code: string, phase: Phase): SendFailure {
  if (code.startsWith('HPE_')) return 'protocol';
  if (isTlsError(code)) return 'tls';
  return phase === 'answer' ? 'connect' : phase;
}

/** The code of an error; its message may hold the address. */
function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^\w+$/.test(code) ? code : 'unknown error';
}

export function failed(reason: SendFailure, detail: string): HttpResult<never> {
  return { ok: false, outcome: { kind: 'passing', reason, detail } };
}
