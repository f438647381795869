import { secretMask } from '../model/secret.ts';

/** Shorter values would mask half of every sentence, and guessing them is no work anyway. */
const lengthMin = 6;

/** Characters of a receiver's answer that are quoted: a sentence, not a page. */
const quoteLengthMax = 200;

/** Everything in an address that would let someone else use it. */
export function urlSecrets(address: string): string[] {
  const url = URL.parse(address);
  if (url === null) return [address];
  return [
    address,
    url.href,
    ...url.pathname.split('/'),
    ...url.searchParams.values(),
    url.username,
    url.password,
    `${decoded(url.username)}:${decoded(url.password)}`,
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function disguises(value: string): string[] {
  const base64 = Buffer.from(value).toString('base64');
  return [value, encodeURIComponent(value), decoded(value), base64, base64.replaceAll('=', '')];
}

/** Replaces every secret in a text by `<secret>`, also where it is percent-encoded or in base64. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const needles = secrets
    .filter((value) => value.length >= lengthMin)
    .flatMap(disguises)
    .toSorted((a, b) => b.length - a.length)
    .map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`));
  if (needles.length === 0) return text;
  return text.replaceAll(new RegExp(needles.join('|'), 'giu'), secretMask);
}

/** The beginning of what a receiver answered, on one line and without secrets; empty if it said nothing. */
export function quoteAnswer(body: string, secrets: readonly string[]): string {
  const line = maskSecrets(body, secrets)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim();
  if (line === '') return '';
  return line.length > quoteLengthMax ? `: ${line.slice(0, quoteLengthMax)}…` : `: ${line}`;
}
