import { grpcMessageBytesMax } from '../../../model/limits.ts';
import { createFirstBytes } from '../first-bytes.ts';
import { grpcCode } from './grpc-status.ts';

/** Something that is wrong with a message, under the code that gRPC has for it. */
export interface MessageFault {
  readonly code: number;
  /** Continues a sentence about the server: `sent …`. */
  readonly fault: string;
}

/** Bytes before each message: whether it is compressed, and how long it is. */
const prefixBytes = 5;

/** Puts a message into the frame that gRPC sends it in, uncompressed. */
function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
}

/** The framed `grpc.health.v1.HealthCheckRequest` for a service; an empty name is not sent at all. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  if (name.length === 0) return frame(name);
  return frame(Buffer.concat([Buffer.of(0x0a), varint(name.length), name]));
}

/** Collects the one message of an answer. */
export interface MessageReader {
  /** Takes the next bytes; tells what is wrong with them as soon as it can be told. */
  add(chunk: Buffer): MessageFault | undefined;
  /** The message once the stream has ended well. */
  end(): Buffer | MessageFault;
}

function faultInPrefix(prefix: Buffer, encoding: string): MessageFault | undefined {
  const flag = prefix[0] ?? 0;
  if (flag === 1) {
    const isPlain = encoding === '' || encoding === 'identity';
    return isPlain
      ? { code: grpcCode.internal, fault: 'a message marked as compressed, without an encoding' }
      : {
          code: grpcCode.unimplemented,
          fault: `a message compressed with ${encoding}, which nobody asked for`,
        };
  }
  if (flag > 1) {
    return { code: grpcCode.internal, fault: `a message with the compression flag ${flag}` };
  }
  const length = prefix.readUInt32BE(1);
  if (length <= grpcMessageBytesMax) return undefined;
  return {
    code: grpcCode.resourceExhausted,
    fault: `a message of ${length} bytes, wanted at most ${grpcMessageBytesMax}`,
  };
}

/** Reads an answer of exactly one message. `encoding` is the `grpc-encoding` of the answer. */
export function readMessage(encoding: string): MessageReader {
  // One byte beyond the longest message tells that there is more than one.
  const kept = createFirstBytes(prefixBytes + grpcMessageBytesMax + 1);
  return {
    add(chunk) {
      kept.add(chunk);
      const buffered = kept.bytes();
      if (buffered.length < prefixBytes) return undefined;
      const fault = faultInPrefix(buffered, encoding);
      if (fault !== undefined) return fault;
      if (buffered.length <= prefixBytes + buffered.readUInt32BE(1)) return undefined;
      return { code: grpcCode.internal, fault: 'more than one message' };
    },
    end() {
      const buffered = kept.bytes();
      if (buffered.length === 0) return { code: grpcCode.internal, fault: 'no message' };
      const isWhole =
        buffered.length >= prefixBytes &&
        buffered.length === prefixBytes + buffered.readUInt32BE(1);
      return isWhole
        ? buffered.subarray(prefixBytes)
        : { code: grpcCode.internal, fault: 'a message that was cut off' };
    },
  };
}

/** Reads a varint of at most 64 bits; undefined where there is none. */
function readVarint(
  bytes: Buffer,
  at: number,
): { readonly value: bigint; readonly next: number } | undefined {
  let value = 0n;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: at + index + 1 };
  }
  return undefined;
}

/** Where a field that nobody asked for ends; undefined if it is malformed. */
function skip(bytes: Buffer, wireType: number, at: number): number | undefined {
  if (wireType === 0) return readVarint(bytes, at)?.next;
  if (wireType === 1) return at + 8;
  if (wireType === 5) return at + 4;
  if (wireType !== 2) return undefined;
  const length = readVarint(bytes, at);
  return length === undefined ? undefined : length.next + Number(length.value);
}

const servingStatusField = 1n;

/**
 * The number of the serving status in a `grpc.health.v1.HealthCheckResponse`; 0 if it has none, undefined
 * if the bytes are no protobuf message.
 */
export function servingStatusNumber(message: Buffer): number | undefined {
  let status = 0;
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    if (tag === undefined || tag.value >> 3n === 0n) return undefined;
    const wireType = Number(tag.value & 7n);
    if (tag.value >> 3n === servingStatusField && wireType === 0) {
      const found = readVarint(message, tag.next);
      if (found === undefined) return undefined;
      status = Number(BigInt.asIntN(32, found.value));
      at = found.next;
      continue;
    }
    const next = skip(message, wireType, tag.next);
    if (next === undefined || next > message.length) return undefined;
    at = next;
  }
  return status;
}
