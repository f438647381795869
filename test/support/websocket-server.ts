import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import * as v from 'valibot';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import type { Gate } from '../../src/checks/net/gate.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { websocketModuleBlock } from '../../src/checks/net/websocket/websocket-options.ts';
import { probeWebsocket } from '../../src/checks/net/websocket/websocket-probe.ts';
import { probeContext } from './probe-context.ts';
import { listen, startTcpServer, type TestServer } from './tcp-server.ts';
import type { Certificate } from './tls-authority.ts';

interface WebsocketTestServer extends TestServer {
  /** `ws://127.0.0.1:port`, or wss. */
  readonly url: string;
}

/** A server that does with each websocket what the test wants; over TLS if it is given a certificate. */
export async function startWebsocketServer(
  serve: (websocket: WebSocket, request: IncomingMessage) => void,
  { tls, ...options }: ServerOptions & { tls?: Certificate } = {},
): Promise<WebsocketTestServer> {
  const server: Server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  const websockets = new WebSocketServer({ ...options, server });
  websockets.on('connection', (websocket, request) => {
    websocket.on('error', () => {});
    serve(websocket, request);
  });
  const listening = await listen(server);
  const scheme = tls === undefined ? 'ws' : 'wss';
  return { ...listening, url: `${scheme}://127.0.0.1:${listening.port}` };
}

/** The head of a right answer to the upgrade request in `text`. */
export function upgradeAnswer(text: string, more = ''): string {
  const key = /^sec-websocket-key: (.*)\r$/im.exec(text)?.[1] ?? '';
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return [...head, `Sec-WebSocket-Accept: ${accept}`, `${more}\r\n`].join('\r\n');
}

/** A server that gets the text of the request and the bare socket. */
export async function startBareServer(
  serve: (socket: Socket, request: string) => void,
): Promise<WebsocketTestServer> {
  const server = await startTcpServer((socket) => {
    let head = '';
    socket.on('data', (bytes) => {
      const isWhole = head.includes('\r\n\r\n');
      head += bytes.toString('latin1');
      if (!isWhole && head.includes('\r\n\r\n')) serve(socket, head);
    });
  });
  return { ...server, url: `ws://127.0.0.1:${server.port}` };
}

/** Runs a websocket probe with a block as a user writes it in a module. */
export async function runWebsocket(
  target: string,
  block: v.InferInput<typeof websocketModuleBlock> = {},
  { timeoutMs, gate }: { timeoutMs?: number; gate?: Gate } = {},
): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  const options = v.parse(websocketModuleBlock, block);
  return await probeWebsocket(target, options, {
    ...context,
    ...(gate === undefined ? {} : { gate }),
  });
}
