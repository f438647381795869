import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { startHttpServer } from '../support/http-server.ts';
import { quickConfig, toldBy } from '../support/quick.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** How long the agent stands still: many intervals and timeouts of its checks. */
const pauseMs = 2500;

async function count(agent: TestAgent, name: string, check: string): Promise<number> {
  const sample = new RegExp(
    `^tocsin_check_${name}_total\\{check="${check}",type="\\w+"\\} (\\d+)$`,
    'm',
  );
  return Number(sample.exec(await agent.metrics())?.[1] ?? 0);
}

/** Waits until the check has run so many times more. */
async function runs(agent: TestAgent, check: string, more: number): Promise<void> {
  const before = await count(agent, 'runs', check);
  await eventually(
    async () => (await count(agent, 'runs', check)) >= before + more,
    `${more} more runs of ${check}`,
  );
}

test('an agent that was stopped for a while tells nothing false and counts the runs it missed', async () => {
  await using receiver = await startWebhookServer();
  await using web = await startHttpServer((_, response) => response.end('ok'));
  const target = { name: 'web', type: 'http', target: web.url };
  const plain = { name: 'true', type: 'command', command: ['/bin/true'] };
  const config = quickConfig(receiver.origin, [target, plain]);
  await using agent = await startAgent({ config });
  await runs(agent, 'web', 3);
  agent.kill('SIGSTOP');
  await delay(pauseMs);
  agent.kill('SIGCONT');
  await runs(agent, 'web', 5);
  await runs(agent, 'true', 5);
  expect(toldBy(receiver)).toEqual([]);
  expect(await count(agent, 'missed_runs', 'web')).toBeGreaterThanOrEqual(10);
  expect(await count(agent, 'missed_runs', 'true')).toBeGreaterThanOrEqual(10);
});

test('a run that was under way while the agent stood still is not taken for a slow target', async () => {
  await using receiver = await startWebhookServer();
  const waiting: ServerResponse[] = [];
  let held = false;
  await using web = await startHttpServer((_, response) => {
    if (held) waiting.push(response);
    else response.end('ok');
  });
  const target = { name: 'web', type: 'http', target: web.url };
  await using agent = await startAgent({ config: quickConfig(receiver.origin, [target]) });
  await runs(agent, 'web', 3);
  held = true;
  await eventually(() => waiting.length > 0, 'a run waits for its answer');
  agent.kill('SIGSTOP');
  held = false;
  for (const response of waiting) response.end('ok');
  await delay(pauseMs);
  agent.kill('SIGCONT');
  await runs(agent, 'web', 5);
  expect(toldBy(receiver)).toEqual([]);
});
