import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A process of the bench. Disposing asks it to end, then ends it. */
export interface Child extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
}

const killAfterMs = 10_000;
const running = new Set<ChildProcess>();

/** Ends whatever still runs, for a bench that is interrupted. */
export function killChildren(): void {
  for (const process of running) process.kill('SIGKILL');
}

/** Starts a program whose output goes to `logFile`. Throws when it cannot be started. */
export function startChild(
  name: string,
  [command, ...args]: readonly [string, ...string[]],
  logFile: string,
): Child {
  const log = openSync(logFile, 'a');
  const process = spawn(command, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  if (process.pid === undefined) throw new Error(`cannot start ${command}`);
  running.add(process);
  const ended = new Promise<void>((resolve) => {
    process.once('exit', () => {
      running.delete(process);
      resolve();
    });
  });
  return {
    name,
    pid: process.pid,
    async [Symbol.asyncDispose]() {
      process.kill('SIGTERM');
      const timer = setTimeout(() => process.kill('SIGKILL'), killAfterMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

const pollMs = 2;

/** Resolves as soon as the address answers 200. Throws after `timeoutMs`. */
export async function answers(url: string, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (performance.now() < deadlineMs) {
    const status = await fetch(url).then(
      async (response) => (await response.arrayBuffer(), response.status),
      () => 0,
    );
    if (status === 200) return;
    await wait(pollMs);
  }
  throw new Error(`${url} did not answer 200 within ${timeoutMs} ms`);
}

/** A port of loopback that nobody holds at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
