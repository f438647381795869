import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { exchange } from '../../src/notify/http-exchange.ts';

/** Answers at once and never reads the request. */
async function hastyServer(): Promise<URL> {
  const server = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

test('a server that answers before it has read the message cannot end the process later', async () => {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on('uncaughtException', note);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => {
    process.off('uncaughtException', note);
    agent.destroy();
  });
  const attempt = new AbortController();
  const result = await exchange({
    url: await hastyServer(),
    headers: {},
    // More than the buffers of both ends hold.
    body: 'x'.repeat(8 * 1024 * 1024),
    agents: { http: agent },
    signal: attempt.signal,
  });
  expect(result).toMatchObject({ ok: true, answer: { status: 200, body: 'ok' } });
  attempt.abort();
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  expect(errors).toEqual([]);
});
