import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { checkOf } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const soon = { interval: '400ms', debounce: { fail_after: 1, recover_after: 1 } };

test('A group here counts what agents with users find on other hosts, until one of them is gone', async () => {
  const folder = temporaryFolder();
  const enabled = (one: string, value: number): void =>
    writeFileSync(join(folder, one), `echo "fine | cron.enabled=${value}"`);
  const other = async (name: string) => {
    const gateway = {
      name: 'gateway',
      type: 'command',
      command: ['/bin/sh', join(folder, name)],
      ...soon,
    };
    return startAgent({
      config: { server: { web_config_file: 'web.yml' }, checks: [gateway] },
      files: { 'web.yml': `basic_auth_users: { front: '${hashSync('a-password', 4)}' }\n` },
      waitUntilReady: false,
    });
  };
  enabled('gw-1', 1);
  enabled('gw-2', 0);
  await using one = await other('gw-1');
  await using two = await other('gw-2');
  const remote = (name: string, target: string) => ({
    name,
    type: 'remote',
    target,
    check: 'gateway',
    username: 'front',
    password: 'a-password',
    ...soon,
  });
  const leader = {
    name: 'leader',
    type: 'group',
    of: ['gw-1', 'gw-2'],
    count: { value: 'cron.enabled', as: 'running cron' },
    exactly: 1,
    ...soon,
  };
  await using front = await startAgent({
    config: { checks: [remote('gw-1', one.url), remote('gw-2', two.url), leader] },
  });
  const becomes = async (summary: string): Promise<void> =>
    eventually(
      async () => (await checkOf(front, 'leader')).latest?.summary === summary,
      `the group says: ${summary}`,
    );
  await becomes('1 of 2 running cron (gw-1)');
  enabled('gw-2', 1);
  await becomes('2 of 2 running cron (gw-1, gw-2), wanted exactly 1');
  enabled('gw-2', 0);
  await becomes('1 of 2 running cron (gw-1)');
  one.kill('SIGKILL');
  await becomes('0 of 2 running cron; not: gw-2; down: gw-1, wanted exactly 1');
  expect((await checkOf(front, 'gw-1')).latest?.summary).toContain('cannot be asked: connect to');
});
