import { execFileSync } from 'node:child_process';
import type { DockerEngine } from '../docker-engine.ts';

export const dockerCompose = '/usr/bin/docker-compose';

export interface Compose {
  /** Runs the program `docker-compose` in the folder of the project. */
  readonly say: (...words: readonly string[]) => string;
  /** The container of a service. */
  readonly idOf: (service: string) => string;
}

/** The project whose `compose.yaml` is in this folder, by Debian's docker-compose against this Docker. */
export function composeIn(
  folder: string,
  docker: DockerEngine,
  env: Readonly<Record<string, string>> = {},
): Compose {
  const say = (...words: readonly string[]): string =>
    execFileSync(dockerCompose, ['-f', 'compose.yaml', ...words], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        DOCKER_HOST: `unix://${docker.path}`,
        ...env,
      },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  return { say, idOf: (service) => say('ps', '-q', service) };
}

/** What Docker knows of a container; `format` as `docker inspect -f` has it. */
export function inspect(docker: DockerEngine, id: string, format: string): string {
  return docker.say('inspect', '-f', format, id);
}
