import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TlsOptions } from 'node:tls';
import * as v from 'valibot';
import type { Gate } from '../../src/checks/net/gate.ts';
import { grpcModuleBlock } from '../../src/checks/net/grpc/grpc-options.ts';
import { probeGrpc } from '../../src/checks/net/grpc/grpc-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { probeContext } from './probe-context.ts';
import { listen, type TestServer } from './tcp-server.ts';

export type ServeCall = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const noop = (): void => {};

/** A server that does with each call what the test wants; over TLS if it is given a certificate. */
export async function startGrpcServer(serve: ServeCall, tls?: TlsOptions): Promise<TestServer> {
  const server: Http2Server = tls === undefined ? createServer() : createSecureServer(tls);
  server.on('stream', (stream, headers) => {
    stream.on('error', noop);
    serve(stream, headers);
  });
  server.on('sessionError', noop);
  return listen(server);
}

/** Puts a message into the frame of gRPC. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const head = { ':status': 200, 'content-type': 'application/grpc' };

/** Answers with these bytes as body, and a status behind them. */
export function answer(
  stream: ServerHttp2Stream,
  body: Uint8Array,
  trailers: Record<string, string> = { 'grpc-status': '0' },
): void {
  stream.respond(head, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

/** Answers with nothing but a status. */
export function refuse(stream: ServerHttp2Stream, status: number, message?: string): void {
  const text = message === undefined ? {} : { 'grpc-message': message };
  stream.respond({ ...head, 'grpc-status': String(status), ...text }, { endStream: true });
}

/** The name in a framed HealthCheckRequest; a name of less than 128 bytes. */
function askedService(request: Buffer): string {
  return request.subarray(7).toString('utf8');
}

/** A health service: serving states by the name of the service, empty for the server as a whole. */
export function healthService(
  states: Readonly<Record<string, number>>,
  seen: (headers: IncomingHttpHeaders, request: Buffer) => void = noop,
): ServeCall {
  return (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      const request = Buffer.concat(chunks);
      seen(headers, request);
      if (headers[':path'] !== '/grpc.health.v1.Health/Check') return refuse(stream, 12);
      const state = states[askedService(request)];
      if (state === undefined) return refuse(stream, 5, 'unknown service');
      answer(stream, framed(Uint8Array.of(0x08, state)));
    });
  };
}

/** Runs a grpc probe with a block as a user writes it in a module. */
export async function runGrpc(
  target: string,
  block: v.InferInput<typeof grpcModuleBlock> = {},
  { timeoutMs, gate }: { timeoutMs?: number; gate?: Gate } = {},
): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  const options = v.parse(grpcModuleBlock, block);
  return await probeGrpc(target, options, { ...context, ...(gate === undefined ? {} : { gate }) });
}
