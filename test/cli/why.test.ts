import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startServing } from '../support/serving.ts';
import { teamRoute } from '../support/team-config.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** An agent with a check `gateway`, on which `api` depends, and somebody behind an escalation. */
async function startTeam() {
  const hook = await startWebhookServer();
  onTestFinished(() => hook[Symbol.asyncDispose]());
  const agent = await startServing((folder) => ({
    defaults: {
      interval: '200ms',
      timeout: '200ms',
      debounce: { fail_after: 1, recover_after: 1 },
    },
    checks: ['gateway', 'api'].map((name) => ({
      name,
      type: 'command',
      command: ['/usr/bin/test', '!', '-e', join(folder, `fail-${name}`)],
      ...(name === 'api' ? { depends_on: ['gateway'] } : {}),
    })),
    route: { ...teamRoute, escalate: [{ after: '15m', receiver: 'oncall' }] },
    receivers: ['team', 'oncall'].map((name) => ({
      name,
      webhook_configs: [{ url: hook.origin }],
    })),
  }));
  const why = async (name: string): Promise<string> => (await agent.cli('why', name)).stdout;
  const shows = (name: string, pattern: RegExp): Promise<void> =>
    eventually(async () => pattern.test(await why(name)), `why ${name} shows ${pattern}`);
  return {
    agent,
    why,
    shows,
    fail: (name: string) => writeFileSync(join(agent.folder, `fail-${name}`), ''),
    heal: (name: string) => rmSync(join(agent.folder, `fail-${name}`)),
  };
}

describe('why', () => {
  test('tells what was sent, and what comes next unless somebody acknowledges', async () => {
    const { agent, shows, fail, why } = await startTeam();
    fail('gateway');
    await shows('gateway', /first notification, delivered\n +attempt 1 .* delivered: HTTP 200/);
    await shows('gateway', /^ +\S+ \S+ +escalation to oncall +unless somebody acknowledges$/m);
    expect(await why('gateway')).toMatch(/^ +\S+ \S+ +reminder to team +if nothing changes$/m);
    await agent.cli('ack', 'gateway', '--by', 'anna', '--comment', 'on it');
    await shows('gateway', /acknowledged by anna: on it/);
    expect(await why('gateway')).toMatch(/escalation to oncall +kept back as it stands: acknow/);
  }, 20_000);

  test('names every message that nobody got, with what kept it back', async () => {
    const { agent, shows, fail, heal, why } = await startTeam();
    await agent.cli('silence', 'add', 'gateway', '--comment', 'deploy');
    fail('gateway');
    await shows('gateway', /silence +not told to team: silence [0-9a-f-]{36} \(deploy\)/);
    expect(await why('gateway')).toMatch(/first message to team +kept back as it stands: silence/);
    fail('api');
    await shows('api', /dependency +not told to team: gateway is failing, on which it depends/);
    heal('api');
    heal('gateway');
    await shows('api', /\): inactive$/m);
    expect(await why('api')).toContain('gateway is failing, on which it depends');
  }, 20_000);

  test('knows posted alerts by name and by fingerprint', async () => {
    const { agent, shows, why } = await startTeam();
    const labels = { alertname: 'BackupFailed', severity: 'warning' };
    const posted = await fetch(`${agent.address.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ labels, annotations: { summary: 'no backup since Monday' } }]),
    });
    expect(posted.status).toBe(200);
    await shows('BackupFailed', /firing to team \(webhook\): first notification, delivered/);
    const { code, stdout } = await agent.cli('why', 'BackupFailed');
    expect(code).toBe(1);
    expect(stdout).toContain('no backup since Monday');
    expect(stdout).not.toContain('last results');
    const fingerprint = /alert BackupFailed warning ([0-9a-f]{16})/.exec(stdout)?.[1] ?? '';
    expect(await why(fingerprint)).toContain('no backup since Monday');
  }, 20_000);

  test('knows a name that nobody has for a slip', async () => {
    const { agent } = await startTeam();
    const { code, stderr } = await agent.cli('why', 'gatway');
    expect(code).toBe(64);
    expect(stderr).toContain('no check and no alert called gatway; it has gateway, api, tocsin');
  });
});
