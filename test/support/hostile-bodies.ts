import type { Socket } from 'node:net';
import { brotliCompressSync, constants, deflateRawSync } from 'node:zlib';
import { beginning, pour } from './hostile-peer.ts';
import { mebibyte } from './hostile-memory.ts';

/** Bodies that have no end, or that are far larger than they look. */

const ok = 'HTTP/1.1 200 OK\r\n';

type Serve = (socket: Socket) => void;

/** A body that goes on for ever, up to the end of the connection. */
export const endlessPlain: Serve = beginning(`${ok}\r\n`, (socket) =>
  pour(socket, Buffer.alloc(64 * 1024, 'x')),
);

/** The same in chunks of so many bytes. */
export function endlessChunks(bytes: number): Serve {
  const chunk = `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
  const many = chunk.repeat(Math.ceil(16_384 / chunk.length));
  return beginning(`${ok}Transfer-Encoding: chunked\r\n\r\n`, (socket) => pour(socket, many));
}

/** One chunk whose extension has no end. */
export const endlessExtension: Serve = beginning(
  `${ok}Transfer-Encoding: chunked\r\n\r\n5;x=`,
  (socket) => pour(socket, 'x'.repeat(16_384)),
);

/** A body that is complete but for its trailers. */
export const endlessTrailers: Serve = beginning(
  `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`,
  (socket) => pour(socket, 'X-Padding: 0123456789\r\n'.repeat(500)),
);

/** A block of DEFLATE that unpacks to 4 MiB of spaces and may be followed by another one. */
const block = deflateRawSync(Buffer.alloc(4 * mebibyte, ' '), {
  finishFlush: constants.Z_FULL_FLUSH,
});
const gzipHead = Buffer.from('1f8b0800000000000003', 'hex');

/** A packed body without end: some hundred times as many bytes come out as go in. */
export const endlessBomb: Readonly<Record<'gzip' | 'deflate', Serve>> = {
  gzip: beginning(`${ok}\r\n`, (socket) => {
    socket.write(gzipHead);
    pour(socket, block);
  }),
  deflate: beginning(`${ok}\r\n`, (socket) => pour(socket, block)),
};

export const brotliBombBytes = 48 * mebibyte;

/** A few hundred bytes that Brotli unpacks to 48 MiB. */
export function brotliBomb(): Serve {
  const packed = brotliCompressSync(Buffer.alloc(brotliBombBytes, ' '), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
  });
  return beginning(`${ok}Content-Length: ${packed.length}\r\n\r\n`, (socket) =>
    socket.write(packed),
  );
}

/** Members of gzip that unpack to nothing, one after the other without end. */
export const emptyMembers: Serve = beginning(`${ok}\r\n`, (socket) => {
  const member = Buffer.concat([gzipHead, Buffer.from('03000000000000000000', 'hex')]);
  pour(socket, Buffer.concat(Array<Buffer>(500).fill(member)));
});
