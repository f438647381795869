import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { reaches } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { teamConfig } from '../support/team-config.ts';
import { runTocsin } from '../support/tocsin.ts';

const broken = { name: 'broken', type: 'command', command: ['/bin/sh', '-c', 'exit 2'] };

test('an agent lives although what it watches is down, until it hangs or has ended', async () => {
  await using agent = await startAgent({ config: teamConfig([broken]) });
  await reaches(agent, 'broken', 'firing');
  expect((await agent.cli('status')).code).toBe(2);
  expect(await agent.cli('healthcheck')).toEqual({
    code: 0,
    stdout: 'tocsin is healthy.\n',
    stderr: '',
  });
  agent.kill('SIGSTOP');
  const env = { STATE_DIRECTORY: agent.dataDir };
  const hung = await runTocsin(['healthcheck'], { cwd: agent.directory, env });
  expect(hung).toMatchObject({ code: 69, stdout: '' });
  agent.kill('SIGCONT');
  await eventually(async () => (await agent.cli('healthcheck')).code === 0, 'it lives again');
  agent.kill('SIGKILL');
  await agent.exited;
  const { code, stderr } = await agent.cli('healthcheck');
  expect(code).toBe(69);
  expect(stderr).toMatch(/^tocsin: the agent is not running: nobody answers at /);
}, 60_000);

test('a configuration that was spoilt since the start does not end an agent that lives', async () => {
  await using agent = await startAgent({ config: teamConfig([]) });
  writeFileSync(join(agent.directory, 'agent.config.yaml'), 'checks: [nonsense');
  const asked = async (env: Readonly<Record<string, string>>) =>
    runTocsin(['healthcheck', '-c', agent.configFile], { cwd: agent.directory, env });
  expect(await asked({ STATE_DIRECTORY: agent.dataDir })).toMatchObject({ code: 0, stderr: '' });
  expect((await asked({})).code).toBe(78);
});
