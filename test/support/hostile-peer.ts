import type { Socket } from 'node:net';

/** What hostile servers do with a connection. Each stops once the connection is gone. */

/** Writes again and again, as fast as the peer reads. */
export function pour(socket: Socket, chunk: string | Uint8Array): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** Writes byte by byte, one every `everyMs` milliseconds; the last one is followed by more of itself. */
export function trickle(socket: Socket, bytes: string | Uint8Array, everyMs = 5): void {
  const all = Buffer.from(bytes);
  let at = 0;
  const timer = setInterval(() => {
    socket.write(all.subarray(at, at + 1));
    at = Math.min(at + 1, all.length - 1);
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
}

/** Waits for a request, then says `text` in Latin-1, a byte a character, and ends. */
export function answering(text: string): (socket: Socket) => void {
  return (socket) =>
    void socket.once('data', () => {
      socket.resume().end(Buffer.from(text, 'latin1'));
    });
}

/** Waits for a request, says `text` and goes on with `then`. */
export function beginning(
  text: string,
  then: (socket: Socket) => void = () => {},
): (socket: Socket) => void {
  return (socket) =>
    void socket.once('data', () => {
      socket.resume().write(Buffer.from(text, 'latin1'));
      then(socket);
    });
}
