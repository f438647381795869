import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { version } from '../../src/model/version.ts';
import { runCommand } from '../support/command-line.ts';
import { lacksDocker, startDocker, type DockerEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { buildRelease, root } from '../support/release.ts';

const lacking = lacksDocker();
const folder = mkdtempSync(join(tmpdir(), 'tocsin-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an image without a shell runs the agent, read-only and without capabilities, and writes to its volume alone', async ({
  skip,
}) => {
  if (lacking !== undefined) skip(lacking);
  await buildRelease(root, ['--only', 'x64', '--out', folder]);
  const docker = await startDocker();
  try {
    docker.say('import', libraries(), 'base:1');
    const file = join(root, 'deploy', 'container', 'Containerfile');
    const given = ['BASE=base:1', `VERSION=${version}`].flatMap((value) => ['--build-arg', value]);
    docker.say('build', '-q', '-f', file, ...given, '-t', 'tocsin:1', join(folder, version));
    const sandbox = [
      '--network=none',
      '--read-only',
      '--cap-drop=ALL',
      '--security-opt=no-new-privileges',
    ];
    expect(docker.say('run', '--rm', ...sandbox, 'tocsin:1', '--version')).toBe(
      `tocsin ${version}`,
    );
    const config = join(folder, 'agent.config.yaml');
    writeFileSync(config, 'checks: [{ type: memory }]\n');
    const mounts = [
      '-v',
      `${config}:/etc/tocsin/agent.config.yaml:ro`,
      '-v',
      'state:/var/lib/tocsin',
    ];
    docker.say('run', '-d', '--name', 'agent', ...sandbox, ...mounts, 'tocsin:1');
    await eventually(() => isRunning(docker), 'the agent answers');
    docker.say('stop', 'agent');
    expect(docker.say('inspect', '-f', '{{.State.ExitCode}}', 'agent')).toBe('0');
  } finally {
    await docker.remove();
  }
}, 240_000);

function isRunning(docker: DockerEngine): boolean {
  try {
    return docker.say('exec', 'agent', '/opt/tocsin/tocsin', 'status').includes('memory');
  } catch {
    return false;
  }
}

/** What an image for C++ programs holds: the dynamic linker and the libraries, in folders that all may enter. */
function libraries(): string {
  const base = join(folder, 'base');
  const found = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [, path = ''] of found.matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(dirname(join(base, path)), { recursive: true, mode: 0o755 });
    copyFileSync(path, join(base, path));
  }
  execFileSync('tar', ['-C', base, '-cf', `${base}.tar`, '.']);
  return `${base}.tar`;
}

test('the configuration of the DaemonSet is one that the agent takes', async () => {
  const text = readFileSync(join(root, 'deploy', 'kubernetes', 'daemonset.yaml'), 'utf8');
  const [map, set] = parseAllDocuments(text).map((document) => document.toJS() as Kubernetes);
  expect(set?.kind).toBe('DaemonSet');
  const config = join(folder, 'of-daemonset.yaml');
  writeFileSync(config, map?.data?.['agent.config.yaml'] ?? '');
  const environment = {
    NODE_NAME: 'node-1',
    SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/services/T0/B0/x',
  };
  const said = await runCommand(['validate', '-c', config], { environment });
  expect(said).toMatchObject({ code: 0 });
});

interface Kubernetes {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
}
