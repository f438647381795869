import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { receiverOf, whyOf } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { fileCheck, quickConfig, toldBy } from '../support/quick.ts';
import type { ScriptedHttpServer } from '../support/scripted-http-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const heard = (server: ScriptedHttpServer): string[] =>
  toldBy(server)
    .map(({ what }) => what)
    .filter((what) => what.endsWith(' web'));

test('a fallback is told instead, and of the end as well, although the agent was killed in between', async () => {
  await using team = await startWebhookServer();
  await using others = await startWebhookServer();
  const directory = temporaryFolder();
  const sign = join(directory, 'sign');
  team.script({ status: 403, body: 'go away' });
  const config = quickConfig(team.origin, [fileCheck('web', sign)], {
    route: { receiver: 'team', group_by: ['...'], group_wait: '0s', group_interval: '1s' },
    receivers: [
      { name: 'team', webhook_configs: [{ url: team.origin }], fallback: 'others' },
      { name: 'others', webhook_configs: [{ url: others.origin }] },
    ],
  });
  await using agent = await startAgent({ config, directory });
  await eventually(() => heard(others).length > 0, 'the fallback is told');
  expect(heard(others)).toEqual(['firing web']);
  const { notifications } = await whyOf(agent, 'web');
  expect(notifications.map(({ state }) => state).toSorted()).toEqual(['delivered', 'failed']);
  await eventually(
    async () => (await receiverOf(agent, 'others')).lastSuccessAt !== null,
    'its answer is written down',
  );
  agent.kill('SIGKILL');
  await agent.exited;
  await using next = await startAgent({ directory, port: agent.port });
  await writeFile(sign, '');
  await eventually(() => heard(others).length > 1 && heard(team).length > 0, 'both hear the end');
  expect(heard(others)).toEqual(['firing web', 'resolved web']);
  expect(heard(team)).toEqual(['resolved web']);
  await eventually(
    async () => (await receiverOf(next, 'team')).failing === null,
    'the receiver counts as working again',
  );
});
