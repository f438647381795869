import { createServer as createTlsServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { docker, dockerOf } from '../../src/checks/docker.ts';
import { instant } from '../../src/model/time.ts';
import { createRestartWindow } from '../../src/checks/service/restart-window.ts';
import { fakeEngine, podmanContainer, podmanVersion } from '../support/container-engine.ts';
import { lacksDocker, startDocker, type DockerEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { hostWith, openedCheck, valuesOf } from '../support/host-check.ts';
import { listen, startTcpServer } from '../support/tcp-server.ts';
import { createAuthority } from '../support/tls-authority.ts';

const lacking = lacksDocker();
const reason = lacking === undefined ? '' : ` (skipped: ${lacking})`;

describe.skipIf(lacking !== undefined)(`containers of a real Docker${reason}`, () => {
  let engine: DockerEngine;

  beforeAll(async () => {
    engine = await startDocker();
  }, 60_000);

  afterAll(async () => engine.remove(), 60_000);

  const opened = (keys: object = {}) =>
    openedCheck(docker, { host: `unix://${engine.path}`, ...keys });
  const started = (name: string, options: readonly string[], line: string): void => {
    engine.start(name, options, line);
    onTestFinished(() => void engine.say('rm', '-f', name));
  };
  const isEnded = (name: string): boolean =>
    engine.say('inspect', '-f', '{{.State.Status}}', name) === 'exited';

  test('that run are told with their number', async () => {
    started('web', [], 'sleep 999');
    started('worker', [], 'sleep 999');
    const result = await opened().run();
    expect(result).toMatchObject({ status: 'ok', detail: [] });
    expect(result.summary).toMatch(/^Docker \d+\.\d+\S*: 2 of 2 containers run, all is well$/);
    expect(valuesOf(result)).toMatchObject({
      containers: 2,
      containers_running: 2,
      'running web': 1,
      'running worker': 1,
    });
    expect(result.subjectAgeMs).toBeLessThan(60_000);
  });

  test('are chosen by name or label, and are missing when there is none', async () => {
    started('shop', ['--label=app=shop'], 'sleep 999');
    started('other', [], 'exit 3');
    expect(await opened({ container: 'shop' }).run()).toMatchObject({ status: 'ok' });
    expect(await opened({ label: ['app=shop'] }).run()).toMatchObject({ status: 'ok' });
    expect(await opened({ label: 'app' }).run()).toMatchObject({ status: 'ok' });
    expect(await opened({ container: ['shop', 'till'] }).run()).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: 'there is no container till',
    });
    expect(await opened({ label: 'app=till' }).run()).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: 'there is no container with the label app=till',
    });
  });

  test.for<{ what: string; options: string[] }>([
    { what: 'whose log comes in frames', options: [] },
    { what: 'with a terminal', options: ['--tty'] },
  ])(
    'in trouble are told with their last lines, without secrets: one $what',
    async ({ options }) => {
      const lines =
        'seq 20 | sed "s/^/step /"; sleep 0.2; echo "no stock, token=hush-hush" >&2; exit 3';
      started('till', options, lines);
      await eventually(() => isEnded('till'), 'it has ended');
      const { summary, detail } = await opened({ container: 'till' }).run();
      expect(summary).toBe('container till has ended: exit code 3');
      expect(detail).toEqual([
        'log of till:',
        ...Array.from({ length: 9 }, (_, at) => `  step ${at + 12}`),
        '  no stock, token=<secret>',
      ]);
      expect((await opened({ container: 'till', logs: false }).run()).detail).toEqual([]);
    },
  );

  test('whose engine keeps no log are told without', async () => {
    started('mute', ['--log-driver=none'], 'echo gone; exit 3');
    await eventually(() => isEnded('mute'), 'it has ended');
    expect(await opened({ container: 'mute' }).run()).toMatchObject({
      summary: 'container mute has ended: exit code 3',
      detail: [],
    });
  });

  test('that have ended are told with their exit code, unless they may end', async () => {
    started('crash', [], 'exit 7');
    started('job', [], 'exit 0');
    await eventually(() => isEnded('crash') && isEnded('job'), 'both have ended');
    expect(await opened().run()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'container crash has ended: exit code 7',
    });
    expect(await opened({ container: 'job' }).run()).toMatchObject({
      status: 'critical',
      summary: 'container job has ended: exit code 0',
    });
    expect(await opened({ container: 'job', may_end: true }).run()).toMatchObject({ status: 'ok' });
    expect(await opened({ container: 'crash', may_end: true }).run()).toMatchObject({
      status: 'critical',
    });
  });

  test('that somebody stopped are told only when they are named', async () => {
    started('stopped', ['--init'], 'sleep 999');
    engine.say('stop', '-t', '1', 'stopped');
    expect(await opened().run()).toMatchObject({ status: 'ok' });
    const named = await opened({ container: 'stopped' }).run();
    expect(named).toMatchObject({ status: 'critical', reason: 'status' });
    expect(named.summary).toMatch(
      /^container stopped has ended: exit code (?:137 \(killed\)|143 \(stopped\))$/,
    );
  });

  test('that ran out of memory are told so', async () => {
    started('greedy', ['--memory=16m'], 'tail /dev/zero');
    await eventually(() => isEnded('greedy'), 'it was killed');
    expect(await opened().run()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'container greedy has ended: it was killed because it ran out of memory',
    });
  });

  test('that are restarted again and again are counted within the window', async () => {
    started('loop', ['--restart=always'], 'sleep 0.2; exit 1');
    const check = opened({ container: 'loop', restarts: { warning: 2, critical: 4 } });
    await check.run();
    const isCounted = async (): Promise<boolean> => {
      const result = await check.run();
      const told = [result.summary, ...result.detail].join('\n');
      return (
        result.status === 'critical' &&
        /loop was restarted \d+ times within 10m, limit 4/.test(told)
      );
    };
    await eventually(isCounted, 'the restarts are told');
  });

  test('whose health check fails are told with what it printed', async () => {
    const health = ['--health-cmd=test -e /tmp/ok || { echo no ok file; exit 1; }'];
    const pace = ['--health-interval=200ms', '--health-timeout=1s', '--health-retries=2'];
    started('sick', [...health, ...pace], 'touch /tmp/ok; sleep 999');
    const check = opened({ container: 'sick' });
    expect(await check.run()).toMatchObject({ status: 'ok' });
    engine.say('exec', 'sick', 'rm', '/tmp/ok');
    await eventually(async () => (await check.run()).status === 'critical', 'it is unhealthy');
    expect(await check.run()).toMatchObject({
      reason: 'status',
      summary: 'container sick runs, but its health check fails: no ok file',
    });
  });

  test('that are paused, or whose image is old, are told', async () => {
    started('still', [], 'sleep 999');
    expect(await opened({ image_age: { warning: '1ms' } }).run()).toMatchObject({
      status: 'warning',
      reason: 'threshold',
    });
    expect(await opened({ image_age: { warning: '30d' } }).run()).toMatchObject({ status: 'ok' });
    engine.say('pause', 'still');
    onTestFinished(() => void engine.say('unpause', 'still'));
    expect(await opened().run()).toMatchObject({
      status: 'warning',
      summary: 'container still is paused',
    });
  });
});

