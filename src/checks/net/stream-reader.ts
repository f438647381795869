import type { Socket } from 'node:net';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { linesInOneGoMax } from '../../model/limits.ts';
import { onAbort } from './failure.ts';

/** Why a reader has no more to give: the peer ended, the connection broke, or the deadline passed. */
export type StreamStop = 'ended' | 'broken' | 'late' | 'too long';

/** Reads a socket piece by piece and takes no more from it than it was asked for. */
export interface StreamReader {
  /** The next line without its CR and LF; the last one may lack them. */
  line(bytesMax: number): Promise<{ readonly line: string } | StreamStop>;
  /** Exactly so many bytes. */
  bytes(count: number): Promise<Buffer | StreamStop>;
  /** Stops listening. What was read too much is lost. */
  release(): void;
}

const events = ['readable', 'end', 'error', 'close'] as const;
const lineFeed = 0x0a;

export function readStream(socket: Socket, signal: AbortSignal): StreamReader {
  let buffered: Buffer = Buffer.alloc(0);
  let wake = (): void => {};
  let linesInOneGo = 0;
  const notify = (): void => wake();
  for (const event of events) socket.on(event, notify);
  const stop = onAbort(signal, notify);

  /** Waits for more bytes; undefined once there are some. */
  async function more(): Promise<StreamStop | undefined> {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) {
        buffered = Buffer.concat([buffered, chunk]);
        return undefined;
      }
      if (socket.errored !== null) return 'broken';
      if (socket.readableEnded || socket.destroyed) return 'ended';
      if (signal.aborted) return 'late';
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  function take(count: number): Buffer {
    const taken = buffered.subarray(0, count);
    buffered = buffered.subarray(count);
    return taken;
  }

  return {
    async line(bytesMax) {
      linesInOneGo += 1;
      // Lines that are here already are given without a pause, and the deadline would not be noticed.
      if (linesInOneGo % linesInOneGoMax === 0) await othersTurn();
      if (signal.aborted) return 'late';
      for (;;) {
        const end = buffered.indexOf(lineFeed);
        if (end >= 0 && end <= bytesMax) {
          return {
            line: take(end + 1)
              .toString('utf8')
              .replace(/\r?\n$/, ''),
          };
        }
        if (buffered.length > bytesMax) return 'too long';
        const stopped = await more();
        if (stopped === 'ended' && buffered.length > 0) {
          return { line: take(buffered.length).toString('utf8') };
        }
        if (stopped !== undefined) return stopped;
      }
    },
    async bytes(count) {
      while (buffered.length < count) {
        const stopped = await more();
        if (stopped !== undefined) return stopped;
      }
      return take(count);
    },
    release() {
      stop();
      for (const event of events) socket.off(event, notify);
    },
  };
}
