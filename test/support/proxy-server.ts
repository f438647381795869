import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Server, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { listen, type TestServer } from './tcp-server.ts';

/** A request as it reached the proxy. */
interface Asked {
  readonly method: string;
  /** The whole URL, or `host:port` of a tunnel. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
}

interface ProxyServer extends TestServer {
  /** `http://127.0.0.1:port`, or https. */
  readonly url: string;
  readonly asked: readonly Asked[];
}

interface ProxyWish {
  /** The proxy itself is spoken to over TLS. */
  readonly tls?: TlsOptions;
  /** The Proxy-Authorization header it wants; anything else is answered with 407. */
  readonly authorization?: string;
  /** Everybody it connects to, whatever name was asked for, is on this host. */
  readonly everything?: string;
}

/** A forward proxy for plain requests and for tunnels, which remembers what it was asked for. */
export async function startProxy(wish: ProxyWish = {}): Promise<ProxyServer> {
  const asked: Asked[] = [];
  const note = (incoming: IncomingMessage): boolean => {
    const { method = '', url = '', headers, rawHeaders } = incoming;
    asked.push({ method, target: url, headers, rawHeaders });
    const { authorization } = wish;
    return authorization === undefined || headers['proxy-authorization'] === authorization;
  };
  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    if (!note(incoming)) return void response.writeHead(407).end('who are you?');
    const url = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const outgoing = request(
      {
        host: wish.everything ?? url.hostname,
        port: url.port,
        method: incoming.method,
        headers,
        path: url.pathname + url.search,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => response.writeHead(502).end('nobody there'));
    incoming.pipe(outgoing);
  };
  const tunnel = (incoming: IncomingMessage, socket: Socket): void => {
    if (!note(incoming)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(incoming.url ?? '') ?? [];
    const onward = connect(Number(port), wish.everything ?? host.replace(/^\[|\]$/g, ''));
    onward.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    socket.on('error', () => onward.destroy());
    socket.once('close', () => onward.destroy());
    onward.once('close', () => socket.destroy());
  };
  const server: Server = wish.tls === undefined ? createServer() : createTlsServer(wish.tls);
  server.on('request', pass).on('connect', tunnel);
  const listening = await listen(server);
  const scheme = wish.tls === undefined ? 'http' : 'https';
  return { ...listening, asked, url: `${scheme}://127.0.0.1:${listening.port}` };
}
