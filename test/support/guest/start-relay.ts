import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstWord } from './root.ts';

/** Makes a port of this machine's loopback one of that network's loopback, too. Returns how to end that. */
export async function startRelay(network: string, port: number): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-relay-'));
  const path = join(folder, 'socket');
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    inner.pipe(outer).pipe(inner);
    inner.on('error', () => outer.destroy());
    outer.on('error', () => inner.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  const program = [process.execPath, join(import.meta.dirname, 'relay.ts'), String(port), path];
  const child = spawn('nsenter', [`--net=${network}`, ...program]);
  const closed = once(child, 'close');
  await firstWord(child);
  return async () => {
    child.kill('SIGKILL');
    await closed;
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  };
}
