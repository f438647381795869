/** The beginning of a stream, up to a bound. */
interface FirstBytes {
  add(chunk: Uint8Array): void;
  /** What was kept so far; not a copy. */
  bytes(): Buffer;
}

/**
 * Keeps at most `bytesMax` bytes in one buffer that grows by doubling. A list of the chunks would be
 * shorter, but a server decides how small they are, and a chunk of one byte costs some hundred.
 */
export function createFirstBytes(bytesMax: number): FirstBytes {
  let kept = Buffer.alloc(0);
  let length = 0;
  return {
    add(chunk) {
      const part = chunk.subarray(0, bytesMax - length);
      const needed = length + part.length;
      if (needed > kept.length) {
        const larger = Buffer.alloc(Math.min(bytesMax, Math.max(needed, 2 * kept.length)));
        kept.copy(larger, 0, 0, length);
        kept = larger;
      }
      kept.set(part, length);
      length = needed;
    },
    bytes: () => kept.subarray(0, length),
  };
}
