import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Input, Output } from './command.ts';

/** Thrown when whoever is asked breaks off. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export interface Prompt {
  /**
   * Asks for one line and gives it without blanks around it; empty once the input has ended. What is typed
   * for a secret is not shown. Throws `Interrupted` at Ctrl-C.
   */
  ask(question: string, kind?: 'secret'): Promise<string>;
  say(text: string): void;
  close(): void;
}

/** Asks on a terminal. */
export function openPrompt(input: Input, output: Output): Prompt {
  let isHidden = false;
  const echo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!isHidden) output.write(chunk.toString());
      done();
    },
  });
  const lines = createInterface({ input, output: echo, terminal: true, historySize: 0 });
  let hasEnded = false;
  lines.on('close', () => {
    hasEnded = true;
  });
  return {
    async ask(question, kind) {
      if (hasEnded) return '';
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const onClose = (): void => resolve('');
      const onInterrupt = (): void => reject(new Interrupted('broken off'));
      lines.once('close', onClose).once('SIGINT', onInterrupt);
      // The question itself is shown: only what follows is hidden.
      output.write(question);
      isHidden = kind === 'secret';
      lines.question('', resolve);
      try {
        return (await promise).trim();
      } finally {
        if (isHidden) output.write('\n');
        isHidden = false;
        lines.off('close', onClose).off('SIGINT', onInterrupt);
      }
    },
    say: (text) => void output.write(text),
    close: () => lines.close(),
  };
}
