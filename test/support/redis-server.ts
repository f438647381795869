import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';
import { startProgram, type OwnProgram } from './own-program.ts';
import { closedPort } from './tcp-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const redisProgram = '/usr/bin/redis-server';

interface RedisServer extends OwnProgram {
  readonly port: number;
  readonly folder: string;
  /** The path of its Unix socket. */
  readonly path: string;
  /** Runs `redis-cli` against it, with the password of the user `default` if it has one. */
  readonly say: (...words: readonly string[]) => string;
}

/** Starts Debian's Redis in a folder of its own, with these lines of configuration; it ends with the test. */
export async function startRedis(
  settings: readonly string[] = [],
  password?: string,
): Promise<RedisServer> {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const port = await closedPort();
  const path = join(folder, 'redis.sock');
  const own = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--unixsocket',
    path,
  ];
  const program = startProgram(redisProgram, [...own, '--save', '', ...settings]);
  onTestFinished(async () => program.end());
  const say = (...words: readonly string[]): string => {
    const login = password === undefined ? [] : ['--no-auth-warning', '-a', password];
    return execFileSync('/usr/bin/redis-cli', ['-s', path, ...login, ...words], {
      encoding: 'utf8',
    }).trim();
  };
  await eventually(() => /Ready to accept/.test(program.output()), 'Redis is ready');
  return { ...program, port, folder, path, say };
}
