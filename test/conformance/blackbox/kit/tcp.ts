import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:tls';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { listen, startTcpServer } from '../../../support/tcp-server.ts';
import type { Served } from './contest.ts';

/** A TCP server that does with each connection as it is told; reached at `127.0.0.1` or another name. */
export function servingTcp(
  serve: (socket: Socket) => void = () => {},
  { listenAt = '127.0.0.1', name = '127.0.0.1' } = {},
): () => Promise<Served> {
  return async () => {
    const server = await startTcpServer(serve, listenAt);
    return {
      target: `${name}:${server.port}`,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
}

/** A server that speaks TLS and then does as it is told. */
export function servingTlsSocket(
  tls: TlsOptions,
  serve: (socket: Socket) => void = () => {},
): () => Promise<Served> {
  return async () => {
    const secured = createServer(tls, (socket) => {
      socket.on('error', () => {});
      serve(socket);
    });
    const server = await listen(secured);
    return {
      target: `127.0.0.1:${server.port}`,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
}

/** Hands each line that arrives to the server's side of a dialogue. */
export function onLines(socket: Socket, answer: (line: string) => string | undefined): void {
  let rest = '';
  const take = (chunk: Buffer): void => {
    const all = (rest + chunk.toString()).split('\n');
    rest = all.pop() ?? '';
    for (const line of all) {
      const reply = answer(line.replace(/\r$/, ''));
      if (reply !== undefined) socket.write(reply);
    }
  };
  socket.on('data', take);
}

/** When a certificate expires, in seconds. */
export function expiryOf(pem: string): number {
  return Date.parse(new X509Certificate(pem).validTo) / 1000;
}
