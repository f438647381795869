import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import {
  type Alertmanager,
  alertmanagerProgram,
  startAlertmanager,
} from '../support/alertmanager.ts';
import { eventually } from '../support/eventually.ts';
import { skipWithout } from '../support/prometheus.ts';
import { teamConfig } from '../support/team-config.ts';
import { closedPort } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function firing(peer: Alertmanager): Promise<unknown[]> {
  return (await peer.alerts()).map(({ labels, status }) => [labels['alertname'], status.state]);
}

test('both Alertmanagers of a pair hear of a failure and of its end, also one that was down meanwhile', async (context) => {
  skipWithout(alertmanagerProgram, context);
  const trouble = join(temporaryFolder(), 'trouble');
  writeFileSync(trouble, '');
  const command = ['/usr/bin/test', '!', '-e', trouble];
  const port = await closedPort();
  const living = await startAlertmanager();
  const team = { alertmanager_configs: [{ urls: [living.url, `http://127.0.0.1:${port}`] }] };
  const config = teamConfig([{ name: 'queue', type: 'command', command }], team);
  await using agent = await startAgent({ config });
  await eventually(async () => (await firing(living)).length > 0, 'the living one hears of it');
  expect(await firing(living)).toEqual([['queue', 'active']]);
  const late = await startAlertmanager(undefined, port);
  await eventually(async () => (await firing(late)).length > 0, 'the other one catches up');
  // Beyond the five minutes after which an Alertmanager forgets what has no end.
  const [alert] = await late.alerts();
  expect(Date.parse(alert?.endsAt ?? '') - Date.now()).toBeGreaterThan(15 * 60_000);
  rmSync(trouble);
  for (const peer of [living, late])
    await eventually(async () => (await firing(peer)).length === 0, 'each hears of the end');
  expect(agent.running()).toBe(true);
});
