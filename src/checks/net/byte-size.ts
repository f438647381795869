import * as v from 'valibot';

const exponents = ['', 'K', 'M', 'G', 'T'];
const sizePattern = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/;
const expected = 'a size such as 512KB or 10MB';

/** Reads `10MB`, `1.5GB`, `4096`; units are powers of 1024, with or without the i. */
export function parseByteSize(size: string): number | undefined {
  const match = sizePattern.exec(size);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * 1024 ** exponents.indexOf(match[2] ?? ''));
}

/** A size in bytes, written as blackbox_exporter takes it. */
export const byteSize = v.pipe(
  v.union([v.string(), v.number()], expected),
  v.check((size) => parseByteSize(String(size)) !== undefined, expected),
  v.transform((size) => parseByteSize(String(size)) ?? 0),
);
