import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { runsAgain } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { fileCheck, quickConfig, toldBy } from '../support/quick.ts';

import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** The state as a backup program copies it: file by file. */
function copyState(agent: TestAgent, to: string): void {
  cpSync(agent.dataDir, join(to, 'data'), {
    recursive: true,
    filter: (path) => !path.endsWith('.sock'),
  });
}

test.for([
  { when: 'after the agent was stopped', isStopped: true },
  { when: 'while the agent ran', isStopped: false },
])('a copy of the state that was taken $when goes on elsewhere', async ({ isStopped }) => {
  await using hook = await startWebhookServer();
  const sound = join(temporaryFolder(), 'sound');
  const config = quickConfig(hook.origin, [fileCheck('shop', sound)]);
  await using here = await startAgent({ config });
  await eventually(() => toldBy(hook).length === 1, 'it is told');
  await here.cli('silence', 'add', 'check=other', '-d', '2h', '-m', 'moving');
  if (isStopped) {
    here.kill('SIGTERM');
    await here.exited;
  }
  const folder = temporaryFolder();
  copyState(here, folder);
  here.kill('SIGKILL');
  await here.exited;

  await using there = await startAgent({ config, directory: folder });
  const silences = await there.cli('silence', 'list');
  expect(silences.stdout).toContain('moving');
  await runsAgain(there, 'shop', 2);
  writeFileSync(sound, '');
  await eventually(() => toldBy(hook).length > 1, 'the end is told');
  expect(toldBy(hook).map(({ what }) => what)).toEqual(['firing shop', 'resolved shop']);
});
