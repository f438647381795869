import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificate } from './tls-authority.ts';
import { listen, type TestServer } from './tcp-server.ts';

/** Frames of HTTP/2 (RFC 9113, 6), for servers that send what no library would. */
const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;

export const endStream = 1;
const endHeaders = 4;

export function frame(
  type: keyof typeof frameTypes,
  options: { readonly flags?: number; readonly stream?: number; readonly payload?: Buffer } = {},
): Buffer {
  const { flags = 0, stream = 0, payload = Buffer.alloc(0) } = options;
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(frameTypes[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header field of HPACK that is written out and not remembered (RFC 7541, 6.2.2). */
export function field(name: string, value: string): Buffer {
  const text = (part: string): Buffer => {
    const bytes = Buffer.from(part, 'latin1');
    if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
    const digits: number[] = [];
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) digits.push((rest & 127) | 128);
    return Buffer.concat([Buffer.of(127, ...digits, rest), bytes]);
  };
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

/** The head of an answer on the first stream, without a body unless `flags` say otherwise. */
export function headFrame(fields: readonly Buffer[], flags = endHeaders): Buffer {
  return frame('headers', { flags, stream: 1, payload: Buffer.concat(fields) });
}

/** Listens for TLS with HTTP/2, sends its settings, and leaves the rest to `serve`. */
export async function startFrameServer(
  certificate: Certificate,
  serve: (socket: TLSSocket) => void,
): Promise<TestServer> {
  const server = createServer({ ...certificate, ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('error', () => {});
    socket.write(frame('settings'));
    socket.once('data', () => serve(socket));
  });
  return listen(server);
}

/** Sends the frames once, and goes on reading. */
export function sending(...frames: readonly Buffer[]): (socket: Socket) => void {
  return (socket) => void socket.resume().write(Buffer.concat(frames));
}
