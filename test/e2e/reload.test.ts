import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { checkOf, runsAgain, seriesOf, statusOf } from '../support/agent-view.ts';
import { runCommand } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { startPagerdutyServer, type PagerdutyServer } from '../support/pagerduty-server.ts';
import { startService } from '../support/service.ts';
import { teamConfig, teamRoute } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const routingKey = 'R0123456789012345678901234567890';
const sound = { name: 'sound', type: 'command', command: ['/bin/true'] };

function pages({ url }: PagerdutyServer): Readonly<Record<string, unknown>> {
  return { pagerduty_configs: [{ routing_key: routingKey, url }] };
}

/** Waits until the agent has said `count` times that it reloaded. */
async function reloaded(agent: TestAgent, count: number): Promise<void> {
  const said = (): number => agent.stderr().split('info configuration reloaded').length - 1;
  await eventually(() => said() >= count, `${count} reloads`);
}

test('a reload by SIGHUP keeps what fires, tells nobody again, and runs what is new', async () => {
  await using service = await startService();
  await using pagerduty = await startPagerdutyServer();
  service.answer(503);
  const gateway = { name: 'gateway', type: 'http', target: service.url };
  await using agent = await startAgent({ config: teamConfig([gateway], pages(pagerduty)) });
  await eventually(() => pagerduty.events().length === 1, 'the outage is told');
  const before = await checkOf(agent, 'gateway');
  await agent.rewrite(teamConfig([gateway, sound], pages(pagerduty)));
  agent.kill('SIGHUP');
  await reloaded(agent, 1);
  await runsAgain(agent, 'sound', 2);
  await runsAgain(agent, 'gateway', 2);
  const after = await checkOf(agent, 'gateway');
  expect(after.since).toBe(before.since);
  expect(after.failures).toBeGreaterThan(before.failures);
  expect(pagerduty.requests).toHaveLength(1);
});

test('a check that a reload changes keeps its alert under its name', async () => {
  await using service = await startService();
  await using pagerduty = await startPagerdutyServer();
  service.answer(503);
  const gateway = { name: 'gateway', type: 'http', target: service.url };
  await using agent = await startAgent({ config: teamConfig([gateway], pages(pagerduty)) });
  await eventually(() => pagerduty.events().length === 1, 'the outage is told');
  const labelled = { ...gateway, labels: { service: 'shop' }, interval: '600ms' };
  await agent.rewrite(teamConfig([labelled], pages(pagerduty)));
  expect((await agent.post('/-/reload')).status).toBe(200);
  await runsAgain(agent, 'gateway', 2);
  service.answer(200);
  await eventually(() => pagerduty.openIncidents().length === 0, 'the end is told');
  await runsAgain(agent, 'gateway', 2);
  expect(pagerduty.openIncidents()).toEqual([]);
  expect(new Set(pagerduty.events().map(({ dedup_key }) => dedup_key)).size).toBe(1);
});

const renamings = [
  { what: 'groups otherwise', route: { ...teamRoute, group_by: ['host'] } },
  {
    what: 'has a route in between',
    route: { ...teamRoute, routes: [{ matchers: ['check="gateway"'], receiver: 'team' }] },
  },
];

test.each(renamings)('what is open is resolved after a reload that $what', async ({ route }) => {
  await using service = await startService();
  await using pagerduty = await startPagerdutyServer();
  service.answer(503);
  const gateway = { name: 'gateway', type: 'http', target: service.url };
  const config = teamConfig([gateway], pages(pagerduty));
  await using agent = await startAgent({ config });
  await eventually(() => pagerduty.events().length === 1, 'the outage is told');
  await agent.rewrite({ ...config, route });
  expect((await agent.post('/-/reload')).status).toBe(200);
  await runsAgain(agent, 'gateway', 2);
  service.answer(200);
  await eventually(() => pagerduty.events().length === 2, 'the end is told');
  await runsAgain(agent, 'gateway', 2);
  const [opened, ...ended] = pagerduty.events();
  expect(ended).toMatchObject([{ event_action: 'resolve', dedup_key: opened?.dedup_key }]);
});

