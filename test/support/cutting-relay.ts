import { connect, type Socket } from 'node:net';
import { startTcpServer, type TestServer } from './tcp-server.ts';

/** How the connection ends after the last byte that is let through. */
export type Cut = 'end' | 'reset' | 'stall';

export interface CuttingRelay extends TestServer {
  /** Bytes that the server sent over the last connection, those that were held back included. */
  readonly seen: () => number;
}

/** Passes a connection on to a real server, but of the server's bytes only the first `bytesMax`. */
export async function startCuttingRelay(
  port: number,
  bytesMax: () => number,
  cut: Cut,
): Promise<CuttingRelay> {
  let seen = 0;
  const relay = (client: Socket): void => {
    seen = 0;
    const server = connect(port, '127.0.0.1');
    const limit = bytesMax();
    server.on('error', () => client.destroy());
    client.on('data', (bytes) => server.write(bytes));
    client.once('close', () => server.destroy());
    server.once('close', () => cut !== 'stall' && client.end());
    server.on('data', (bytes) => {
      const left = Math.max(0, limit - seen);
      seen += bytes.length;
      if (left > 0) client.write(bytes.subarray(0, left));
      if (seen < limit || cut === 'stall') return;
      if (cut === 'reset') client.resetAndDestroy();
      else client.end();
    });
  };
  const listening = await startTcpServer(relay);
  return { ...listening, seen: () => seen };
}

/** Passes a connection on to a real server, whose bytes come one by one. */
export async function startSlowRelay(port: number, everyMs: number): Promise<TestServer> {
  return startTcpServer((client) => {
    client.setNoDelay(true);
    const server = connect(port, '127.0.0.1');
    const waiting: Buffer[] = [];
    const timer = setInterval(() => {
      const [first] = waiting;
      if (first === undefined) return;
      client.write(first.subarray(0, 1));
      if (first.length === 1) waiting.shift();
      else waiting[0] = first.subarray(1);
    }, everyMs);
    server.on('error', () => client.destroy());
    server.on('data', (bytes) => waiting.push(bytes));
    client.on('data', (bytes) => server.write(bytes));
    client.once('close', () => {
      clearInterval(timer);
      server.destroy();
    });
  });
}
