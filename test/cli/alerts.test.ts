import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AlertAnswer, SilenceAnswer } from '../../src/cli/api-types.ts';
import { eventually } from '../support/eventually.ts';
import { startServing, type TestServing } from '../support/serving.ts';
import { teamRoute } from '../support/team-config.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'tocsin.ts');

interface Team {
  readonly agent: TestServing;
  readonly fail: (check: 'a' | 'b') => void;
  readonly heal: (check: 'a' | 'b') => void;
  readonly alerts: (...args: string[]) => Promise<readonly AlertAnswer[]>;
  readonly silences: (...args: string[]) => Promise<readonly SilenceAnswer[]>;
  /** Status and names of each message, in order. */
  readonly told: () => string[];
  /** Runs a command in a process of its own. */
  readonly run: (...args: string[]) => ReturnType<typeof spawnTocsin>;
}

/** An agent whose checks `a` and `b` fail while a file of their name is there, and who tells a webhook. */
async function startTeam(): Promise<Team> {
  const hook = await startWebhookServer();
  onTestFinished(() => hook[Symbol.asyncDispose]());
  const agent = await startServing((folder) => ({
    defaults: {
      interval: '200ms',
      timeout: '200ms',
      debounce: { fail_after: 1, recover_after: 1 },
    },
    checks: ['a', 'b'].map((name) => ({
      name,
      type: 'command',
      command: ['/usr/bin/test', '!', '-e', join(folder, `fail-${name}`)],
      labels: { part: name },
      severity: name === 'b' ? 'warning' : 'critical',
    })),
    route: teamRoute,
    receivers: [{ name: 'team', webhook_configs: [{ url: hook.origin }] }],
  }));
  const json = async (args: readonly string[]) =>
    JSON.parse((await agent.cli(...args, '--json')).stdout) as Record<string, never>;
  const file = (check: string): string => join(agent.folder, `fail-${check}`);
  return {
    agent,
    fail: (check) => writeFileSync(file(check), ''),
    heal: (check) => rmSync(file(check), { force: true }),
    alerts: async (...args) => (await json(['alerts', ...args]))['alerts'] ?? [],
    silences: async (...args) => (await json(['silence', 'list', ...args]))['silences'] ?? [],
    told: () =>
      hook.requests.map(({ body }) => {
        const { status, alerts } = JSON.parse(body) as {
          status: string;
          alerts: { labels: Record<string, string> }[];
        };
        return `${status} ${alerts.map(({ labels }) => labels['alertname']).join(' ')}`;
      }),
    run: (...args) => spawnTocsin(agent, args),
  };
}

function spawnTocsin(agent: TestServing, args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: agent.folder,
    env: { PATH: process.env['PATH'], TOCSIN_CONFIG: agent.configFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const ended = once(child, 'close').then(([code]) => code as number);
  return { child, said, ended };
}

describe('alerts', () => {
  test('lists what fires, by matchers and by what keeps it back', async () => {
    const { agent, fail, alerts } = await startTeam();
    expect((await agent.cli('alerts')).stdout).toBe('no alerts\n');
    fail('a');
    fail('b');
    await eventually(async () => (await alerts()).length === 2, 'both fire');
    expect((await alerts('a')).map(({ labels }) => labels['alertname'])).toEqual(['a']);
    expect(await alerts('severity=~warn.*', 'part!=a')).toHaveLength(1);
    expect(await alerts('--receiver', 'nobody')).toHaveLength(0);
    const { stdout: id } = await agent.cli('silence', 'add', 'a', '--comment', 'deploy');
    expect((await alerts('--silenced')).map(({ silencedBy }) => silencedBy)).toEqual([[id.trim()]]);
    expect((await alerts('--active')).map(({ labels }) => labels['alertname'])).toEqual(['b']);
    const { stdout, code } = await agent.cli('alerts');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^kept back +warning +a .*silenced by [0-9a-f-]{36} \(deploy\) until /m);
    expect(stdout).toMatch(/^firing +warning +b /m);
  });

  test('a wrong matcher is a wrong call, and without an agent the exit code is 69', async () => {
    const { agent } = await startTeam();
    expect((await agent.cli('alerts', 'a', '=b')).code).toBe(64);
    await agent.stop(0);
    const { code, stderr } = await agent.cli('alerts');
    expect(code).toBe(69);
    expect(stderr).toContain('the agent is not running');
  });
});

