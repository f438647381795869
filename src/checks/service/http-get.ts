import { request, type IncomingMessage } from 'node:http';
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

export interface HttpAnswer {
  readonly status: number;
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
  const connected = await connectTo(place, context);
  if (isFailure(connected)) return connected;
  const { peer } = connected;
  const socket = place.tls ? await connected.secure(place.tls_config) : connected.socket;
  if (isFailure(socket)) return socket;
  const startMs = context.clock.now().steadyMs;
  try {
    const response = await send(socket, place, path, context);
    const body = await bodyOf(response);
    if (body === undefined) {
      return { reason: 'protocol', summary: `${peer} answers GET ${path} without end` };
    }
    const tookMs = context.clock.now().steadyMs - startMs;
    return { status: response.statusCode ?? 0, body, peer, tookMs };
  } catch (error) {
    if (context.signal.aborted)
      return timedOut(context, `waiting for ${peer} to answer GET ${path}`);
    return broken(error, peer, path);
  } finally {
    socket.destroy();
  }
}

async function send(
  socket: Socket,
  { host }: HttpPlace,
  path: string,
  { signal }: ProbeContext,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { host, accept: '*/*', connection: 'close' };
    // Without an agent: one would open connections of its own.
    request({ createConnection: () => socket, path, headers, signal })
      .on('response', resolve)
      .on('error', reject)
      .end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > serviceAnswerBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function broken(error: unknown, peer: string, path: string): Failure {
  if (errorCode(error).startsWith('HPE_')) {
    return { reason: 'protocol', summary: `${peer} does not speak HTTP` };
  }
  return ['ECONNRESET', 'EPIPE'].includes(errorCode(error))
    ? {
        reason: 'connect',
        summary: `${peer} closed the connection instead of answering GET ${path}`,
      }
    : {
        reason: 'protocol',
        summary: `${peer} broke off its answer to GET ${path}: ${errorMessage(error)}`,
      };
}

/** What a text says as JSON; undefined if it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
