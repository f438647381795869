import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The built executable that the end-to-end tests drive. */
export const executable = join(import.meta.dirname, '..', '..', 'dist', 'tocsin');

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `tocsin` with everything it has written so far. */
export interface TocsinProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Whether it still runs. */
  running(): boolean;
  stdout(): string;
  stderr(): string;
  /** Sends the signal to this process; without effect once it has ended. */
  kill(signal: NodeJS.Signals): void;
}

export interface Surroundings {
  readonly cwd: string;
  /** The whole environment but for `PATH` and `HOME` (`cwd`); nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** The user to run as, by id; only root can choose. */
  readonly uid?: number;
  /** A program and its arguments that run the rest of the line, in surroundings of their making. */
  readonly within?: readonly string[];
}

/** Whom the rights of files bind: the user `nobody` in the place of root, else whoever runs the tests. */
export const powerless: Pick<Surroundings, 'uid'> = process.getuid?.() === 0 ? { uid: 65_534 } : {};

/** Starts the built executable. Throws when nobody has built it. */
export function spawnTocsin(args: readonly string[], surroundings: Surroundings): TocsinProcess {
  if (!existsSync(executable)) throw new Error(`${executable} is missing: run "npm run build"`);
  const { cwd, env = {}, uid, within = [] } = surroundings;
  const [program, ...line] = [...within, executable, ...args] as [string, ...string[]];
  const child = spawn(program, line, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${executable}`);
  return {
    pid,
    exited: exitOf(child),
    running: () => child.exitCode === null && child.signalCode === null,
    stdout: collected(child.stdout),
    stderr: collected(child.stderr),
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs the built executable to its end. */
export async function runTocsin(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<Output> {
  const tocsin = spawnTocsin(args, surroundings);
  const { code } = await tocsin.exited;
  return { code, stdout: tocsin.stdout(), stderr: tocsin.stderr() };
}

/** Resolves once the process has ended and all that it wrote has been read. */
async function exitOf(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function collected(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
