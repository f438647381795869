import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Gate } from '../../src/checks/net/gate.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { unixModuleBlock } from '../../src/checks/net/stream/unix-options.ts';
import { probeUnix } from '../../src/checks/net/stream/unix-probe.ts';
import { probeContext } from './probe-context.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface UnixServer extends AsyncDisposable {
  readonly path: string;
  /** Sockets that are open at the moment. */
  readonly open: ReadonlySet<Socket>;
}

/** Listens on a socket file of its own, or at `path`, and drops every connection when disposed of. */
export async function listenUnix(
  server: Server,
  path = join(temporaryFolder(), 'test.sock'),
): Promise<UnixServer> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export async function startUnixServer(serve: (socket: Socket) => void): Promise<UnixServer> {
  return listenUnix(createServer(serve));
}

/** Runs a unix probe with a block as a user writes it in a module. */
export async function runUnix(
  target: string,
  block: v.InferInput<typeof unixModuleBlock> = {},
  { timeoutMs, gate }: { timeoutMs?: number; gate?: Gate } = {},
): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  const options = v.parse(unixModuleBlock, block);
  return await probeUnix(target, options, { ...context, ...(gate === undefined ? {} : { gate }) });
}
