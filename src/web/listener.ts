import { lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type ListenOptions } from 'node:net';
import { describePortOwner } from './port-owner.ts';

/** Listens on a TCP address. Rejects with a sentence that says why not and who is in the way. */
export async function listenOnPort(server: Server, host: string, port: number): Promise<void> {
  try {
    await listen(server, { port, ...(host === '' ? {} : { host }) });
  } catch (error) {
    const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    throw new Error(`cannot listen on ${where}: ${explain(error, port)}`, { cause: error });
  }
}

/** Listens on a Unix socket that only its owner can open. Takes the place of one left behind. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  try {
    await removeStale(path);
    // From the first moment: changing the mode afterwards would leave it open for an instant.
    const mask = process.umask(0o177);
    try {
      const listening = listen(server, { path });
      process.umask(mask);
      await listening;
    } finally {
      process.umask(mask);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot listen on ${path}: ${why}`, { cause: error });
  }
}

async function listen(server: Server, where: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(where, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}

function explain(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `the port is in use by ${describePortOwner(port) ?? 'another process'}`;
  if (code === 'EACCES') return 'ports below 1024 need the capability CAP_NET_BIND_SERVICE';
  if (code === 'EADDRNOTAVAIL') return 'this host has no such address';
  return error instanceof Error ? error.message : String(error);
}

/** Removes a socket that nobody answers on; rejects when somebody does or it is something else. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error('there is something else of that name');
  if (await answers(path)) throw new Error('another tocsin is running on this data directory');
  unlinkSync(path);
}

async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
