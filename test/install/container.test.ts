import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { lacksDocker, startDocker, type DockerEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { inspect } from '../support/install/compose.ts';
import { buildImage, imageVersion } from '../support/install/image.ts';

const lacking = lacksDocker();
const reason = lacking === undefined ? '' : ` (skipped: ${lacking})`;
const folder = mkdtempSync(join(tmpdir(), 'tocsin-image-'));
const image = `tocsin:${imageVersion}`;
const sandbox = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];

describe.skipIf(lacking !== undefined)(`the image in a real Docker${reason}`, () => {
  let docker: DockerEngine;
  beforeAll(async () => {
    docker = await startDocker();
    await buildImage(docker.say, folder);
  }, 300_000);
  afterAll(async () => {
    await docker.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** Starts an agent with these checks and further options of `docker run`. */
  const started = (name: string, checks: string, ...options: string[]): void => {
    const config = join(folder, name);
    mkdirSync(config);
    writeFileSync(join(config, 'agent.config.yaml'), `checks: ${checks}\n`);
    const mounts = ['-v', `${config}:/etc/tocsin:ro`, '-v', `${name}:/var/lib/tocsin`];
    const words = ['--network=none', ...sandbox, ...mounts, ...options];
    docker.say('run', '-d', '--name', name, ...words, image);
    onTestFinished(() => void docker.say('rm', '-f', '-v', name));
  };
  const status = (name: string): string => {
    try {
      return docker.say('exec', name, 'tocsin', 'status');
    } catch (error) {
      return String((error as { stdout: unknown }).stdout);
    }
  };

  test('runs the agent without a shell, read-only and without capabilities, and writes to its volume alone', async () => {
    expect(docker.say('run', '--rm', ...sandbox, '--network=none', image, '--version')).toBe(
      `tocsin ${imageVersion}`,
    );
    started('agent', '[{ type: memory }]');
    await eventually(() => status('agent').includes('memory'), 'the agent answers');
    docker.say('stop', 'agent');
    expect(inspect(docker, 'agent', '{{.State.ExitCode}}')).toBe('0');
  }, 60_000);

  test('is healthy while the agent lives, whatever its checks found, and unhealthy while it hangs', async () => {
    const often = ['--health-interval=500ms', '--health-retries=1', '--health-start-period=1ms'];
    const down = `[{ name: down, type: tcp, target: '127.0.0.1:9', interval: 500ms, debounce: { fail_after: 1 } }]`;
    started('judged', down, ...often);
    const health = (): string => inspect(docker, 'judged', '{{.State.Health.Status}}');
    await eventually(() => /critical +down +firing/.test(status('judged')), 'its check fires');
    await eventually(() => health() === 'healthy', 'it is healthy');
    const pid = Number(inspect(docker, 'judged', '{{.State.Pid}}'));
    process.kill(pid, 'SIGSTOP');
    await eventually(() => health() === 'unhealthy', 'it hangs', 20_000);
    expect(inspect(docker, 'judged', '{{(index .State.Health.Log 0).Output}}')).not.toBe('');
    // Docker itself leaves it running; others start it anew.
    expect(inspect(docker, 'judged', '{{.State.Status}}')).toBe('running');
    process.kill(pid, 'SIGCONT');
    await eventually(() => health() === 'healthy', 'it is healthy again', 20_000);
  }, 90_000);
});
