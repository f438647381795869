import type { MatcherError, MatcherTerm } from './matcher-syntax.ts';
import type { MatchOperator } from './route.ts';

const wanted = 'a matcher such as severity="critical" or service=~"web|api"';

const token =
  /\p{White_Space}*(?:(=~|!~|!=|=)|([{},])|"((?:[^"\\]|\\.)*)"|([^\p{White_Space}{}!=~,\\"'`]+))/suy;

type Token =
  | { readonly kind: 'operator'; readonly text: MatchOperator }
  | { readonly kind: 'mark'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string };

/**
 * Reads matchers in Alertmanager's newer dialect: label names of any characters, names and values quoted as
 * in Go, or bare if they hold no space and none of its marks.
 */
export function parseUtf8Terms(text: string): readonly MatcherTerm[] | MatcherError {
  const found = tokens(text);
  if ('error' in found) return found;
  const [first] = found;
  const opened = isMark(first, '{');
  const closed = isMark(found.at(-1), '}');
  if (opened !== closed) {
    return { error: 'has a brace without its partner' };
  }
  const inner = opened ? found.slice(1, -1) : found;
  const terms: MatcherTerm[] = [];
  for (let at = 0; at < inner.length; at += 4) {
    const [label, operator, value, comma] = inner.slice(at, at + 4);
    if (label?.kind !== 'word' || operator?.kind !== 'operator' || value?.kind !== 'word') {
      return { error: `is not ${wanted}` };
    }
    if (comma !== undefined && !isMark(comma, ',')) return { error: `is not ${wanted}` };
    terms.push({ label: label.text, operator: operator.text, value: value.text });
  }
  return terms;
}

function isMark(found: Token | undefined, text: string): boolean {
  return found?.kind === 'mark' && found.text === text;
}

function tokens(text: string): readonly Token[] | MatcherError {
  const found: Token[] = [];
  const source = text.replace(/\p{White_Space}+$/u, '');
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (match === null) {
      const rest = source.slice(at).trim().slice(0, 20);
      return { error: `cannot be read from ${JSON.stringify(rest)} on` };
    }
    const [, operator, mark, quoted, bare] = match;
    if (operator !== undefined) found.push({ kind: 'operator', text: operator as MatchOperator });
    else if (mark !== undefined) found.push({ kind: 'mark', text: mark });
    else if (bare !== undefined) found.push({ kind: 'word', text: bare });
    else {
      const value = unquote(quoted ?? '');
      if (value === undefined) return { error: `has an unknown escape in ${match[0].trim()}` };
      found.push({ kind: 'word', text: value });
    }
  }
  return found;
}

/** The escapes of one letter that Go knows between double quotes. */
const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

const piece =
  /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|[^\\]+/gsu;

/** The text between quotes by the rules of Go; undefined for an escape it does not know. */
function unquote(text: string): string | undefined {
  if (!text.includes('\\')) return text.includes('\n') ? undefined : text;
  if (text.includes('\n')) return undefined;
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const [whole, hex, octal, short, long, letter] of text.matchAll(piece)) {
    if (hex !== undefined || octal !== undefined) {
      // These name bytes, several of which make one character.
      const byte = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
      if (byte > 255) return undefined;
      bytes.push(byte);
      continue;
    }
    const code = short ?? long;
    const plain = whole.startsWith('\\') ? escapes[letter ?? ''] : whole;
    const part = code === undefined ? plain : characterOf(Number.parseInt(code, 16));
    if (part === undefined) return undefined;
    bytes.push(...encoder.encode(part));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}

function characterOf(code: number): string | undefined {
  const isSurrogate = code >= 0xd8_00 && code <= 0xdf_ff;
  return code <= 0x10_ff_ff && !isSurrogate ? String.fromCodePoint(code) : undefined;
}