describe('an engine', () => {
  test('that is a Podman is understood as well', async () => {
    const { host, asked } = await fakeEngine({
      '/version': podmanVersion,
      '/v1.41/containers/json?all=1': [{ Id: 'abc', Names: ['/web'], Labels: null }],
      '/v1.41/containers/abc/json': podmanContainer,
    });
    expect(await openedCheck(docker, { host, container: 'web' }).run()).toMatchObject({
      status: 'critical',
      summary: 'container web runs, but its health check fails',
    });
    expect(asked).toEqual([
      'GET /version',
      'GET /v1.41/containers/json?all=1',
      'GET /v1.41/containers/abc/json',
      'GET /v1.41/containers/abc/logs?stdout=1&stderr=1&tail=10',
    ]);
  });

  test('is reached over TLS as well, by a client with a certificate', async () => {
    using authority = createAuthority();
    const own = authority.issue();
    const { cert, key } = authority.issue({ subject: '/CN=tocsin' });
    const options = { ...own, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    await using server = await listen(
      createTlsServer(options, ({ url }, response) =>
        response.end(JSON.stringify(url === '/version' ? podmanVersion : [])),
      ),
    );
    const host = `tcp://127.0.0.1:${server.port}`;
    const trusting = { ca: authority.ca };
    const known = { ...trusting, cert, key };
    expect(await openedCheck(docker, { host, tls: true, tls_config: known }).run()).toMatchObject({
      status: 'ok',
      summary: 'Podman 4.3.1: 0 of 0 containers run, all is well',
    });
    expect(await openedCheck(docker, { host, tls: true }).run()).toMatchObject({ reason: 'tls' });
    expect(
      await openedCheck(docker, { host, tls: true, tls_config: trusting }).run(),
    ).toMatchObject({
      status: 'critical',
    });
  });

  test('that is newer than what is known here is asked in the words that are known', async () => {
    const { host, asked } = await fakeEngine({
      '/version': { ApiVersion: '1.60', MinAPIVersion: '1.44', Version: '40.0' },
      '/v1.51/containers/json?all=1': [],
    });
    expect(await openedCheck(docker, { host }).run()).toMatchObject({
      status: 'ok',
      summary: 'Docker 40.0: 0 of 0 containers run, all is well',
    });
    expect(asked[1]).toBe('GET /v1.51/containers/json?all=1');
  });

  test.each([
    [{}, 'does not speak the API of Docker'],
    [{ '/version': '<html>hello</html>' }, 'answers GET /version with something else'],
    [
      { '/version': podmanVersion, '/v1.41/containers/json?all=1': { rubbish: 1 } },
      'with something else',
    ],
    [
      {
        '/version': podmanVersion,
        '/v1.41/containers/json?all=1': [{ Id: 'abc' }],
        '/v1.41/containers/abc/json': { Id: 'abc', Name: 7 },
      },
      'with something else',
    ],
  ])('that answers nonsense is told: %j', async (answers, sentence) => {
    const { host } = await fakeEngine(answers);
    const result = await openedCheck(docker, { host }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(result.summary).toContain(sentence);
  });

  test('that speaks something else, or hangs, is told as that', async () => {
    await using other = await startTcpServer((socket) => {
      socket.on('data', () => socket.write('-ERR unknown command\r\n'));
    });
    const at = (port: number) => `tcp://127.0.0.1:${port}`;
    expect(await openedCheck(docker, { host: at(other.port) }).run()).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: `127.0.0.1:${other.port} does not speak HTTP`,
    });
    await using silent = await startTcpServer((socket) => void socket.resume());
    const common = { timeoutMs: 300 };
    expect(await openedCheck(docker, { host: at(silent.port) }, { common }).run()).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      summary: `no answer within 300ms while waiting for 127.0.0.1:${silent.port} to answer GET /version`,
    });
    await eventually(() => silent.open.size === 0, 'the connection is closed');
  });

  test('that is not there is unknown while nobody named its socket', async () => {
    const host = await hostWith({ 'run/': '' });
    expect(await openedCheck(dockerOf(host)).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
      summary: `neither Docker nor Podman has a socket in ${host.run}: name it with host`,
    });
    expect(await openedCheck(docker, { host: '/nowhere/docker.sock' }).run()).toMatchObject({
      status: 'critical',
      reason: 'connect',
    });
  });
});

test('restarts are counted within the window only', () => {
  const window = createRestartWindow(600_000);
  const at = (minutes: number) => instant(minutes * 60_000, 0);
  expect(window.note('a', 3, at(0))).toBeUndefined();
  expect(window.note('a', 3, at(5))).toBe(0);
  expect(window.note('a', 5, at(60))).toBe(2);
  expect(window.note('a', 6, at(65))).toBe(3);
  expect(window.note('a', 6, at(71))).toBe(1);
  expect(window.note('a', 6, at(90))).toBe(0);
  expect(window.note('a', 1, at(91))).toBeUndefined();
  window.keep(new Set());
  expect(window.note('a', 9, at(92))).toBeUndefined();
});

test('what is configured of containers must make sense', () => {
  expect(() => openedCheck(docker, { container: 'a', label: 'b' })).toThrow(
    'either container or label',
  );
  expect(() => openedCheck(docker, { tls: true })).toThrow('tls needs a host');
  expect(() => openedCheck(docker, { host: 'ssh://x' })).toThrow('unix:///path');
});
