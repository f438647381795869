import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { reaches, runsAgain } from '../support/agent-view.ts';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { startService } from '../support/service.ts';
import { closedPort } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const prometheus = '/usr/bin/prometheus';
const promtool = '/usr/bin/promtool';

function skipWithout(program: string, { skip }: TestContext): void {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  skip(error !== undefined, `${program} is missing`);
}

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
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
    input,
    encoding: 'utf8',
  });
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
});

/** Starts a Prometheus that scrapes `target` each second; gives the address of its API. */
async function startPrometheus(target: string): Promise<string> {
  const directory = temporaryFolder();
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'tocsin', static_configs: [{ targets: [target] }] }],
  };
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await closedPort()}`;
  const child = spawn(
    prometheus,
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: 'ignore' },
  );
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return `http://${address}`;
}

interface Query {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

test('a real Prometheus scrapes the agent and knows what is up', async (context) => {
  skipWithout(prometheus, context);
  await using service = await startService();
  await using agent = await startObserved(service.url);
  const api = await startPrometheus(`127.0.0.1:${agent.port}`);
  const query = async (expression: string): Promise<Query['data']['result']> => {
    const url = `${api}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { status, body } = await ask(url).catch(() => ({ status: 0, body: '' }));
    return status === 200 ? (JSON.parse(body) as Query).data.result : [];
  };
  await eventually(async () => (await query('probe_success')).length > 0, 'Prometheus has scraped');
  expect((await query('up')).map(({ value }) => value[1])).toEqual(['1']);
  const success = await query('probe_success{type="http"}');
  const facts = success.map(({ metric, value }) => [metric['check'], metric['service'], value[1]]);
  expect(facts).toHaveLength(2);
  expect(facts).toEqual(
    expect.arrayContaining([
      ['down', undefined, '0'],
      ['up', 'shop', '1'],
    ]),
  );
  const firing = await query('tocsin_alert_state{check="down",state="firing"}');
  expect(firing.map(({ value }) => value[1])).toEqual(['1']);
  const users = await query('tocsin_check_value{check="plugin",metric="users"}');
  expect(users.map(({ value }) => value[1])).toEqual(['3']);
});
