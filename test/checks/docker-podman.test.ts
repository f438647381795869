import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { docker } from '../../src/checks/docker.ts';
import { eventually } from '../support/eventually.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';
import { lacksPodman, startPodman, type PodmanEngine } from '../support/podman-engine.ts';

const lacking = lacksPodman();
const reason = lacking === undefined ? '' : ` (skipped: ${lacking})`;

describe.skipIf(lacking !== undefined)(`containers of a real Podman${reason}`, () => {
  let engine: PodmanEngine;
  beforeAll(async () => {
    engine = await startPodman();
  }, 60_000);
  afterAll(async () => engine.remove(), 60_000);

  const opened = (keys: object = {}) =>
    openedCheck(docker, { host: `unix://${engine.path}`, ...keys });
  const started = (name: string, options: readonly string[], line: string): void => {
    engine.start(name, options, line);
    onTestFinished(() => void engine.say('rm', '-f', '-t', '0', name));
  };

  test('that run, and that have ended, are told as those of Docker', async () => {
    started('web', ['--label=app=shop'], 'sleep 999');
    started('job', [], 'exit 0');
    const result = await opened({ label: 'app=shop', image_age: { warning: '30d' } }).run();
    expect(result).toMatchObject({ status: 'ok' });
    expect(result.summary).toMatch(/^Podman \d+\.\d+\S*: 1 of 1 container runs, all is well$/);
    expect(valuesOf(result)).toMatchObject({ containers: 1, 'running web': 1 });
    expect(result.subjectAgeMs).toBeLessThan(60_000);
    await eventually(
      () => engine.say('inspect', '-f', '{{.State.Status}}', 'job') === 'exited',
      'it has ended',
    );
    expect(await opened({ container: 'job' }).run()).toMatchObject({
      status: 'critical',
      summary: 'container job has ended: exit code 0',
    });
    expect(await opened({ container: 'gone' }).run()).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: 'there is no container gone',
    });
  });

  test('whose health check fails are told at once, although its list says nothing of it', async () => {
    const health = ['--health-cmd=test -e /tmp/ok', '--health-interval=disable'];
    started('sick', [...health, '--health-retries=1'], 'touch /tmp/ok; sleep 999');
    const check = opened({ container: 'sick' });
    await eventually(
      () => engine.say('healthcheck', 'run', 'sick') === '',
      'its file is there, and so it is well',
    );
    expect(await check.run()).toMatchObject({ status: 'ok' });
    engine.say('exec', 'sick', 'rm', '/tmp/ok');
    expect(() => engine.say('healthcheck', 'run', 'sick')).toThrow();
    expect(await check.run()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'container sick runs, but its health check fails',
    });
  });

  test('that are restarted again and again, or are paused, are told', async () => {
    started('loop', ['--restart=always'], 'sleep 0.2; exit 1');
    const check = opened({ container: 'loop', restarts: { critical: 2 } });
    await check.run();
    await eventually(async () => {
      const { summary, detail } = await check.run();
      return /loop was restarted \d+ times within 10m, limit 2/.test([summary, ...detail].join());
    }, 'the restarts are told');
    started('still', [], 'sleep 999');
    engine.say('pause', 'still');
    expect(await opened({ container: 'still' }).run()).toMatchObject({
      status: 'warning',
      summary: 'container still is paused',
    });
    engine.say('unpause', 'still');
  });
});
