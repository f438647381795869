import type { IncomingMessage, RequestListener } from 'node:http';
import type { TlsOptions } from 'node:tls';
import {
  startHttp2Server,
  startHttpServer,
  startHttpsServer,
} from '../../../support/http-server.ts';
import type { Served } from './contest.ts';

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** A request as it arrived, its body read. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Start = (listener: RequestListener) => Promise<{ readonly url: string } & AsyncDisposable>;

const plain: Start = (listener) => startHttpServer(listener);

/** An HTTP server that answers everything with one reply, its length declared. */
export function answering(reply: Reply): () => Promise<Served> {
  return serving((_request, response) => {
    const { status = 200, headers = {}, body = '' } = reply;
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
  });
}

/** An HTTP server that answers as the listener says. */
export function serving(listener: RequestListener, start = plain): () => Promise<Served> {
  return async () => {
    const server = await start(listener);
    return { target: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  };
}

/** The same over TLS, with HTTP/1.1 alone or with HTTP/2 as well. */
export function servingTls(
  tls: TlsOptions,
  listener: RequestListener = (_request, response) => void response.end('ok'),
  { http2 = false } = {},
): () => Promise<Served> {
  return serving(listener, (inner) =>
    http2 ? startHttp2Server(tls, inner) : startHttpsServer(tls, inner),
  );
}

/** A server that answers 200 once a request is whole, and shows all that arrived to `verify`. */
export function watching(
  verify: (requests: readonly Arrived[]) => void,
  answer: RequestListener = (_request, response) => void response.end('ok'),
): () => Promise<Served> {
  return async () => {
    const requests: Arrived[] = [];
    const server = await startHttpServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.once('end', () => {
        const { method = '', url = '', headers } = request;
        requests.push({ method, url, headers, body });
        answer(request, response);
      });
    });
    return {
      target: server.url,
      verify: () => verify(requests),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
}
