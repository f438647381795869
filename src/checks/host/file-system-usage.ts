import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import type { Capacity } from '../threshold.ts';
import { beforeAbort } from './before-abort.ts';
import { whyNotRun } from './missing-program.ts';

export interface FileSystemUsage extends Capacity {
  readonly totalBytes: number;
  /** 0 to 100; absent where the file system has no fixed number of inodes. */
  readonly inodesUsedPercent?: number;
}

export type UsageAnswer =
  | { readonly kind: 'usage'; readonly usage: FileSystemUsage }
  /** `message` is the system's own, such as `Permission denied`. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'silent'; readonly silentMs: number };

export interface UsageReader {
  /**
   * Asks how full the file system at `path` is, never longer than the signal. A question that is not
   * answered stays open, and no second one is asked before it is.
   */
  read(
    path: string,
    inChild: boolean,
    run: { readonly startedAt: Instant; readonly signal: AbortSignal },
  ): Promise<UsageAnswer>;
  close(): void;
}

interface Question {
  readonly askedAt: Instant;
  readonly answer: Promise<UsageAnswer>;
  readonly cancel: () => void;
}

/**
 * Asks file systems for their usage. Those that may hang are asked by a child process, because a thread
 * that hangs in the kernel is lost, and the agent has four for all it does.
 */
export function createUsageReader(options: {
  readonly clock: Clock;
  /** Search path for the program `stat`. */
  readonly programs: string;
}): UsageReader {
  const { clock, programs } = options;
  const open = new Map<string, Question>();
  const ask = (path: string, inChild: boolean, askedAt: Instant): Question => {
    const asked = inChild ? askChild(path, programs) : askHere(path);
    const answer = asked.answer.finally(() => open.delete(path));
    const question = { askedAt, answer, cancel: asked.cancel };
    open.set(path, question);
    return question;
  };
  return {
    async read(path, inChild, { startedAt, signal }) {
      const question = open.get(path) ?? ask(path, inChild, startedAt);
      const answer = await beforeAbort(question.answer, signal);
      return answer ?? { kind: 'silent', silentMs: elapsedMs(question.askedAt, clock.now()) };
    },
    close() {
      for (const question of open.values()) question.cancel();
    },
  };
}

type Asked = Pick<Question, 'answer' | 'cancel'>;

function askHere(path: string): Asked {
  const answer = statfs(path).then(
    (found): UsageAnswer =>
      usageOf({
        blockBytes: found.bsize,
        blocks: found.blocks,
        free: found.bfree,
        available: found.bavail,
        inodes: found.files,
        inodesFree: found.ffree,
      }),
    (error: NodeJS.ErrnoException): UsageAnswer => ({
      kind: 'failed',
      message: error.message.replace(/^[A-Z]+: /, '').replace(/, statfs .*$/s, ''),
    }),
  );
  return { answer, cancel: () => undefined };
}

/** Asks through `stat` of coreutils or BusyBox, a process that can be left behind. */
function askChild(path: string, programs: string): Asked {
  const { promise, resolve } = Promise.withResolvers<UsageAnswer>();
  const child = execFile(
    'stat',
    ['-f', '-c', '%a %b %f %S %c %d', path],
    { env: { PATH: programs, LC_ALL: 'C' } },
    (error, stdout, stderr) => {
      const message = whyNotRun('stat', error?.code) ?? lastPart(stderr.trim());
      resolve(error === null ? parseAnswer(stdout) : { kind: 'failed', message });
    },
  );
  // Neither the child nor its pipes may keep an agent alive that wants to stop.
  child.unref();
  for (const pipe of [child.stdout, child.stderr]) {
    if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  }
  return { answer: promise, cancel: () => void child.kill('SIGKILL') };
}

/** `stat: cannot read file system information for '/x': Permission denied` without the preamble. */
function lastPart(message: string): string {
  return message.slice(message.lastIndexOf(': ') + 1).trim();
}

function parseAnswer(text: string): UsageAnswer {
  const [available, blocks, free, blockBytes, inodes, inodesFree] = text
    .trim()
    .split(' ')
    .map(Number);
  const all = { available, blocks, free, blockBytes, inodes, inodesFree };
  return isComplete(all)
    ? usageOf(all)
    : { kind: 'failed', message: `stat printed ${JSON.stringify(text.slice(0, 100))}` };
}

interface Counts {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly free: number;
  /** What of `free` is not kept for root. */
  readonly available: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

function isComplete(counts: Record<keyof Counts, number | undefined>): counts is Counts {
  return Object.values(counts).every((value) => Number.isFinite(value));
}

/** Counts as `df` does: what is kept for root is neither used nor free. */
function usageOf(counts: Counts): UsageAnswer & { readonly kind: 'usage' } {
  const used = counts.blocks - counts.free;
  const usable = used + counts.available;
  return {
    kind: 'usage',
    usage: {
      totalBytes: counts.blocks * counts.blockBytes,
      freeBytes: counts.available * counts.blockBytes,
      usedPercent: usable > 0 ? (used / usable) * 100 : 0,
      ...(counts.inodes > 0
        ? { inodesUsedPercent: (1 - counts.inodesFree / counts.inodes) * 100 }
        : {}),
    },
  };
}
