import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** Sockets that are open at the moment. */
  readonly open: ReadonlySet<Socket>;
}

/** Listens on a port of its own and drops every connection when it is disposed of. */
export async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<TestServer> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A TCP server that does with each connection what the test wants. */
export async function startTcpServer(
  serve: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<TestServer> {
  return listen(createServer(serve), host);
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  await using server = await startTcpServer(() => {});
  return server.port;
}

/** Whether somebody listens on a port of this host. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return outcome;
}
