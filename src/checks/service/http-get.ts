import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { serviceAnswerBytesMax } from '../../model/limits.ts';
import type { TlsOptions } from '../../lib/tls-options.ts';
import { errorCode, errorMessage, isFailure, timedOut, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { connectTo, type Endpoint } from './endpoint.ts';

/** Where to ask, and how the connection is secured. */
export interface HttpPlace extends Endpoint {
  /** The Host header. */
  readonly host: string;
  readonly tls: boolean;
  readonly tls_config?: TlsOptions | undefined;
}

/** One request to a service. */
interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Given each part of the body as it comes. */
  readonly onChunk?: (chunk: Buffer) => void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** How sentences name who answered. */
  readonly peer: string;
  /** Milliseconds from the request to the end of the body. */
  readonly tookMs: number;
}

/** Sends one GET over a connection of its own, and reads the whole answer. */
export async function httpGet(
  place: HttpPlace,
  path: string,
  context: ProbeContext,
): Promise<HttpAnswer | Failure> {
  return httpCall(place, { method: 'GET', path }, context);
}

/** Sends one request over a connection of its own, and reads the whole answer. */
export async function httpCall(
  place: HttpPlace,
  call: HttpCall,
  context: ProbeContext,
): Promise<HttpAnswer | Failure> {
  const connected = await connectTo(place, context);
  if (isFailure(connected)) return connected;
  const socket = place.tls ? await connected.secure(place.tls_config) : connected.socket;
  if (isFailure(socket)) return socket;
  return callOver(socket, { peer: connected.peer, host: place.host }, call, context);
}

/** Sends one request over a connection that stands, reads the whole answer, and hangs up. */
export async function callOver(
  socket: Socket,
  place: { readonly peer: string; readonly host: string },
  call: HttpCall,
  context: ProbeContext,
): Promise<HttpAnswer | Failure> {
  const { peer } = place;
  const what = `${call.method} ${call.path}`;
  const startMs = context.clock.now().steadyMs;
  try {
    const response = await send(socket, place, call, context);
    const body = await bodyOf(response, call.onChunk);
    if (body === undefined) {
      return { reason: 'protocol', summary: `${peer} answers ${what} without end` };
    }
    const tookMs = context.clock.now().steadyMs - startMs;
    const { statusCode: status = 0, headers } = response;
    return { status, headers, body, peer, tookMs };
  } catch (error) {
    return context.signal.aborted
      ? timedOut(context, `waiting for ${peer} to answer ${what}`)
      : broken(error, peer, what);
  } finally {
    socket.destroy();
  }
}

async function send(
  socket: Socket,
  { host }: Pick<HttpPlace, 'host'>,
  { method, path, headers: own, body }: HttpCall,
  { signal }: ProbeContext,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { host, accept: '*/*', connection: 'close', ...own };
    // Without an agent: one would open connections of its own.
    request({ createConnection: () => socket, method, path, headers, signal })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

async function bodyOf(
  response: IncomingMessage,
  onChunk: HttpCall['onChunk'],
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > serviceAnswerBytesMax) return undefined;
    chunks.push(chunk);
    onChunk?.(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function broken(error: unknown, peer: string, what: string): Failure {
  if (errorCode(error).startsWith('HPE_')) {
    return { reason: 'protocol', summary: `${peer} does not speak HTTP` };
  }
  return ['ECONNRESET', 'EPIPE'].includes(errorCode(error))
    ? { reason: 'connect', summary: `${peer} closed the connection instead of answering ${what}` }
    : {
        reason: 'protocol',
        summary: `${peer} broke off its answer to ${what}: ${errorMessage(error)}`,
      };
}
