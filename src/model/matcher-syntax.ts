import type { MatchOperator } from './route.ts';

/** One matcher as written, before its regular expression is compiled. */
export interface MatcherTerm {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** What is wrong with the text of a matcher, as a clause that follows the text itself. */
export interface MatcherError {
  readonly error: string;
}

/** Whether reading failed: the value is no result but the reason why there is none. */
export function isMatcherError(parsed: object): parsed is MatcherError {
  return 'error' in parsed;
}

type Terms = readonly MatcherTerm[] | MatcherError;

const wanted = 'a matcher such as severity="critical" or service=~"web|api"';

/**
 * Splits the text of matchers by the rules of Alertmanager: the UTF-8 dialect, and where that refuses,
 * the classic one, which takes bare values such as `a=b=c` and empty ones.
 */
export function parseMatcherTerms(text: string): Terms {
  const terms = parseUtf8(text);
  if (!isMatcherError(terms)) return terms;
  const classic = parseClassic(text);
  return isMatcherError(classic) ? terms : classic;
}

const token = /\s*(?:(=~|!~|!=|=)|([{},])|"((?:[^"\\]|\\.)*)"|([^\s{}!=~,\\"'`]+))/suy;

type Token =
  | { readonly kind: 'operator'; readonly text: MatchOperator }
  | { readonly kind: 'mark'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string };

function tokens(text: string): Token[] | MatcherError {
  const found: Token[] = [];
  const source = text.trimEnd();
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (match === null)
      return { error: `cannot be read from ${JSON.stringify(rest(source, at))} on` };
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

function rest(source: string, at: number): string {
  return source.slice(at).trim().slice(0, 20);
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function unquote(text: string): string | undefined {
  let known = true;
  const value = text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu,
    (_, byte?: string, short?: string, long?: string, letter?: string) => {
      const code = Number.parseInt(byte ?? short ?? long ?? '', 16);
      const character = Number.isNaN(code) ? escapes[letter ?? ''] : characterOf(code);
      known &&= character !== undefined;
      return character ?? '';
    },
  );
  return known ? value : undefined;
}

function characterOf(code: number): string | undefined {
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}

function parseUtf8(text: string): Terms {
  const found = tokens(text);
  if (isMatcherError(found)) return found;
  const [first] = found;
  const opened = first?.kind === 'mark' && first.text === '{';
  const last = found.at(-1);
  const closed = last?.kind === 'mark' && last.text === '}';
  if (opened !== closed) return { error: 'has a brace without its partner' };
  const inner = opened ? found.slice(1, -1) : found;
  const terms: MatcherTerm[] = [];
  for (let at = 0; at < inner.length; at += 4) {
    const [label, operator, value, comma] = inner.slice(at, at + 4);
    if (label?.kind !== 'word' || operator?.kind !== 'operator' || value?.kind !== 'word') {
      return { error: `is not ${wanted}` };
    }
    if (comma !== undefined && (comma.kind !== 'mark' || comma.text !== ',')) {
      return { error: `is not ${wanted}` };
    }
    terms.push({ label: label.text, operator: operator.text, value: value.text });
  }
  return terms;
}

const classicTerm = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*$/su;

function parseClassic(text: string): Terms {
  const inner = text.trim().replace(/^\{(.*)\}$/su, '$1');
  const terms: MatcherTerm[] = [];
  for (const part of splitOutsideQuotes(inner)) {
    const match = classicTerm.exec(part);
    const [, label, operator, raw] = match ?? [];
    if (label === undefined || operator === undefined || raw === undefined) {
      return { error: `is not ${wanted}` };
    }
    const value = classicValue(raw);
    if (value === undefined) return { error: `has an unbalanced quote in ${part.trim()}` };
    terms.push({ label, operator: operator as MatchOperator, value });
  }
  return terms;
}

/** Parts between commas; a comma inside quotes separates nothing, one at the end is allowed. */
function splitOutsideQuotes(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|\\.|./gsu)) {
    if (piece === ',') {
      parts.push(part);
      part = '';
    } else part += piece;
  }
  return part.trim() === '' ? parts : [...parts, part];
}

/** The classic dialect knows three escapes and leaves every other backslash alone. */
function classicValue(raw: string): string | undefined {
  const quoted = raw.startsWith('"');
  const body = quoted ? raw.slice(1) : raw;
  const closed = /^(?:[^"\\]|\\.|\\$)*/su.exec(body)?.[0] ?? '';
  const tail = body.slice(closed.length);
  if (tail !== (quoted ? '"' : '')) return undefined;
  return closed.replaceAll(/\\(["n\\])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}
