import type { Failure } from '../failure.ts';

/** How a body may be packed; `deflate` is the bare stream without a zlib header. */
export const compressions = ['gzip', 'br', 'deflate', 'identity'] as const;
export type Compression = (typeof compressions)[number];

/** The coding that an option names; undefined for none. A module may name one that there is not. */
export function readCoding(compression: string | undefined): Compression | Failure | undefined {
  const wanted = (compression ?? '').toLowerCase();
  if (wanted === '') return undefined;
  const known = compressions.find((coding) => coding === wanted);
  return (
    known ?? { reason: 'body', summary: `the body cannot be unpacked: no compression ${wanted}` }
  );
}

/**
 * Whether an Accept-Encoding header lets the server answer in `compression`; no header allows all.
 * A coding named on its own counts before `*`, and a quality of 0 forbids.
 */
export function isAcceptable(compression: string | undefined, accepted: string): boolean {
  if (compression === undefined || compression === '' || accepted.trim() === '') return true;
  let wildcard = false;
  for (const part of accepted.split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    const allowed = quality === undefined || Number(quality.slice(2)) > 0;
    if (coding === compression) return allowed;
    if (coding === '*') wildcard = allowed;
  }
  return wildcard;
}
