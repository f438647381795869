import { createServer, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { runsAgain } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { closedPort, listen } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const broken = { name: 'broken', type: 'command', command: ['/bin/false'] };

/** A receiver that does not answer before it is told to. */
async function startSlowReceiver() {
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    waiting.push(response);
  });
  const listening = await listen(server);
  return {
    url: `http://127.0.0.1:${listening.port}/`,
    waiting,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

test('SIGTERM lets a message under way arrive, and it is not sent again', async () => {
  await using receiver = await startSlowReceiver();
  const directory = temporaryFolder();
  const port = await closedPort();
  const config = teamConfig([broken], { webhook_configs: [{ url: receiver.url }] });
  await using agent = await startAgent({ config, directory, port });
  await eventually(() => receiver.waiting.length === 1, 'a message is under way');
  agent.kill('SIGTERM');
  await eventually(() => agent.stderr().includes('info stopping signal=SIGTERM'), 'it stops');
  await eventually(
    () =>
      agent.get('/-/ready').then(
        () => false,
        () => true,
      ),
    'it serves no longer',
  );
  expect(agent.running()).toBe(true);
  receiver.waiting[0]?.end();
  expect(await agent.exited).toEqual({ code: 0, signal: null });
  await using again = await startAgent({ directory, port });
  await runsAgain(again, 'broken', 3);
  expect(receiver.waiting).toHaveLength(1);
});

test('a second SIGTERM ends it at once, and the message is sent by the next one', async () => {
  await using receiver = await startSlowReceiver();
  const directory = temporaryFolder();
  const port = await closedPort();
  const config = teamConfig([broken], { webhook_configs: [{ url: receiver.url }] });
  await using agent = await startAgent({ config, directory, port });
  await eventually(() => receiver.waiting.length === 1, 'a message is under way');
  agent.kill('SIGTERM');
  await eventually(() => agent.stderr().includes('info stopping'), 'it stops');
  const startedMs = Date.now();
  agent.kill('SIGTERM');
  expect(await agent.exited).toEqual({ code: 1, signal: null });
  expect(Date.now() - startedMs).toBeLessThan(2000);
  expect(agent.stderr()).toContain('warn stopping at once signal=SIGTERM');
  await using _again = await startAgent({ directory, port });
  await eventually(() => receiver.waiting.length === 2, 'the message comes again');
});

test('SIGINT stops it as well, even before the first results are there', async () => {
  const slow = { name: 'slow', type: 'command', command: ['/bin/sleep', '2'], timeout: '3s' };
  const config = teamConfig([{ ...slow, interval: '10s' }]);
  await using agent = await startAgent({ config });
  agent.kill('SIGINT');
  expect(await agent.exited).toEqual({ code: 0, signal: null });
  expect(agent.stderr()).toContain('info stopping signal=SIGINT');
});

test('SIGHUP right after the start reloads instead of ending it', async () => {
  await using agent = await startAgent({ config: teamConfig([broken]) });
  agent.kill('SIGHUP');
  await eventually(() => agent.stderr().includes('configuration reloaded'), 'it reloads');
  expect(agent.running()).toBe(true);
});
