import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { text } from 'node:stream/consumers';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How a server may misbehave instead of answering as it should. */
export type HttpFault = HttpReply | 'hang' | 'reset' | 'half a body' | 'drip' | 'flood';

export interface ScriptedHttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly origin: string;
  /** Everything that was asked, in order. */
  readonly requests: readonly HttpRequest[];
  /** What was accepted: the requests that were answered with 2xx. */
  readonly accepted: readonly HttpRequest[];
  /** The next requests meet these, one each; after that the server behaves. */
  script(...faults: HttpFault[]): void;
}

/** Starts a real server on a free port of 127.0.0.1 that answers by `judge`, unless scripted otherwise. */
export async function startScriptedHttpServer(
  judge: (request: HttpRequest) => HttpReply,
  tls?: TlsOptions,
): Promise<ScriptedHttpServer> {
  const requests: HttpRequest[] = [];
  const accepted: HttpRequest[] = [];
  const faults: HttpFault[] = [];
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body: await text(incoming) };
    requests.push(request);
    const fault = faults.shift() ?? judge(request);
    if (typeof fault !== 'string' && fault.status >= 200 && fault.status < 300)
      accepted.push(request);
    reply(response, fault);
  };
  server.on('request', (incoming, response) => void serve(incoming, response));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    accepted,
    script: (...more) => void faults.push(...more),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const block = Buffer.alloc(64 * 1024, 'x');

/** Sends without an end, as fast as it is taken. */
function flood(response: ServerResponse): void {
  while (!response.destroyed && response.write(block));
  if (!response.destroyed) response.once('drain', () => flood(response));
}

function reply(response: ServerResponse, fault: HttpFault): void {
  if (fault === 'hang') return;
  if (fault === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (fault === 'half a body') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.destroy());
    return;
  }
  if (fault === 'drip') {
    // A byte now and then, for as long as somebody waits for more.
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(timer));
    return;
  }
  if (fault === 'flood') {
    response.writeHead(200);
    flood(response);
    return;
  }
  response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
}
