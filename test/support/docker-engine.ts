import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeEmptyGroups } from './empty-groups.ts';
import { eventually } from './eventually.ts';
import { startProgram } from './own-program.ts';

const daemon = '/usr/sbin/dockerd';
const busybox = '/bin/busybox';

/** Why there is no Docker to test with; undefined if there is. */
export function lacksDocker(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can start Docker';
  return [daemon, '/usr/bin/docker', busybox]
    .find((path) => !existsSync(path))
    ?.concat(' is missing');
}

export interface DockerEngine {
  /** The path of its socket. */
  readonly path: string;
  /** Runs the program `docker` against it. */
  readonly say: (...words: readonly string[]) => string;
  /** Starts a container of busybox with these options, which runs a line of shell. */
  readonly start: (name: string, options: readonly string[], line: string) => string;
  readonly remove: () => Promise<void>;
}

/** Starts a Docker of its own, without network and firewall, with an image made of busybox. */
export async function startDocker(): Promise<DockerEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-docker-'));
  const path = join(folder, 'docker.sock');
  // As under systemd, mounts of the host reach containers that ask for it; here they stay the daemon's own.
  const program = startProgram('/usr/bin/unshare', [
    '--mount',
    '--propagation=shared',
    daemon,
    `--host=unix://${path}`,
    `--data-root=${join(folder, 'data')}`,
    `--exec-root=${join(folder, 'exec')}`,
    `--pidfile=${join(folder, 'pid')}`,
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--bridge=none',
    '--storage-driver=vfs',
  ]);
  const say = (...words: readonly string[]): string =>
    execFileSync('/usr/bin/docker', [`--host=unix://${path}`, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const remove = async (): Promise<void> => {
    const containers = say('ps', '-aq').split('\n').filter(Boolean);
    if (containers.length > 0) say('rm', '-f', ...containers);
    await program.end('SIGTERM');
    // Left behind only where the daemon was not given the time to tidy up.
    spawnSync('/bin/umount', [join(folder, 'exec', 'netns', 'default')], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
    removeEmptyGroups('docker');
  };
  await eventually(() => /API listen on/.test(program.output()), 'Docker is ready');
  const root = join(folder, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'tmp'));
  copyFileSync(busybox, join(root, 'bin', 'busybox'));
  for (const name of ['sh', 'test', 'touch', 'rm', 'sleep', 'tail']) {
    symlinkSync('busybox', join(root, 'bin', name));
  }
  execFileSync('/bin/tar', ['-C', root, '-cf', join(folder, 'root.tar'), '.']);
  say('import', join(folder, 'root.tar'), 'tocsin/busybox:1');
  const start = (name: string, options: readonly string[], line: string): string =>
    say(
      'run',
      '-d',
      '--network=none',
      `--name=${name}`,
      ...options,
      'tocsin/busybox:1',
      'sh',
      '-c',
      line,
    );
  return { path, say, start, remove };
}
