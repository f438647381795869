import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Clock } from '../../lib/clock.ts';
import { serviceGroupGraceMs } from '../../model/command-limits.ts';

export interface ServiceEnd {
  /** Of the program itself; absent when a signal ended it. */
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  /** Why it could not be started, as a sentence. */
  readonly failure?: string;
}

/** A running program in a process group of its own. */
export interface SupervisedService {
  /** Resolves once the program has ended and nothing of its group is left. Never rejects. */
  readonly ended: Promise<ServiceEnd>;
  /** Undefined if it could not be started. */
  readonly pid: number | undefined;
  /** Sends a signal to the program, not to what it has started. */
  signal(name: NodeJS.Signals): void;
  /** Ends the program and all of its group at once. */
  kill(): void;
}

/** Runs a program with our own input and output. What it leaves behind when it ends is ended, too. */
export function startService(
  [program = '', ...words]: readonly string[],
  around: {
    readonly cwd: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly clock: Clock;
  },
): SupervisedService {
  const { promise, resolve } = Promise.withResolvers<ServiceEnd>();
  const { cwd, environment: env, clock } = around;
  const child = spawn(program, words, { cwd, env, stdio: 'inherit', detached: true });
  const onOurEnd = (): void => void signalGroup(child.pid, 'SIGKILL');
  process.once('exit', onOurEnd);
  child.once('error', (error: NodeJS.ErrnoException) => {
    if (child.pid !== undefined) return;
    const missing = error.code === 'ENOENT';
    const why = missing ? 'there is no such command' : `it cannot be started (${error.code})`;
    process.off('exit', onOurEnd);
    resolve({ code: missing ? 127 : 126, failure: `${program}: ${why}` });
  });
  child.once('exit', (code, signal) => {
    void endGroup(child.pid, clock).then(() => {
      process.off('exit', onOurEnd);
      resolve({ ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }) });
    });
  });
  return {
    ended: promise,
    pid: child.pid,
    signal: (name) => void child.kill(name),
    kill: () => void (hasEnded(child) || signalGroup(child.pid, 'SIGKILL')),
  };
}

/** Its number may belong to another group by then. */
function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** The exit code that a shell gives for this end. */
export function shellCode({ code, signal }: ServiceEnd): number {
  return code ?? 128 + (signal === undefined ? 0 : constants.signals[signal]);
}

const lookAgainMs = 20;

/** Ends what is left of a process group: asked first, killed `serviceGroupGraceMs` later. */
async function endGroup(group: number | undefined, clock: Clock): Promise<void> {
  const startedAt = clock.now().steadyMs;
  let isThere = signalGroup(group, 'SIGTERM');
  while (isThere && clock.now().steadyMs - startedAt < serviceGroupGraceMs) {
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(lookAgainMs, resolve);
    await promise;
    isThere = signalGroup(group, 0);
  }
  if (isThere) signalGroup(group, 'SIGKILL');
}

/** Whether anybody was there to get it. */
function signalGroup(group: number | undefined, name: NodeJS.Signals | 0): boolean {
  if (group === undefined) return false;
  try {
    return process.kill(-group, name);
  } catch {
    return false;
  }
}