describe('ack', () => {
  test('notes who has taken on an alert, by name or by fingerprint', async () => {
    const { agent, fail, alerts } = await startTeam();
    fail('a');
    await eventually(async () => (await alerts()).length === 1, 'a fires');
    const { code, stdout } = await agent.cli('ack', 'a', '--by', 'anna', '--comment', 'on it');
    expect([code, stdout]).toEqual([0, 'a is acknowledged by anna\n']);
    const [alert] = await alerts('--acknowledged');
    expect(alert?.acknowledgement).toMatchObject({ by: 'anna', comment: 'on it' });
    expect((await agent.cli('alerts')).stdout).toContain('acknowledged by anna: on it');
    expect((await agent.cli('ack', alert?.fingerprint ?? '')).code).toBe(0);
  });

  test('says what is not firing and what it does not know', async () => {
    const { agent } = await startTeam();
    await eventually(() => agent.agent.pipeline.recent('a').length > 0, 'a has run');
    const calm = await agent.cli('ack', 'a');
    expect([calm.code, calm.stderr]).toEqual([
      1,
      'tocsin: a is not firing: there is nothing to take on\n',
    ]);
    const unknown = await agent.cli('ack', 'nothing');
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      'tocsin: no alert and no check is called nothing\n',
    ]);
    expect((await agent.cli('ack')).code).toBe(64);
  });
});

describe('silence', () => {
  test('is added, listed and expired', async () => {
    const { agent, silences } = await startTeam();
    const added = await agent.cli('silence', 'add', 'a', 'part=~"x|a"', '-d', '2h', '-a', 'anna');
    const id = added.stdout.trim();
    expect(await silences()).toEqual([
      expect.objectContaining({
        id,
        state: 'active',
        createdBy: 'anna',
        matchers: ['alertname="a"', 'part=~"x|a"'],
      }),
    ]);
    expect(await silences('b')).toEqual([]);
    expect((await agent.cli('silence', 'expire', id)).stdout).toBe(`${id}\n`);
    expect(await silences()).toEqual([]);
    expect(await silences('--expired')).toHaveLength(1);
    expect((await agent.cli('silence', 'expire', id)).stderr).toContain('is over already');
    expect((await agent.cli('silence', 'expire', 'x')).code).toBe(1);
  });

  test('wrong calls say what would be right', async () => {
    const { agent } = await startTeam();
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await agent.cli('silence', 'add', ...args);
      expect(code).toBe(64);
      return stderr;
    };
    expect(await refused()).toContain('expected the name of an alert or a matcher');
    expect(await refused('a', '-d', 'soon')).toContain('takes a duration such as 30m');
    expect(await refused('a', '-d', '1h', '--end', '2030-01-01T00:00:00Z')).toContain('one of');
    expect(await refused('a', '--', 'true')).toContain('goes with --until-ok');
    expect(await refused('part=~".*"')).toContain('at least one matcher must not match');
    expect(await refused('a', '--end', '2001-01-01T00:00:00Z')).toContain('after the start');
  });
});

