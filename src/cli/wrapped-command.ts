import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Signals that a person or a supervisor ends a command with. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface WrappedEnd {
  /** As a shell gives it: of the command, 128 + the number of the signal that ended it, 127 or 126. */
  readonly exitCode: number;
  /** Whether somebody asked it to end. */
  readonly interrupted: boolean;
  /** Why it could not be started, as a sentence. */
  readonly failure?: string;
}

/**
 * Runs a command with our own input and output. Signals to end are passed on to it; one from the terminal
 * has reached it already.
 */
export async function runWrapped(
  [program = '', ...args]: readonly string[],
  cwd: string,
): Promise<WrappedEnd> {
  const { promise, resolve } = Promise.withResolvers<WrappedEnd>();
  let interrupted = false;
  const child = spawn(program, args, { cwd, stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => {
    interrupted = true;
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of passedOn) process.on(signal, pass);
  child.once('error', (error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT';
    const why = missing ? 'there is no such command' : `it cannot be started (${error.code})`;
    resolve({ exitCode: missing ? 127 : 126, interrupted, failure: `${program}: ${why}` });
  });
  child.once('close', (code, signal) => {
    const number = signal === null ? 0 : constants.signals[signal];
    resolve({ exitCode: code ?? 128 + number, interrupted });
  });
  try {
    return await promise;
  } finally {
    for (const signal of passedOn) process.off(signal, pass);
  }
}
