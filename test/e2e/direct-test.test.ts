import { mkdirSync, symlinkSync, writeFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runTocsin, startAgent } from '../support/agent.ts';
import { quickConfig } from '../support/quick.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** A folder with a configuration, in which no agent has run yet. */
function prepared(hook: string): { readonly directory: string; readonly data: string } {
  const directory = temporaryFolder();
  const data = join(directory, 'data');
  mkdirSync(data, { mode: 0o700 });
  const config = quickConfig(hook, [], { agent: { data_dir: data } });
  writeFileSync(join(directory, 'agent.config.yaml'), stringify(config));
  return { directory, data };
}

const direct = ['notify', 'test', '--direct'];

test('a receiver that took a test before the first start is no unknown one afterwards', async () => {
  await using hook = await startWebhookServer();
  const { directory, data } = prepared(hook.origin);
  expect((await runTocsin(direct, { cwd: directory })).code).toBe(0);
  const config = quickConfig(hook.origin, [], { agent: { data_dir: data } });
  await using agent = await startAgent({ directory, config });
  const { stdout } = await agent.cli('doctor');
  expect(stdout).toMatch(/^ok +receiver +team \(webhook\) took a message at \d{4}-/m);
  expect(existsSync(join(data, 'receivers-tested.json'))).toBe(false);
});

test('what is left for the agent goes through no link', async () => {
  await using hook = await startWebhookServer();
  const { directory, data } = prepared(hook.origin);
  const other = join(directory, 'other');
  writeFileSync(other, 'not for tocsin');
  for (const name of ['receivers-tested.json', 'receivers-tested.json.new']) {
    symlinkSync(other, join(data, name));
  }
  expect((await runTocsin(direct, { cwd: directory })).code).toBe(0);
  expect(readFileSync(other, 'utf8')).toBe('not for tocsin');
});

test('a note that nobody can read is dropped', async () => {
  await using hook = await startWebhookServer();
  const { directory, data } = prepared(hook.origin);
  writeFileSync(join(data, 'receivers-tested.json'), '{"team": "yesterday"}');
  const config = quickConfig(hook.origin, [], { agent: { data_dir: data } });
  await using agent = await startAgent({ directory, config });
  expect((await agent.cli('doctor')).stdout).toContain('team (webhook) has never taken a message');
});
