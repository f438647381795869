import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { reaches, runsAgain } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import {
  lintOf,
  prometheus,
  promtool,
  skipWithout,
  startPrometheus,
} from '../support/prometheus.ts';
import { startService } from '../support/service.ts';
import { closedPort } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';

/** An agent with one check that is up and one that is down. */
async function startObserved(up: string): Promise<TestAgent> {
  const down = `http://127.0.0.1:${await closedPort()}/`;
  const agent = await startAgent({
    config: teamConfig([
      { name: 'up', type: 'http', target: up, labels: { service: 'shop' } },
      { name: 'down', type: 'http', target: down },
      { name: 'plugin', type: 'command', command: ['/bin/echo', 'fine | users=3;10;20'] },
      { name: 'job', type: 'heartbeat', every: '1h', interval: '500ms' },
      { type: 'disk', interval: '1s', path: '/' },
    ]),
  });
  await reaches(agent, 'down', 'firing');
  await runsAgain(agent, 'up', 1);
  return agent;
}

test('promtool has nothing to say about the metrics of a running agent', async (context) => {
  skipWithout(promtool, context);
  await using service = await startService();
  await using agent = await startObserved(service.url);
  const input = await agent.metrics();
  expect(lintOf(input)).toBe('');
});

test('a real Prometheus scrapes the agent and knows what is up', async (context) => {
  skipWithout(prometheus, context);
  await using service = await startService();
  await using agent = await startObserved(service.url);
  const targets = [`127.0.0.1:${agent.port}`];
  const { query } = await startPrometheus({
    scrapeConfigs: [{ job_name: 'tocsin', static_configs: [{ targets }] }],
  });
  await eventually(async () => (await query('probe_success')).length > 0, 'Prometheus has scraped');
  expect((await query('up')).map(({ value }) => value)).toEqual(['1']);
  const success = await query('probe_success{type="http"}');
  const facts = success.map(({ metric, value }) => [metric['check'], metric['service'], value]);
  expect(facts).toHaveLength(2);
  expect(facts).toEqual(
    expect.arrayContaining([
      ['down', undefined, '0'],
      ['up', 'shop', '1'],
    ]),
  );
  const firing = await query('tocsin_alert_state{check="down",state="firing"}');
  expect(firing.map(({ value }) => value)).toEqual(['1']);
  const users = await query('tocsin_check_value{check="plugin",metric="users"}');
  expect(users.map(({ value }) => value)).toEqual(['3']);
});
