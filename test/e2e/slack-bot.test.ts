import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { startSlackApi } from '../support/slack-api-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('an agent that was killed goes on with the message that it posted before', async () => {
  await using api = await startSlackApi();
  const directory = temporaryFolder();
  const trouble = join(temporaryFolder(), 'trouble');
  writeFileSync(trouble, '');
  const bot = { app_token: api.token, app_url: api.url, channel: '#ops', send_resolved: true };
  const command = ['/usr/bin/test', '!', '-e', trouble];
  const config = teamConfig([{ name: 'queue', type: 'command', command }], {
    slack_configs: [bot],
  });
  {
    await using agent = await startAgent({ config, directory });
    await eventually(() => api.channel.length === 1, 'the message is posted');
    const isKnown = async (): Promise<boolean> =>
      /tocsin_receiver_last_success_timestamp_seconds\{receiver="team"\} [1-9]/.test(
        await agent.metrics(),
      );
    await eventually(isKnown, 'the agent knows of it');
  }
  rmSync(trouble);
  await using agent = await startAgent({ config, directory });
  await eventually(() => api.channel[0]?.thread.length === 1, 'the end is told');
  expect(api.channel).toMatchObject([
    { colour: '#2eb67d', thread: [expect.stringMatching(/queue is fine again/)] },
  ]);
  expect(agent.running()).toBe(true);
});
