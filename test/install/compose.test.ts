import {
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { StatusAnswer } from '../../src/cli/api-types.ts';
import { ask } from '../support/ask.ts';
import { lacksDocker, startDocker, type DockerEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { composeIn, dockerCompose, inspect, type Compose } from '../support/install/compose.ts';
import { buildImage, imageVersion } from '../support/install/image.ts';
import { processStatus } from '../support/install/process-status.ts';
import { unitLimits } from '../support/install/unit-limits.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { root } from '../support/release.ts';
import { startSlackServer, type SlackServer } from '../support/slack-server.ts';
import { closedPort } from '../support/tcp-server.ts';

const lacking = lacksDocker();
const reason = lacking === undefined ? '' : ` (skipped: ${lacking})`;
const folder = mkdtempSync(join(tmpdir(), 'tocsin-compose-'));
const user = 65_532;

describe.skipIf(lacking !== undefined)(`deploy/container/compose.yaml${reason}`, () => {
  const open = new AsyncDisposableStack();
  let docker: DockerEngine;
  let compose: Compose;
  let slack: SlackServer;
  let url: string;

  beforeAll(async () => {
    slack = open.use(await startSlackServer());
    docker = await startDocker();
    open.defer(docker.remove);
    await buildImage(docker.say, folder);
    const project = join(folder, 'project');
    cpSync(join(root, 'deploy', 'container'), project, { recursive: true });
    mkdirSync(join(project, 'secrets'));
    const secret = join(project, 'secrets', 'slack-webhook-url');
    writeFileSync(secret, slack.url, { mode: 0o400 });
    chownSync(secret, user, user);
    const port = await closedPort();
    url = `http://127.0.0.1:${port}`;
    const ofTest = {
      agent: { name: 'web-1', evidence: false },
      server: { listen: `127.0.0.1:${port}` },
      // A busy host is to be seen, and not to be told.
      defaults: { interval: '1s', debounce: { for: '1h' } },
      checks: [
        {
          name: 'down',
          type: 'tcp',
          target: `127.0.0.1:${await closedPort()}`,
          debounce: { fail_after: 1, for: '0s' },
        },
        // A process of the host, which is in no container.
        { name: 'engine', type: 'process', process: 'dockerd' },
      ],
    };
    mkdirSync(join(project, 'config', 'conf.d'));
    writeFileSync(join(project, 'config', 'conf.d', 'test.yaml'), stringify(ofTest));
    compose = composeIn(project, docker, { TOCSIN_VERSION: imageVersion });
  }, 300_000);

  afterAll(async () => {
    await open.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const isReady = async (): Promise<boolean> =>
    ask(`${url}/-/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
  let id = '';
  const look = (format: string): string => inspect(docker, id, format);
  const pid = (): number => Number(look('{{.State.Pid}}'));
  const checks = async () =>
    (JSON.parse((await ask(`${url}/api/v1/status`)).body) as StatusAnswer).checks;
  const runs = async (name: string): Promise<number> =>
    (await checks()).find((check) => check.name === name)?.runs ?? 0;
  const told = (): readonly string[] =>
    slack
      .messages()
      .map(({ text }) => text)
      .filter((text) => text.includes('down'));

  test('gives a ready agent that sees the host, holds no right, tells, and goes on after a kill and a new start', async (context) => {
    skipUnlessThere(dockerCompose, context);
    expect(parse(compose.say('config'))).toMatchObject({
      services: { tocsin: { read_only: true } },
    });
    compose.say('up', '-d');
    id = compose.idOf('tocsin');
    await eventually(isReady, 'the agent is ready');
    const unseen = async (): Promise<readonly string[]> =>
      (await checks())
        .filter(({ latest }) => latest === null || latest.status === 'unknown')
        .map(({ name, latest }) => `${name}: ${latest?.summary}`);
    await eventually(async () => (await unseen()).length === 0, 'all can be seen').catch(async () =>
      expect(await unseen()).toEqual([]),
    );
    const names = (await checks()).map(({ name }) => name);
    expect(names.toSorted()).toEqual([
      'clock',
      'disk /host',
      'down',
      'engine',
      'load',
      'memory',
      'tocsin',
    ]);
    const statusOf = async (name: string) =>
      (await checks()).find((check) => check.name === name)?.latest?.status;
    await eventually(async () => (await statusOf('engine')) === 'ok', 'it sees the host');
    await eventually(() => told().length > 0, 'Slack is told', 30_000);

    const { Uid, CapEff, CapBnd, NoNewPrivs, Seccomp } = processStatus(pid());
    expect({ Uid, CapEff, CapBnd, NoNewPrivs, Seccomp }).toEqual({
      Uid: [user, user, user, user].join('\t'),
      CapEff: '0000000000000000',
      CapBnd: '0000000000000000',
      NoNewPrivs: '1',
      Seccomp: '2',
    });
    // Not even root can write there by way of these mounts.
    const write = (path: string) => () => writeFileSync(`/proc/${pid()}/root${path}/proof`, '');
    for (const path of ['/opt/tocsin', '/host/tmp', '/etc/tocsin']) {
      expect(write(path), path).toThrow('EROFS');
    }
    expect(write('/var/lib/tocsin')).not.toThrow();
    const secret = new URL(slack.url).pathname;
    expect(look('{{json .}}')).not.toContain(secret);
    expect(readFileSync(`/proc/${pid()}/environ`, 'utf8')).not.toContain(secret);

    const unit = unitLimits();
    expect(JSON.parse(look('{{json .HostConfig}}'))).toMatchObject({
      Memory: unit.memoryBytes,
      NanoCpus: unit.cores * 1e9,
      PidsLimit: unit.tasks,
    });
    const limits = readFileSync(`/proc/${pid()}/limits`, 'utf8');
    expect(limits).toMatch(new RegExp(`^Max open files +${unit.files} `, 'm'));
    expect(limits).toMatch(/^Max core file size +0 /m);

    const silence = ['silence', 'add', 'check=other', '-d', '1h', '-m', 'kept'];
    compose.say('exec', '-T', 'tocsin', 'tocsin', ...silence);
    const before = pid();
    process.kill(before, 'SIGKILL');
    await eventually(async () => pid() !== before && (await isReady()), 'it runs again');
    expect(Number(look('{{.RestartCount}}'))).toBeGreaterThan(0);
    compose.say('stop');
    expect(look('{{.State.ExitCode}}')).toBe('0');
    compose.say('down');
    expect(docker.say('ps', '-aq')).toBe('');
    compose.say('up', '-d');
    await eventually(isReady, 'the agent is ready anew');
    expect(compose.say('exec', '-T', 'tocsin', 'tocsin', 'silence', 'list')).toContain('kept');
    await eventually(async () => (await runs('down')) > 3, 'it has looked again');
    expect(told().length, 'what was told before is not told again').toBe(1);
    compose.say('down', '-v');
    expect(docker.say('volume', 'ls', '-q')).not.toContain('state');
  }, 150_000);
});
