import type { Socket } from 'node:net';
import { serviceAnswerBytesMax } from '../../model/limits.ts';

/** What a guard found wrong with what a service sends. */
export type StreamFault = 'endless' | 'foreign';

/**
 * Breaks the connection to a service that sends without end, or whose first bytes are none of its protocol:
 * clients trust the servers they speak to, and would read on until the deadline. Nothing is read before a
 * client listens.
 */
export function guardStream(
  socket: Socket,
  isOwn: (first: Buffer) => boolean = () => true,
): () => StreamFault | undefined {
  let bytes = 0;
  let fault: StreamFault | undefined;
  const look = (chunk: Buffer): void => {
    if (bytes === 0 && !isOwn(chunk)) fault = 'foreign';
    bytes += chunk.length;
    if (bytes > serviceAnswerBytesMax) fault ??= 'endless';
    if (fault !== undefined) socket.destroy();
  };
  // The first listener sets the stream flowing, so that this one waits for that of the client.
  const follow = (event: string): void => {
    if (event !== 'data') return;
    socket.off('newListener', follow);
    socket.on('data', look);
  };
  socket.on('newListener', follow);
  return () => fault;
}
