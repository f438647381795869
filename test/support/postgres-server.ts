import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { startProgram, type OwnProgram } from './own-program.ts';
import { closedPort } from './tcp-server.ts';

const versions = '/usr/lib/postgresql';

/** The newest PostgreSQL that Debian has installed here; a path that does not exist if there is none. */
function programFolder(): string {
  try {
    const [newest] = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
    return join(versions, newest ?? 'none', 'bin');
  } catch {
    return join(versions, 'none', 'bin');
  }
}

const programs = programFolder();
export const postgresProgram = join(programs, 'postgres');

export interface PostgresServer extends OwnProgram {
  readonly port: number;
  readonly folder: string;
  /** The path of its Unix socket. */
  readonly path: string;
  /** Runs statements as the superuser `boss`; gives what psql prints. */
  readonly say: (...statements: readonly string[]) => string;
  /** Ends it and removes its folder. */
  readonly remove: () => Promise<void>;
}

export const bossPassword = 'ahk4Eishoh3e';

/** PostgreSQL does not run as root: then it runs as the user that Debian makes for it. */
function ownUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const number = (option: string): number =>
    Number(execFileSync('/usr/bin/id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
}

/** Makes a cluster with the superuser `boss`, or the standby of another one, and starts it in the foreground. */
export async function startPostgres(given: {
  readonly standbyOf?: PostgresServer;
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly settings?: readonly string[];
}): Promise<PostgresServer> {
  const { standbyOf, certificate, settings = [] } = given;
  const user = ownUser();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-postgres-'));
  const own = (path: string, mode: number): string => {
    chmodSync(path, mode);
    if (user !== undefined) chownSync(path, user.uid, user.gid);
    return path;
  };
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return own(join(folder, name), 0o600);
  };
  own(folder, 0o755);
  const data = join(folder, 'data');
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', PGPASSWORD: bossPassword };
  const run = (program: string, words: readonly string[]): string =>
    execFileSync(join(programs, program), words, { ...user, env, cwd: folder, encoding: 'utf8' });
  if (standbyOf === undefined) {
    const login = [
      '-A',
      'scram-sha-256',
      '-U',
      'boss',
      `--pwfile=${write('password', bossPassword)}`,
    ];
    run('initdb', ['-D', data, '--no-sync', '-E', 'UTF8', '--no-locale', ...login]);
  } else {
    const from = ['-h', standbyOf.folder, '-p', String(standbyOf.port), '-U', 'boss'];
    run('pg_basebackup', [...from, '-D', data, '-R', '--no-sync', '-c', 'fast']);
  }
  const port = await closedPort();
  const tls =
    certificate === undefined
      ? []
      : [
          'ssl=on',
          `ssl_cert_file=${write('cert.pem', certificate.cert)}`,
          `ssl_key_file=${write('key.pem', certificate.key)}`,
        ];
  const all = ['fsync=off', 'listen_addresses=127.0.0.1', ...tls, ...settings];
  const words = [
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    folder,
    ...all.flatMap((one) => ['-c', one]),
  ];
  const program = startProgram(postgresProgram, words, { user });
  const path = join(folder, `.s.PGSQL.${port}`);
  const login = ['-h', folder, '-p', String(port), '-U', 'boss', '-d', 'postgres'];
  const say = (...statements: readonly string[]): string => {
    const commands = statements.flatMap((statement) => ['-c', statement]);
    return run('psql', [...login, '-XAtq', ...commands]).trim();
  };
  const remove = async (): Promise<void> => {
    await program.end('SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually(() => /ready to accept/.test(program.output()), 'PostgreSQL is ready');
  } catch (error) {
    await remove();
    throw error;
  }
  return { ...program, port, folder, path, say, remove };
}
