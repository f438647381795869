import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { webConnectionsMax, webRequestTimeoutMs } from '../model/limits.ts';
import { isDiskRefusal } from '../lib/disk-refusal.ts';
import { listenOnPort, listenOnSocket } from './listener.ts';
import { createRequestHandler } from './request-handler.ts';
import type { WebServerOptions } from './server-options.ts';
import { createTlsServer } from './tls-server.ts';

export interface WebAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface WebServer {
  /** Listens. Rejects with a sentence that says what is in the way, such as who holds the port. */
  start(): Promise<void>;
  /** Takes no new requests, lets those under way finish for `graceMs`, then closes everything. */
  stop(graceMs: number): Promise<void>;
  /** Where it listens, with the port chosen for port 0; undefined before `start`. */
  readonly address: WebAddress | undefined;
}

/**
 * The page, the API and the metrics of the agent, on a TCP address and, for the command line, on a Unix
 * socket. With `web.tls` the TCP address speaks HTTPS; the socket never does.
 */
export function createWebServer(options: WebServerOptions): WebServer {
  const { clock, listen, socketPath, web } = options;
  const handler = createRequestHandler(options);
  const connections = new Set<Socket>();
  const servers: Server[] = [];
  let stopping = false;
  let address: WebAddress | undefined;

  const open = (server: Server): Server => {
    server.headersTimeout = webRequestTimeoutMs;
    server.requestTimeout = webRequestTimeoutMs;
    server.maxConnections = webConnectionsMax;
    server.on('connection', (connection: Socket) => {
      connections.add(connection);
      connection.once('close', () => connections.delete(connection));
    });
    servers.push(server);
    return server;
  };
  const answer = (via: 'network' | 'socket'): RequestListener => {
    const listener = handler(via);
    return (request, response) => {
      if (stopping) response.shouldKeepAlive = false;
      listener(request, response);
    };
  };
  const stop = async (graceMs: number): Promise<void> => {
    stopping = true;
    address = undefined;
    const closed = Promise.all(servers.splice(0).map(close));
    const cancel = clock.after(graceMs, () => {
      for (const connection of connections) connection.destroy();
    });
    await closed;
    cancel();
  };

  /** A disk that refuses must not keep the agent from telling so. */
  const listenOnSocketIfWritable = async (server: Server, path: string): Promise<void> => {
    try {
      await listenOnSocket(server, path);
    } catch (error) {
      if (!isDiskRefusal(error)) throw error;
      options.log.warn('no socket: the command line asks over TCP', { reason: String(error) });
    }
  };

  return {
    async start() {
      stopping = false;
      try {
        const tcp =
          web?.tls === undefined
            ? createServer(answer('network'))
            : createTlsServer(web.tls, answer('network'), options.log);
        await listenOnPort(open(tcp), listen.host, listen.port);
        address = addressOf(tcp, web?.tls === undefined ? 'http' : 'https');
        if (socketPath !== undefined) {
          await listenOnSocketIfWritable(open(createServer(answer('socket'))), socketPath);
        }
      } catch (error) {
        await stop(0);
        throw error;
      }
    },
    stop,
    get address() {
      return address;
    },
  };
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // One that never listened says so in an error, and is closed all the same.
  server.close(() => resolve());
  return promise;
}

/** Where the server can be reached from this host. */
function addressOf(server: Server, scheme: 'http' | 'https'): WebAddress | undefined {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return undefined;
  const { address: host, port } = bound;
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  return { host, port, url: `${scheme}://${name}:${port}` };
}
