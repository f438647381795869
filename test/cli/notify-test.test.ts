import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../support/command-line.ts';
import { startPagerdutyServer } from '../support/pagerduty-server.ts';
import { closedPort } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** Tests the receivers of a configuration whose agent does not run. */
async function testDirectly(receivers: string, ...words: string[]) {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.config.yaml');
  const port = await closedPort();
  writeFileSync(
    file,
    `agent: { name: web-1, data_dir: ${folder}/data }\nserver: { listen: 127.0.0.1:${port} }\n` +
      `route: { receiver: team }\nreceivers: [{ name: team, ${receivers} }]\n`,
  );
  const around = { cwd: folder, environment: {} };
  return runCommand(['notify', 'test', '--direct', '-c', file, ...words], around);
}

test('a test goes out without a running agent', async () => {
  const hook = await startWebhookServer();
  onTestFinished(() => hook[Symbol.asyncDispose]());
  const { code, stdout } = await testDirectly(`webhook_configs: [{ url: "${hook.origin}" }]`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'delivered  team  webhook  HTTP 200\n' });
  expect(hook.requests).toHaveLength(1);
});

test('the answer of a receiver that refuses is told, and the exit code is 2', async () => {
  const url = `http://127.0.0.1:${await closedPort()}/`;
  const { code, stdout } = await testDirectly(`webhook_configs: [{ url: "${url}" }]`, '--json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    apiVersion: 1,
    results: [{ receiver: 'team', integration: 'webhook', outcome: 'passing', reason: 'connect' }],
  });
});

test('an incident that a test opens is closed at once', async () => {
  const pager = await startPagerdutyServer();
  onTestFinished(() => pager[Symbol.asyncDispose]());
  const { code } = await testDirectly(
    `pagerduty_configs: [{ routing_key: 0123456789abcdef0123456789abcdef, url: "${pager.url}" }]`,
  );
  expect(code).toBe(0);
  expect(pager.events().map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve']);
});
