import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc?: string };
}

/** A socket on which QEMU, or its agent in a machine, answers one JSON command after the other. */
export interface JsonChannel {
  /** Rejects when the command is refused, or when no answer comes in time. */
  readonly ask: (execute: string, words?: object, timeoutMs?: number) => Promise<unknown>;
  readonly close: () => void;
}

/** Connects once the socket is there. What is said without being asked (greeting, events) is left out. */
export async function openChannel(path: string): Promise<JsonChannel> {
  const socket = await connected(path);
  let waiting: ((answer: Answer) => void) | undefined;
  createInterface({ input: socket }).on('line', (line) => {
    const answer = parsed(line);
    if (answer !== undefined) waiting?.(answer);
  });
  socket.on('error', () => socket.destroy());
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (execute: string, words: object, timeoutMs: number): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting = resolve;
    const timer = setTimeout(
      () => resolve({ error: { desc: `no answer in ${timeoutMs} ms` } }),
      timeoutMs,
    );
    socket.write(`${JSON.stringify({ execute, arguments: words })}\n`);
    const { error, return: value } = await promise;
    clearTimeout(timer);
    waiting = undefined;
    if (error !== undefined) throw new Error(`${execute}: ${error.desc}`);
    return value;
  };
  return {
    ask(execute, words = {}, timeoutMs = 60_000) {
      const next = last.then(
        () => ask(execute, words, timeoutMs),
        () => ask(execute, words, timeoutMs),
      );
      last = next;
      return next;
    },
    close: () => socket.destroy(),
  };
}

async function connected(path: string): Promise<Socket> {
  const endMs = Date.now() + 20_000;
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await delay(20);
    }
  }
}

/** Undefined for what is no answer: a greeting, an event, the rest of a line that was cut off. */
function parsed(line: string): Answer | undefined {
  try {
    const value = JSON.parse(line.replaceAll('\ufffd', '')) as Answer;
    return 'return' in value || 'error' in value ? value : undefined;
  } catch {
    return undefined;
  }
}
