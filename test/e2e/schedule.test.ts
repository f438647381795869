import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { quickConfig } from '../support/quick.ts';
import { runTocsin } from '../support/tocsin.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const root = join(import.meta.dirname, '../..');

test('the example configuration, which has every check type and key, is usable as it is', async () => {
  const example = join(root, 'agent.config.example.yaml');
  const { code, stdout, stderr } = await runTocsin(['validate', '-c', example], { cwd: root });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/\d+ checks, \d+ receivers?, no problems/);
  expect(code).toBe(0);
});

test('a cron schedule runs its check, and one with a time zone says when it is next', async () => {
  await using webhook = await startWebhookServer();
  const everySecond = {
    name: 'often',
    type: 'command',
    command: ['/bin/true'],
    schedule: '* * * * * *',
  };
  const inTokyo = {
    name: 'nightly',
    type: 'command',
    command: ['/bin/true'],
    schedule: '30 3 * * *',
    tz: 'Asia/Tokyo',
  };
  const config = quickConfig(`${webhook.origin}/hook`, [everySecond, inTokyo]);
  await using agent = await startAgent({ config });
  const checks = async (): Promise<Record<string, unknown>[]> =>
    (JSON.parse((await agent.get('/api/v1/checks')).body) as { checks: Record<string, unknown>[] })
      .checks;
  await eventually(
    async () => (await checks()).some(({ name, runs }) => name === 'often' && Number(runs) >= 2),
    'two runs by the clock',
  );
  const nightly = (await checks()).find(({ name }) => name === 'nightly');
  // Half past three in Tokyo is half past six the evening before in UTC.
  expect(nightly).toMatchObject({ runs: 0, nextRunAt: expect.stringMatching(/T18:30:00\.000Z$/) });
});
