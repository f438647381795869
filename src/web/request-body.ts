import type { IncomingMessage } from 'node:http';
import { requestBodyBytesMax } from '../model/limits.ts';

/** The client sent more than the agent accepts at all. */
export class BodyTooLargeError extends Error {
  constructor() {
    super(`A request body may have ${requestBodyBytesMax} bytes.`);
    this.name = 'BodyTooLargeError';
  }
}

/**
 * Reads a request to its end and gives its first `bytesMax` bytes as text. Rejects with a
 * `BodyTooLargeError` beyond `requestBodyBytesMax`, or when the client goes away.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  const kept: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (length < bytesMax) kept.push(chunk.subarray(0, bytesMax - length));
    length += chunk.length;
    if (length > requestBodyBytesMax) throw new BodyTooLargeError();
  }
  return Buffer.concat(kept).toString('utf8');
}
