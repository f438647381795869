import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, type DecodedPacket } from 'dns-packet';
import { startTcpServer, type TestServer } from './tcp-server.ts';

/** Answers of DNS that no library would write, and servers that send them. */

export const flags = { response: 0x8000, cut: 0x0200 } as const;

/** The bytes of a name written out. */
export function name(...labels: readonly string[]): Buffer {
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'latin1');
    return Buffer.concat([Buffer.of(bytes.length), bytes]);
  });
  return Buffer.concat([...parts, Buffer.of(0)]);
}

/** A pointer to a name elsewhere in the message. */
export function pointer(offset: number): Buffer {
  return Buffer.of(0xc0 | (offset >> 8), offset & 0xff);
}

/** One record; `length` is what it says of its data, which is true unless given. */
export function record(owner: Buffer, type: number, data: Buffer, length = data.length): Buffer {
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(type, 0);
  fields.writeUInt16BE(1, 2);
  fields.writeUInt32BE(60, 4);
  fields.writeUInt16BE(length, 8);
  return Buffer.concat([owner, fields, data]);
}

interface MessageWish {
  readonly id: number;
  readonly bits?: number;
  /** Questions, answers, authorities, additionals, as the head counts them. */
  readonly counts: readonly [number, number, number, number];
}

/** Where the first byte after the head lies. */
export const bodyOffset = 12;

export function message({ id, bits = 0, counts }: MessageWish, ...body: Buffer[]): Buffer {
  const head = Buffer.alloc(bodyOffset);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(flags.response | bits, 2);
  for (const [at, count] of counts.entries()) head.writeUInt16BE(count, 4 + 2 * at);
  return Buffer.concat([head, ...body]);
}

/**
 * An answer of 64 KiB whose names are all reached over a chain of thousands of pointers, each to the one
 * before it: every pointer is allowed, and together they cost a square.
 */
export function pointerChain(id: number): Buffer {
  const start = bodyOffset + name().length + 10;
  const chain = [name('a'.repeat(63), 'b'.repeat(63), 'c'.repeat(63), 'd'.repeat(60))];
  let end = start + (chain[0]?.length ?? 0);
  let last = start;
  for (; end < 16_000; end += 2) {
    chain.push(pointer(last));
    last = end;
  }
  const link = record(pointer(last), 2, pointer(last));
  const links = Math.floor((65_535 - end) / link.length);
  const wish = { id, counts: [0, links + 1, 0, 0] } as const;
  const long = record(name(), 65_280, Buffer.concat(chain));
  return message(wish, long, ...Array<Buffer>(links).fill(link));
}

/** Sends each packet of `answer` over UDP, whatever it is. */
export async function startUdpAnswers(
  answer: (query: DecodedPacket, bytes: Buffer) => Iterable<Buffer>,
): Promise<AsyncDisposable & { readonly address: string }> {
  const socket = createSocket('udp4');
  let isOpen = true;
  socket.on('message', (bytes, from) => {
    for (const packet of answer(decode(bytes), bytes)) {
      if (isOpen) socket.send(packet, from.port, from.address, () => {});
    }
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    async [Symbol.asyncDispose]() {
      isOpen = false;
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** Sends over TCP what `answer` gives, frame by frame as it is: lengths are its own business. */
export async function startTcpAnswers(
  answer: (query: DecodedPacket, bytes: Buffer) => Buffer,
): Promise<TestServer> {
  return startTcpServer((socket) => {
    socket.once('data', (bytes) => {
      socket.resume().write(answer(decode(bytes.subarray(2)), bytes.subarray(2)));
    });
  });
}

/** A message with its length in front. */
export function framed(packet: Buffer, length = packet.length): Buffer {
  return Buffer.concat([Buffer.of(length >> 8, length & 0xff), packet]);
}
