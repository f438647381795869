import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import type { TestContext } from 'vitest';

/** Skips a test whose program is not installed, and says so. */
export function skipUnlessThere(program: string, { skip }: Pick<TestContext, 'skip'>): void {
  skip(!existsSync(program), `${program} is missing`);
}

export interface OwnProgram {
  readonly pid: number;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Sends a signal and waits for the end. */
  readonly end: (signal?: NodeJS.Signals) => Promise<void>;
}

/** Runs a program in the foreground, as another user if one is given. Whoever starts it ends it. */
export function startProgram(
  program: string,
  words: readonly string[],
  {
    user,
    env = {},
  }: {
    readonly user?: { readonly uid: number; readonly gid: number } | undefined;
    readonly env?: NodeJS.ProcessEnv;
  } = {},
): OwnProgram {
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', ...env },
    ...user,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  const closed = once(child, 'close');
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await closed;
  };
  return { pid: child.pid ?? -1, output: () => printed, end };
}
