import { createServer, type RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { Server } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { listen, type TestServer } from './tcp-server.ts';

interface HttpServer extends TestServer {
  /** `http://127.0.0.1:port`, or https. */
  readonly url: string;
}

async function serving(server: Server, scheme: string, host: string): Promise<HttpServer> {
  const listening = await listen(server, host);
  const name = host.includes(':') ? `[${host}]` : host;
  return { ...listening, url: `${scheme}://${name}:${listening.port}` };
}

export async function startHttpServer(
  answer: RequestListener,
  host = '127.0.0.1',
): Promise<HttpServer> {
  return serving(createServer(answer), 'http', host);
}

export async function startHttpsServer(
  tls: TlsOptions,
  answer: RequestListener,
): Promise<HttpServer> {
  return serving(createTlsServer(tls, answer), 'https', '127.0.0.1');
}

/** Speaks HTTP/2, and HTTP/1.1 to those who cannot. */
export async function startHttp2Server(
  tls: TlsOptions,
  answer: RequestListener,
): Promise<HttpServer> {
  const server = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) =>
    answer(
      request as unknown as Parameters<RequestListener>[0],
      response as unknown as Parameters<RequestListener>[1],
    ),
  );
  return serving(server, 'https', '127.0.0.1');
}