test('a receiver that a reload renames is told of what is open, and of its end', async () => {
  await using service = await startService();
  await using pagerduty = await startPagerdutyServer();
  service.answer(503);
  const gateway = { name: 'gateway', type: 'http', target: service.url };
  const config = teamConfig([gateway], pages(pagerduty));
  await using agent = await startAgent({ config });
  await eventually(() => pagerduty.events().length === 1, 'the outage is told');
  await agent.rewrite({
    ...config,
    route: { ...teamRoute, receiver: 'people' },
    receivers: [{ name: 'people', ...pages(pagerduty) }],
  });
  expect((await agent.post('/-/reload')).status).toBe(200);
  await runsAgain(agent, 'gateway', 2);
  service.answer(200);
  await eventually(() => pagerduty.openIncidents().length === 0, 'no incident is left open');
  await runsAgain(agent, 'gateway', 2);
  expect(pagerduty.openIncidents()).toEqual([]);
});

test('a check that a reload removes while it fires is resolved, and says why', async () => {
  await using pagerduty = await startPagerdutyServer();
  const broken = { name: 'broken', type: 'command', command: ['/bin/false'] };
  const team = { ...pages(pagerduty), terminal_configs: [{}] };
  await using agent = await startAgent({ config: teamConfig([broken, sound], team) });
  await eventually(() => pagerduty.events().length === 1, 'the failure is told');
  await agent.rewrite(teamConfig([sound], team));
  expect((await agent.post('/-/reload')).status).toBe(200);
  await eventually(() => pagerduty.openIncidents().length === 0, 'its end is told');
  await runsAgain(agent, 'sound', 2);
  expect(pagerduty.requests).toHaveLength(2);
  expect(agent.stdout()).toContain('no longer watched: the check was removed');
  expect((await agent.get('/health/broken')).status).toBe(404);
});

test('a broken file leaves the old configuration running, and everything says so', async () => {
  const config = teamConfig([sound]);
  await using agent = await startAgent({ config });
  await agent.rewrite({ ...config, checks: [{ ...sound, intervall: '1s' }] });
  const { status, body } = await agent.post('/-/reload');
  expect(status).toBe(500);
  expect(body).toMatch(/agent\.config\.yaml:\d+:\d+: .*intervall/);
  expect(agent.stderr()).toMatch(/error reload failed, the old configuration runs on .*intervall/);
  expect(await seriesOf(agent, 'tocsin_config_last_reload_successful')).toEqual({});
  const { agent: self } = await statusOf(agent);
  expect(self).toMatchObject({ lastReload: { successful: false } });
  expect(self.problems.join('\n')).toMatch(
    /could not be reloaded, the old one runs on: .*intervall/,
  );
  await runsAgain(agent, 'sound', 1);
  await agent.rewrite(config);
  expect((await agent.post('/-/reload')).status).toBe(200);
  expect(await seriesOf(agent, 'tocsin_config_last_reload_successful')).toEqual({ '': 1 });
  expect((await statusOf(agent)).agent.problems).toEqual([]);
});

test('tocsin reload lets the agent judge, which alone can read what it was given', async () => {
  const credentials = temporaryFolder();
  writeFileSync(join(credentials, 'hook'), 'http://127.0.0.1:9/services/T0/B0/secret\n');
  const config = { notify: { slack: '${credential:hook}' }, checks: [sound] };
  await using agent = await startAgent({ config, env: { CREDENTIALS_DIRECTORY: credentials } });
  const reload = () =>
    runCommand(['reload', '-c', agent.configFile], {
      environment: { STATE_DIRECTORY: agent.dataDir },
    });

  await agent.rewrite({
    ...config,
    checks: [sound, { ...sound, name: 'added', interval: '200ms' }],
  });
  expect(await reload()).toEqual({ code: 0, stdout: '', stderr: '' });
  await runsAgain(agent, 'added', 1);

  await agent.rewrite({ ...config, checks: [{ ...sound, type: 'comand' }] });
  const refused = await reload();
  expect(refused.code).toBe(78);
  expect(refused.stderr).toMatch(/agent\.config\.yaml:\d+:\d+: .*comand/);
  expect(refused.stderr).toMatch(/the configuration cannot be used: 1 problem\n$/);
  await runsAgain(agent, 'added', 1);
});