describe('silence around a command', () => {
  test('keeps a failing deploy quiet, ends once all is ok, and reports', async () => {
    const { run, fail, heal, silences, told, alerts } = await startTeam();
    fail('b');
    await eventually(() => told().includes('firing b'), 'b is told');
    const script = 'echo working; touch fail-a; sleep 2; exit 3';
    const deploy = run(
      'silence',
      'add',
      'a',
      '--until-ok',
      '--max',
      '5m',
      '--',
      'sh',
      '-c',
      script,
    );
    await eventually(async () => (await alerts('a')).length === 1, 'a fires');
    await eventually(() => deploy.said.stderr.includes('ended with 3'), 'the command has ended');
    expect(await silences()).toEqual([expect.objectContaining({ untilOk: true })]);
    heal('a');
    expect(await deploy.ended).toBe(3);
    expect(deploy.said.stdout).toBe('working\n');
    expect(deploy.said.stderr).toMatch(/all is ok: the silence has ended after \d/);
    expect(deploy.said.stderr).toMatch(/a fired for [\d.]+m?s.* and is ok again/);
    expect(await silences()).toEqual([]);
    expect(told()).toEqual(['firing b']);
  }, 30_000);

  test('is the same silence to the end, whatever the clock says of its start', async () => {
    const { run, fail, heal, silences } = await startTeam();
    fail('a');
    const dates = ['--start', '2020-01-01T00:00:00Z', '--end', '2099-01-01T00:00:00Z'];
    const deploy = run('silence', 'add', 'a', '--until-ok', ...dates, '--', 'true');
    await eventually(() => deploy.said.stderr.includes('ended with 0'), 'the command has ended');
    const [open, ...others] = await silences();
    expect(others).toEqual([]);
    expect(deploy.said.stderr).toContain(`silence ${open?.id} has begun`);
    heal('a');
    expect(await deploy.ended).toBe(0);
    expect(deploy.said.stderr).toContain('all is ok');
  }, 30_000);

  test('tells what still fails when its time is over', async () => {
    const { run, told } = await startTeam();
    const deploy = run('silence', 'add', 'a', '--until-ok', '--max', '4s', '--', 'touch', 'fail-a');
    expect(await deploy.ended).toBe(0);
    expect(deploy.said.stderr).toContain('whatever still fires is told now');
    expect(deploy.said.stderr).toMatch(/a is still firing, for .*/);
    await eventually(() => told().includes('firing a'), 'a is told');
  }, 30_000);

  test('reports to programs in one line of JSON', async () => {
    const { run } = await startTeam();
    const { ended, said } = run('silence', 'add', 'a', '--until-ok', '--json', '--', 'true');
    expect(await ended).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({
      apiVersion: 1,
      exitCode: 0,
      outcome: 'all ok',
      alerts: [],
    });
  }, 30_000);

  test('a command that is not there leaves no silence', async () => {
    const { run, silences } = await startTeam();
    const { ended, said } = run('silence', 'add', 'a', '--until-ok', '--', 'no-such-command');
    expect(await ended).toBe(127);
    expect(said.stderr).toContain('no-such-command: there is no such command');
    expect(await silences()).toEqual([]);
  }, 30_000);

  test('a signal reaches the command, and the silence stays no longer than all is ok', async () => {
    const { run, silences } = await startTeam();
    const script = 'trap "echo asked; exit 9" TERM; echo up; while :; do sleep 0.1; done';
    const deploy = run('silence', 'add', 'a', '--until-ok', '--', 'sh', '-c', script);
    await eventually(() => deploy.said.stdout.includes('up'), 'the command runs');
    deploy.child.kill('SIGTERM');
    expect(await deploy.ended).toBe(9);
    expect(deploy.said.stdout).toContain('asked');
    expect(deploy.said.stderr).toContain('stays until all is ok');
    await eventually(async () => (await silences()).length === 0, 'the silence ends');
  }, 30_000);

  test('without an agent the command is not run', async () => {
    const { run, agent } = await startTeam();
    await agent.stop(0);
    const { ended, said } = run('silence', 'add', 'a', '--until-ok', '--', 'echo', 'ran');
    expect(await ended).toBe(69);
    expect(said.stdout).toBe('');
  }, 30_000);
});
