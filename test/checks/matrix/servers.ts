import { chmod } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { folderWith } from '../../support/host-check.ts';
import { closedPort, startTcpServer } from '../../support/tcp-server.ts';
import { kept } from './case.ts';

/** Bytes that no protocol begins with, the same each time. */
export const noise = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 167 + 201) % 256));

/** Takes connections and says nothing. */
export async function silentPort(): Promise<number> {
  return (await kept(startTcpServer((socket) => void socket.resume()))).port;
}

/** Says noise at once, and again to whatever it hears, and hangs up. */
export async function noisyPort(): Promise<number> {
  const server = startTcpServer((socket) => {
    socket.write(noise);
    socket.once('data', () => socket.end(noise));
  });
  return (await kept(server)).port;
}

/** A socket on which nobody listens. */
export const emptyPort = closedPort;

/** A Unix socket that does with each connection what the test wants; nobody but its owner may use it. */
export async function unixSocket(
  serve: Parameters<typeof startTcpServer>[0],
  mode = 0o777,
): Promise<string> {
  const folder = await folderWith();
  await chmod(folder, 0o755);
  const path = join(folder, 'service.sock');
  const server = createServer(serve);
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
  });
  await chmod(path, mode);
  return path;
}

/** Takes datagrams and answers with these bytes, or not at all. */
export async function datagramPort(answer?: Buffer): Promise<number> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (_, from) => {
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

/** A file that only its owner may read, in a folder that everybody may enter. */
export async function lockedFile(text = 'secret\n'): Promise<string> {
  const folder = await folderWith({ 'locked.txt': text });
  await chmod(folder, 0o755);
  const path = join(folder, 'locked.txt');
  // Root in place of the owner, where there is one: else the test itself is who may not.
  await chmod(path, 0);
  return path;
}

/** A pipe that nobody writes into: whoever opens it to read waits for ever. */
export async function emptyPipe(): Promise<string> {
  const path = join(await folderWith(), 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}
