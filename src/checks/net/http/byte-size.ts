import * as v from 'valibot';
import type { Strictness } from '../../../lib/choice.ts';

const exponents = ['', 'K', 'M', 'G', 'T', 'P', 'E'];
const single = /^\d+(?:\.\d+)?[KMGTPE]?(?:i?B)?$/;
const composed = /^(?:\d+(?:\.\d+)?[KMGTPE]?i?B)+$/;
const part = /(\d+(?:\.\d+)?)([KMGTPE]?)/g;
const expected = 'a size such as 512KB or 10MB';

/** Reads `10MB`, `1.5GB`, `1GB512MB`, `4096`; units are powers of 1024, with or without the i. */
export function parseByteSize(size: string): number | undefined {
  if (!single.test(size) && !composed.test(size)) return undefined;
  const parts = Array.from(size.matchAll(part), ([, amount, unit = '']) => {
    return Number(amount) * 1024 ** exponents.indexOf(unit);
  });
  return Math.round(parts.reduce((sum, bytes) => sum + bytes, 0));
}

/** A size in bytes, written as blackbox_exporter takes it. To a module a negative one is no limit. */
export const byteSize = (strictness: Strictness) => {
  const read = (size: string | number): number | undefined => {
    const text = String(size);
    if (strictness === 'strict' || !text.startsWith('-')) return parseByteSize(text);
    return parseByteSize(text.slice(1)) === undefined ? undefined : 0;
  };
  return v.pipe(
    v.union([v.string(), v.number()], expected),
    v.check((size) => read(size) !== undefined, expected),
    v.transform((size) => read(size) ?? 0),
  );
};
