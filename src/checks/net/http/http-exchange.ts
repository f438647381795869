import { request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { responseHeadBytesMax } from '../../../model/limits.ts';
import type { SteadyMs } from '../../../model/time.ts';
import { errorCode, errorMessage, onAbort, timedOut, type Failure } from '../failure.ts';
import type { RawHeaders } from './http-headers.ts';
import type { HttpRequest } from './http-request.ts';
import { shownUrl } from '../../../lib/http-url.ts';
import type { ProbeContext } from '../probe.ts';

/** The head of a response, and its body still to be read. */
export interface Reply {
  readonly status: number;
  /** 1, 1.1 or 2. */
  readonly version: number;
  readonly headers: RawHeaders;
  readonly firstByteAt: SteadyMs;
  readonly body: Readable;
  /** HTTP/2 said with the head that no body follows. */
  readonly endsWithHead?: boolean;
  /** Drops the connection, whatever of the body is still to come. */
  close(): void;
}

/** Sends one request over a connection that nobody else uses, and waits for the head of the response. */
export type Exchange = (
  socket: Socket,
  request: HttpRequest,
  cookies: string | undefined,
  context: ProbeContext,
) => Promise<Reply | Failure>;

export function headTimeout(request: HttpRequest, context: ProbeContext): Failure {
  return timedOut(context, `waiting for the response head from ${shownUrl(request.url)}`);
}

export function closedEarly({ url }: HttpRequest): Failure {
  return {
    reason: 'protocol',
    summary: `${shownUrl(url)} closed the connection without a response`,
  };
}

/** What went wrong before there was a head. */
export function exchangeFailure(error: unknown, request: HttpRequest): Failure {
  const from = shownUrl(request.url);
  const code = errorCode(error);
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      reason: 'protocol',
      summary: `the response head from ${from} is longer than ${responseHeadBytesMax} bytes`,
    };
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') return closedEarly(request);
  const what = code.startsWith('HPE_') ? 'is not HTTP' : 'failed';
  return {
    reason: 'protocol',
    summary: `the response from ${from} ${what}: ${errorMessage(error)}`,
  };
}

const bodiless = /^(?:GET|HEAD|DELETE|OPTIONS|TRACE)$/i;

function wireHeaders(request: HttpRequest, cookies: string | undefined): string[] {
  const headers = ['Host', request.host, ...request.headers.flat(), 'Connection', 'close'];
  if (cookies !== undefined) headers.push('Cookie', cookies);
  // Without a length Node announces a body in pieces for any method but these.
  if (request.body !== undefined || !bodiless.test(request.method)) {
    headers.push('Content-Length', String(request.body?.length ?? 0));
  }
  return headers;
}

/** An exchange in HTTP/1.1. */
export const exchangeHttp1: Exchange = async (socket, request, cookies, context) =>
  new Promise((resolve) => {
    let firstByteAt: SteadyMs | undefined;
    const outgoing = startRequest({
      createConnection: () => socket,
      method: request.method,
      path: request.target ?? `${request.url.pathname}${request.url.search}`,
      headers: wireHeaders(request, cookies),
      maxHeaderSize: responseHeadBytesMax,
    });
    const stop = onAbort(context.signal, () => settle(headTimeout(request, context)));
    function settle(outcome: Reply | Failure): void {
      stop();
      if ('reason' in outcome) socket.destroy();
      resolve(outcome);
    }
    outgoing.once('socket', () => {
      socket.once('data', () => {
        firstByteAt = context.clock.now().steadyMs;
      });
    });
    outgoing.on('error', (error) => settle(exchangeFailure(error, request)));
    // An answer that Node hands to nobody, as the one to CONNECT, ends without an error.
    outgoing.once('close', () => settle(closedEarly(request)));
    outgoing.once('response', (response) => {
      // It may break in this very tick; who reads the body finds the error on the stream.
      response.on('error', () => {});
      settle({
        status: response.statusCode ?? 0,
        version: Number(response.httpVersion),
        headers: response.rawHeaders,
        firstByteAt: firstByteAt ?? context.clock.now().steadyMs,
        body: response,
        close: () => void socket.destroy(),
      });
    });
    outgoing.end(request.body);
  });
