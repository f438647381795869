/** How a body may be packed; `deflate` is the bare stream without a zlib header. */
export const compressions = ['gzip', 'br', 'deflate', 'identity'] as const;
export type Compression = (typeof compressions)[number];

/**
 * Whether an Accept-Encoding header lets the server answer in `compression`; no header allows all.
 * A coding named on its own counts before `*`, and a quality of 0 forbids.
 */
export function isAcceptable(compression: Compression | undefined, accepted: string): boolean {
  if (compression === undefined || accepted.trim() === '') return true;
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
