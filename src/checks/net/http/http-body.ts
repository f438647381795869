import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflateRaw } from 'node:zlib';
import type { Compression } from './content-coding.ts';
import { errorCode, errorMessage, onAbort, timedOut, type Failure } from '../failure.ts';
import { createFirstBytes } from '../first-bytes.ts';
import type { ProbeContext } from '../probe.ts';

interface BodyPlan {
  readonly compression?: Compression | undefined;
  /** Bytes after unpacking; a longer body is a failure. 0 is no limit. */
  readonly limitBytes: number;
  /** Bytes kept to be looked at; the rest is counted only. */
  readonly keepBytes: number;
}

export interface Body {
  /** Bytes after unpacking, at most the limit. */
  readonly bytes: number;
  /** The first bytes of it, as UTF-8. */
  readonly text: string;
  /** Why it could not be read to the end. */
  readonly failure?: Failure;
  /** It does not even begin as what it should be unpacked from. */
  readonly isNotPacked?: boolean;
}

export const noBody: Body = { bytes: 0, text: '' };

function unpacker(compression: Compression | undefined): Transform | undefined {
  switch (compression) {
    case 'gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      return createInflateRaw();
    case 'identity':
    case undefined:
      return undefined;
    default:
      return compression satisfies never;
  }
}

const closedEarly: Failure = {
  reason: 'body',
  summary: 'the connection was closed before the body was complete',
};

function readFailure(error: unknown): Failure {
  if (errorCode(error) === 'ECONNRESET') return closedEarly;
  return { reason: 'body', summary: `the body cannot be read: ${errorMessage(error)}` };
}

/** The least that a body packed with gzip has in front (RFC 1952, 2.3). */
const gzipHeadBytes = 10;

/** Whether an error tells of what stands in front of the packed bytes. */
function isBadHead(error: unknown): boolean {
  return /header|compression method/.test(errorMessage(error));
}

/** Reads a body to its end, its limit or the deadline, holding no more of it than the plan asks for. */
export async function readBody(
  wire: Readable,
  plan: BodyPlan,
  context: ProbeContext,
): Promise<Body> {
  const unpack = unpacker(plan.compression);
  const stream = unpack ?? wire;
  const kept = createFirstBytes(plan.keepBytes);
  let bytes = 0;
  let wireBytes = 0;
  let isNotPacked = false;
  const failure = await new Promise<Failure | undefined>((resolve) => {
    const stop = onAbort(context.signal, () =>
      settle(timedOut(context, `reading the body, ${bytes} bytes so far`)),
    );
    function settle(failure?: Failure): void {
      stop();
      const isBegun = plan.compression !== 'gzip' || wireBytes >= gzipHeadBytes;
      if (failure !== undefined && !isBegun) isNotPacked = true;
      unpack?.destroy();
      resolve(failure);
    }
    const fail = (error: unknown): void => {
      // Nothing at all unpacks to nothing in brotli, as blackbox_exporter reads it; in gzip it is cut off.
      if (plan.compression === 'br' && wireBytes === 0 && wire.errored === null) return settle();
      isNotPacked = plan.compression === 'gzip' && isBadHead(error);
      settle(readFailure(error));
    };
    const broken = wire.errored;
    if (broken !== null) return fail(broken);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      kept.add(chunk);
      if (plan.limitBytes > 0 && bytes > plan.limitBytes) {
        bytes = plan.limitBytes;
        settle({
          reason: 'body',
          summary: `the body is longer than body_size_limit, ${plan.limitBytes} bytes`,
        });
      }
    });
    stream.once('end', () => settle());
    stream.on('error', fail);
    wire.on('error', fail);
    // Node ends some broken streams without an error; after the end this changes nothing.
    wire.once('close', () => {
      if (!wire.readableEnded) settle(closedEarly);
    });
    if (unpack === undefined) return;
    wire.on('data', (chunk: Buffer) => {
      wireBytes += chunk.length;
    });
    wire.pipe(unpack);
  });
  const text = kept.bytes().toString('utf8');
  return { bytes, text, isNotPacked, ...(failure === undefined ? {} : { failure }) };
}
