import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { judge } from '../../src/app/doctor/service-unit.ts';
import { judgeAgent, type AgentReport } from '../../src/app/doctor/running-agent.ts';
import { runCommand } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { startServing } from '../support/serving.ts';
import { closedPort } from '../support/tcp-server.ts';
import { teamRoute } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** Calls it in a folder with this configuration, where no agent runs. */
async function doctor(config: string, prepare: (folder: string) => void = () => {}) {
  const folder = temporaryFolder();
  const port = await closedPort();
  const place = `agent: { name: web-1, data_dir: ${folder}/data }\nserver: { listen: 127.0.0.1:${port} }\n`;
  const file = join(folder, 'agent.config.yaml');
  writeFileSync(file, place + config, { mode: 0o640 });
  mkdirSync(join(folder, 'data'));
  prepare(folder);
  return {
    folder,
    ...(await runCommand(['doctor', '-c', file], { cwd: folder, environment: {} })),
  };
}

async function startTeam(url: string) {
  return startServing((folder) => ({
    checks: [
      {
        name: 'broken',
        type: 'command',
        command: ['/usr/bin/false'],
        interval: '200ms',
        debounce: { fail_after: 1 },
      },
    ],
    route: teamRoute,
    receivers: [{ name: 'team', webhook_configs: [{ url }] }],
    agent: { name: 'web-1', evidence: false, data_dir: join(folder, 'data') },
  }));
}

describe('tocsin doctor', () => {
  test('finds a running agent that reaches its receiver in order', async () => {
    const hook = await startWebhookServer();
    onTestFinished(() => hook[Symbol.asyncDispose]());
    const agent = await startTeam(hook.origin);
    await eventually(
      async () => (await agent.cli('doctor')).stdout.includes('team (webhook) took a message'),
      'the receiver has taken a message',
    );
    const { stdout } = await agent.cli('doctor');
    expect(stdout).toMatch(/^ok +agent +tocsin \S+ is running and watches 2 checks$/m);
    expect(stdout).not.toMatch(/^critical/m);
  });

  test('names a receiver that does not take messages, and how to try it', async () => {
    const agent = await startTeam(`http://127.0.0.1:${await closedPort()}/`);
    await eventually(
      async () =>
        (await agent.cli('doctor')).stdout.includes('team (webhook) does not take messages'),
      'the receiver fails',
    );
    const { stdout, code } = await agent.cli('doctor');
    expect(stdout).toMatch(
      /^critical +receiver +team \(webhook\) does not take messages: .+\n +→ tocsin notify test team$/m,
    );
    expect(code).toBe(2);
  });

  test('gives every problem of a configuration that cannot be used', async () => {
    const { stdout, code } = await doctor('checks: [{ type: htp }]\nx: 1\n');
    expect(stdout).toMatch(/^critical +configuration +.+agent\.config\.yaml:\d+:\d+: .*htp/m);
    expect(stdout).toMatch(/^critical +configuration +.+ x/m);
    expect(code).toBe(2);
  });

  test('says that the agent does not run, and what its state is like', async () => {
    const { stdout, folder } = await doctor('', (at) =>
      writeFileSync(join(at, 'data/tocsin.db'), 'no database'.repeat(200)),
    );
    expect(stdout).toMatch(
      /^critical +agent +the agent is not running: .+\n +→ systemctl start tocsin/m,
    );
    expect(stdout).toContain(`${folder}/data/tocsin.db is damaged: file is not a database`);
    expect(stdout).toContain('the agent sets it aside at its next start');
  });

  test('names a database that an agent has set aside', async () => {
    const { stdout } = await doctor('', (at) =>
      writeFileSync(join(at, 'data/tocsin.db.damaged-1'), ''),
    );
    expect(stdout).toMatch(
      /^warning +state +a damaged database was set aside as .+tocsin\.db\.damaged-1$/m,
    );
  });

  test('names a file with secrets that everybody may read, and no secret', async () => {
    const config = 'notify: { slack: "https://hooks.example.com/services/T0/B0/hush-hush" }\n';
    const { stdout } = await doctor(config, (at) =>
      chmodSync(join(at, 'agent.config.yaml'), 0o644),
    );
    expect(stdout).toMatch(
      /^warning +configuration +.+agent\.config\.yaml can be read by every user/m,
    );
    expect(stdout).not.toContain('hush-hush');
    const kept = await doctor(config);
    expect(kept.stdout).not.toContain('can be read by every user');
  });
});

const report: AgentReport = {
  agent: { version: '1.0.0', ready: true, problems: [], lastReload: { successful: true } },
  checks: [],
  receivers: [],
};

test('a program that was replaced under a running agent asks for a restart', () => {
  expect(judgeAgent(report, '1.1.0')).toEqual([
    {
      area: 'agent',
      status: 'warning',
      sentence: 'tocsin 1.0.0 is running, the program on disk is 1.1.0',
      remedy: 'systemctl restart tocsin',
    },
  ]);
});

test('a check that lacks a right leads to the grants', () => {
  const latest = { status: 'unknown', reason: 'permission', summary: 'may not read the journal' };
  const checks = [{ name: 'errors', stalledSince: null, latest }];
  expect(judgeAgent({ ...report, checks }, '1.0.0')).toContainEqual({
    area: 'sight',
    status: 'warning',
    sentence: 'errors: may not read the journal',
    remedy: 'grant that right: docs/service.md has a drop-in for each',
  });
});

describe('the unit', () => {
  const sound = {
    Id: 'tocsin.service',
    LoadState: 'loaded',
    UnitFileState: 'enabled',
    ActiveState: 'active',
    SubState: 'running',
    Result: 'success',
    NRestarts: '0',
    ExecMainStatus: '0',
    NeedDaemonReload: 'no',
    WatchdogUSec: '1min',
  };
  const found = (changes: object): string =>
    judge(new Map(Object.entries({ ...sound, ...changes })))
      .map(({ status, sentence, remedy }) => `${status}: ${sentence} → ${remedy}`)
      .join('\n');

  test('that runs is in order', () => {
    expect(judge(new Map(Object.entries(sound)))).toMatchObject([{ status: 'ok' }]);
  });

  test.each([
    [{ LoadState: 'not-found' }, /^warning: systemd has no tocsin\.service/],
    [
      { ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '78' },
      /^critical: .+configuration.+ → tocsin validate/,
    ],
    [{ ActiveState: 'failed', Result: 'start-limit-hit' }, /^critical: systemd has stopped trying/],
    [
      { ActiveState: 'failed', Result: 'watchdog' },
      /^critical: tocsin\.service failed \(watchdog\)/,
    ],
    [{ ActiveState: 'inactive' }, /^critical: tocsin\.service was stopped: nothing is watched/],
    [{ ActiveState: 'activating' }, /^warning: tocsin\.service is activating/],
    [{ UnitFileState: 'disabled' }, /^warning: .+not enabled.+ → systemctl enable/m],
    [{ NeedDaemonReload: 'yes' }, /^warning: .+daemon-reload/m],
    [{ NRestarts: '3' }, /^warning: systemd had to restart tocsin\.service 3 times/m],
    [{ WatchdogUSec: '0' }, /^warning: .+no WatchdogSec/m],
  ])('%j is told with what to do', (changes, expected) => {
    expect(found(changes)).toMatch(expected);
  });
});
