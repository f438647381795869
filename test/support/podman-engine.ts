import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeEmptyGroups } from './empty-groups.ts';
import { eventually } from './eventually.ts';
import { startProgram } from './own-program.ts';

const podman = '/usr/bin/podman';
const runtime = '/usr/sbin/runc';
const busybox = '/bin/busybox';

/** Why there is no Podman to test with; undefined if there is. */
export function lacksPodman(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can start Podman without further set-up';
  return [podman, runtime, busybox].find((path) => !existsSync(path))?.concat(' is missing');
}

export interface PodmanEngine {
  /** The path of its socket. */
  readonly path: string;
  /** Runs the program `podman` against the same containers. */
  readonly say: (...words: readonly string[]) => string;
  /** Starts a container of busybox with these options, which runs a line of shell. */
  readonly start: (name: string, options: readonly string[], line: string) => string;
  readonly remove: () => Promise<void>;
}

/**
 * Starts the service of a Podman of its own, without network. `runc` runs the containers, since `crun` refuses
 * hosts with both versions of control groups.
 */
export async function startPodman(): Promise<PodmanEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-podman-'));
  const path = join(folder, 'podman.sock');
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    CONTAINERS_CONF: write(
      'containers.conf',
      `[containers]\ndefault_ulimits=["nofile=4096:4096","nproc=4096:4096"]\nnetns="none"\n` +
        `[engine]\nruntime="${runtime}"\ncgroup_manager="cgroupfs"\nevents_logger="file"\n`,
    ),
    CONTAINERS_STORAGE_CONF: write(
      'storage.conf',
      `[storage]\ndriver="vfs"\ngraphroot="${folder}/graph"\nrunroot="${folder}/run"\n`,
    ),
  };
  const say = (...words: readonly string[]): string =>
    execFileSync(podman, words, {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const program = startProgram(podman, ['system', 'service', '--time=0', `unix://${path}`], {
    env,
  });
  const remove = async (): Promise<void> => {
    spawnSync(podman, ['rm', '--all', '--force', '--time=0'], { env, stdio: 'ignore' });
    await program.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
    removeEmptyGroups('libpod_parent');
  };
  try {
    await eventually(() => existsSync(path), 'Podman is ready');
    const root = join(folder, 'root');
    mkdirSync(join(root, 'bin'), { recursive: true });
    mkdirSync(join(root, 'tmp'));
    copyFileSync(busybox, join(root, 'bin', 'busybox'));
    for (const name of ['sh', 'test', 'touch', 'rm', 'sleep', 'chown', 'chmod']) {
      symlinkSync('busybox', join(root, 'bin', name));
    }
    execFileSync('/bin/tar', ['-C', root, '-cf', join(folder, 'root.tar'), '.']);
    say('import', join(folder, 'root.tar'), 'tocsin/busybox:1');
  } catch (error) {
    await remove();
    throw error;
  }
  const start = (name: string, options: readonly string[], line: string): string =>
    say('run', '-d', `--name=${name}`, ...options, 'localhost/tocsin/busybox:1', 'sh', '-c', line);
  return { path, say, start, remove };
}
