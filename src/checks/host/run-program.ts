import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import {
  commandKillAfterMs,
  commandOutputBytesMax,
  oomScoreOfPrograms,
} from '../../model/limits.ts';

export interface ProgramCall {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Numbers of another user and group; only root may. Other groups are given up. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes beyond `commandOutputBytesMax` that were read and dropped. */
  readonly discardedBytes: number;
}

export type ProgramOutcome =
  | { readonly kind: 'not_started'; readonly code: string; readonly message: string }
  | ({ readonly kind: 'overdue' } & ProgramOutput)
  | ({
      readonly kind: 'ended';
      /** Absent when a signal ended it. */
      readonly exitCode?: number;
      readonly exitSignal?: string;
    } & ProgramOutput);

/**
 * Runs a program in a process group of its own, without a shell and with an empty standard input, and
 * gives its output once it has ended. Never later than the signal: then the group is told to end, and
 * killed `commandKillAfterMs` after that. Whatever the program leaves behind in its group is killed, so
 * that a plugin which forks cannot fill the host run by run. Never throws.
 */
export async function runProgram(
  call: ProgramCall,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<ProgramOutcome> {
  const started = start(call);
  if ('kind' in started) return started;
  const { child } = started;
  const { pid } = child;
  if (pid !== undefined) {
    alive.add(pid);
    offerToKernel(pid);
  }
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const output = (): ProgramOutput => ({
    stdout: stdout.text(),
    stderr: stderr.text(),
    discardedBytes: stdout.discardedBytes() + stderr.discardedBytes(),
  });
  const { promise, resolve } = Promise.withResolvers<ProgramOutcome>();
  let stop = (): void => {
    signalGroup(pid, 'SIGTERM');
    clock.after(commandKillAfterMs, () => killGroup(pid));
    resolve({ kind: 'overdue', ...output() });
  };
  child.on('error', (error) => resolve(notStarted(error)));
  child.on('exit', (exitCode, exitSignal) => {
    // Somebody else may hold the pipe for ever; what the program itself wrote is in it already.
    const cancel = clock.after(commandKillAfterMs, () => stop());
    stop = (): void => {
      cancel();
      killGroup(pid);
      resolve({
        kind: 'ended',
        ...(exitCode === null ? {} : { exitCode }),
        ...(exitSignal === null ? {} : { exitSignal }),
        ...output(),
      });
    };
    child.on('close', stop);
  });
  const onAbort = (): void => stop();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', onAbort, { once: true });
  const outcome = await promise;
  signal.removeEventListener('abort', onAbort);
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  return outcome;
}

function start(call: ProgramCall) {
  try {
    return {
      child: spawn(call.program, call.arguments, {
        env: call.environment,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
        ...call.runAs,
      }),
    };
  } catch (error) {
    return notStarted(error);
  }
}

function notStarted(error: unknown): ProgramOutcome & { readonly kind: 'not_started' } {
  const { code = '', message = String(error) } = error as Partial<NodeJS.ErrnoException>;
  return { kind: 'not_started', code, message };
}

/**
 * When memory runs out, the kernel is to end what the agent started, and what that starts, rather than the agent.
 * Whoever runs as another user stays as likely a victim as before. Source: proc(5), `oom_score_adj`.
 */
function offerToKernel(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(oomScoreOfPrograms));
  } catch {
    // It has ended already, or is not ours.
  }
}

/** Process groups that were started and not killed yet: none may outlive the agent. */
const alive = new Set<number>();
process.once('exit', () => {
  for (const group of alive) signalGroup(group, 'SIGKILL');
});

function killGroup(processGroup: number | undefined): void {
  if (processGroup !== undefined) alive.delete(processGroup);
  signalGroup(processGroup, 'SIGKILL');
}

/** Signals a whole process group; that nobody is left in it is fine. */
function signalGroup(processGroup: number | undefined, name: NodeJS.Signals): void {
  if (processGroup === undefined) return;
  try {
    process.kill(-processGroup, name);
  } catch {
    // Nobody left, or none of ours.
  }
}

/** Keeps the first `commandOutputBytesMax` bytes of a stream, and reads on so that the writer can. */
function collect(stream: Readable): {
  readonly text: () => string;
  readonly discardedBytes: () => number;
} {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  let discardedBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, commandOutputBytesMax - keptBytes);
    if (kept.length > 0) chunks.push(kept);
    keptBytes += kept.length;
    discardedBytes += chunk.length - kept.length;
  });
  // A pipe that breaks has no more to say than one that ends.
  stream.on('error', () => undefined);
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    discardedBytes: () => discardedBytes,
  };
}
