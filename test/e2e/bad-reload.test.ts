import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { fileCheck, quickConfig, toldBy } from '../support/quick.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

async function checkNames(agent: TestAgent): Promise<readonly string[]> {
  const { checks } = JSON.parse((await agent.get('/api/v1/status')).body) as {
    checks: { name: string }[];
  };
  return checks.map(({ name }) => name);
}

/** Waits until the check has run twice more. */
async function runsOn(agent: TestAgent, check: string): Promise<void> {
  const runs = async (): Promise<number> => {
    const sample = new RegExp(
      `^tocsin_check_runs_total\\{check="${check}",type="\\w+"\\} (\\d+)$`,
      'm',
    );
    return Number(sample.exec(await agent.metrics())?.[1]);
  };
  const before = await runs();
  await eventually(async () => (await runs()) >= before + 2, `${check} runs on`);
}

test('a broken file leaves the old configuration running, and the agent says so until it is mended', async () => {
  await using receiver = await startWebhookServer();
  const sign = join(temporaryFolder(), 'sign');
  await writeFile(sign, '');
  const config = quickConfig(receiver.origin, [fileCheck('web', sign)]);
  await using agent = await startAgent({ config });
  await agent.rewrite(
    'checks:\n  - name: web\n    type: http\n    target: web\n    intervall: 5s\n',
  );
  const problem = `${agent.configFile}:5:5: checks[0].intervall: unknown key "intervall", did you mean "interval"?`;

  const answer = await agent.post('/-/reload');
  expect(answer.status).toBe(500);
  expect(answer.body).toContain(problem);
  agent.kill('SIGHUP');
  const logged = 'error reload failed, the old configuration runs on';
  await eventually(() => agent.stderr().split(logged).length === 3, 'both are in the log');
  expect(agent.stderr()).toContain('did you mean');
  expect(await agent.metrics()).toContain('\ntocsin_config_last_reload_successful 0\n');
  expect((await agent.cli('status', '-c', await elsewhere(agent, config))).stdout).toContain(
    `! the configuration could not be reloaded, the old one runs on: ${problem}`,
  );
  await runsOn(agent, 'web');
  await rm(sign);
  await eventually(() => toldBy(receiver).length >= 2, 'the agent and the outage are told');
  expect(toldBy(receiver).map(({ what }) => what)).toEqual(['firing tocsin', 'firing web']);

  await agent.rewrite(config);
  expect((await agent.post('/-/reload')).status).toBe(200);
  expect(await agent.metrics()).toContain('\ntocsin_config_last_reload_successful 1\n');
  await eventually(() => toldBy(receiver).length >= 3, 'the end of it is told');
  expect(toldBy(receiver).at(-1)?.what).toBe('resolved tocsin');
});

/** The configuration as it was, in another file that names the same state and address. */
async function elsewhere(agent: TestAgent, config: object): Promise<string> {
  const path = join(temporaryFolder(), 'former.json');
  const places = {
    agent: { data_dir: agent.dataDir },
    server: { listen: `127.0.0.1:${agent.port}` },
  };
  await writeFile(path, JSON.stringify({ ...config, ...places }));
  return path;
}

test.for([
  ['was removed', (agent: TestAgent) => rm(agent.configFile), 'no such file'],
  ['became empty', (agent: TestAgent) => agent.rewrite(''), 'is empty'],
  ['is cut off in the middle', (agent: TestAgent) => agent.rewrite('checks: [{ name: we'), 'YAML'],
] as const)('a file that %s changes nothing', async ([, damage, reason]) => {
  const config = {
    checks: [{ name: 'sound', type: 'command', command: ['/bin/true'], interval: '1s' }],
  };
  await using agent = await startAgent({ config });
  await damage(agent);
  const answer = await agent.post('/-/reload');
  expect(answer.status).toBe(500);
  expect(answer.body).toContain(reason);
  expect(await checkNames(agent)).toEqual(['sound', 'tocsin']);
});

test('a file that is replaced is not looked at before a reload', async () => {
  const check = (name: string) => ({
    name,
    type: 'command',
    command: ['/bin/true'],
    interval: '200ms',
    timeout: '200ms',
  });
  await using agent = await startAgent({ config: { checks: [check('before')] } });
  await agent.rewrite({ checks: [check('after')] });
  await chmod(agent.configFile, 0o600);
  await runsOn(agent, 'before');
  expect(await checkNames(agent)).toEqual(['before', 'tocsin']);
  expect((await agent.get('/config')).body).not.toContain('after');
  expect((await agent.post('/-/reload')).status).toBe(200);
  expect(await checkNames(agent)).toEqual(['after', 'tocsin']);
});
