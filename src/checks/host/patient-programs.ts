import { execFile } from 'node:child_process';
import type { Clock } from '../../lib/clock.ts';
import { fileAnswerBytesMax } from '../../model/limits.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import { beforeAbort } from './before-abort.ts';
import { whyNotRun } from './missing-program.ts';

/** What came of a question that a program was to answer. */
export type ProgramAnswer =
  | { readonly kind: 'answer'; readonly output: Buffer; readonly said: string }
  /** `message` is what the program said last, such as `No such file or directory`. */
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly output: Buffer;
      readonly said: string;
    }
  | { readonly kind: 'silent'; readonly silentMs: number };

export interface PatientPrograms {
  /**
   * What the program answers, never later than the signal. One that does not answer is left alone, and
   * the question is not asked by a second one before the first has ended.
   */
  ask(
    question: readonly [program: string, ...words: string[]],
    run: { readonly startedAt: Instant; readonly signal: AbortSignal },
  ): Promise<ProgramAnswer>;
  close(): void;
}

interface Question {
  readonly askedAt: Instant;
  readonly answer: Promise<ProgramAnswer>;
  readonly cancel: () => void;
}

/**
 * Looks at files by programs of the system. Whoever touches a file system that hangs is lost, even to
 * SIGKILL: better a small program than one of the four threads that the agent has for all it does.
 */
export function createPatientPrograms(options: {
  readonly clock: Clock;
  /** Search path, as in `PATH`. */
  readonly programs: string;
}): PatientPrograms {
  const { clock, programs } = options;
  const open = new Map<string, Question>();
  return {
    async ask(words, { startedAt, signal }) {
      const key = words.join('\0');
      let question = open.get(key);
      if (question === undefined) {
        const asked = start(words, programs);
        const answer = asked.answer.finally(() => open.delete(key));
        question = { askedAt: startedAt, answer, cancel: asked.cancel };
        open.set(key, question);
      }
      const answer = await beforeAbort(question.answer, signal);
      return answer ?? { kind: 'silent', silentMs: elapsedMs(question.askedAt, clock.now()) };
    },
    close() {
      for (const question of open.values()) question.cancel();
    },
  };
}

function start(
  [program, ...words]: readonly [string, ...string[]],
  programs: string,
): Pick<Question, 'answer' | 'cancel'> {
  const { promise, resolve } = Promise.withResolvers<ProgramAnswer>();
  const child = execFile(
    program,
    words,
    {
      env: { PATH: programs, LC_ALL: 'C' },
      encoding: 'buffer',
      maxBuffer: fileAnswerBytesMax,
    },
    (error, output, stderr) => {
      const said = stderr.toString('utf8').trim();
      if (error === null) return resolve({ kind: 'answer', output, said });
      const message = whyNotRun(program, error.code) ?? lastPart(said);
      const how = `it ended with ${error.signal ?? `exit code ${error.code}`}`;
      resolve({ kind: 'failed', message: message === '' ? how : message, output, said });
    },
  );
  // Neither the child nor its pipes may keep an agent alive that wants to stop.
  child.unref();
  for (const pipe of [child.stdout, child.stderr]) {
    if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  }
  // Not SIGKILL: a shell that writes takes its file away first.
  return { answer: promise, cancel: () => void child.kill('SIGTERM') };
}

/** `stat: cannot stat '/x': Permission denied` without the preamble. */
function lastPart(said: string): string {
  const lines = said.split('\n');
  // What a program says beside, such as the figures of dd, has no name of a program in front.
  const line = lines.findLast((one) => /^[\w./-]+: /.test(one)) ?? lines.at(-1) ?? '';
  return line.slice(line.lastIndexOf(': ') + 1).trim();
}
