import type { MatcherError, MatcherTerm } from './matcher-syntax.ts';
import type { MatchOperator } from './route.ts';

const wanted = 'a matcher such as severity="critical" or service=~"web|api"';

/** Spaces are those of ASCII here; a value may hold anything, line breaks too. */
const term =
  /^[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*(.*?)[\t\n\f\r ]*$/su;

/**
 * Reads matchers in Alertmanager's older dialect: plain label names, and values that may hold nearly
 * anything without quotes. Each brace at an end is taken off by itself.
 */
export function parseClassicTerms(text: string): readonly MatcherTerm[] | MatcherError {
  const terms: MatcherTerm[] = [];
  for (const part of partsOf(text.replace(/^\{/, '').replace(/\}$/, ''))) {
    const read = parseClassicTerm(part);
    if ('error' in read) return read;
    terms.push(read);
  }
  return terms;
}

/** Reads one matcher without braces; a comma in it belongs to the value. */
export function parseClassicTerm(text: string): MatcherTerm | MatcherError {
  const [, label, operator, raw] = term.exec(text) ?? [];
  if (label === undefined || operator === undefined || raw === undefined) {
    return { error: `is not ${wanted}` };
  }
  const value = valueOf(raw);
  if (value === undefined) return { error: `has an unbalanced quote in ${text.trim()}` };
  return { label, operator: operator as MatchOperator, value };
}

/** Parts between commas; a comma inside quotes separates nothing, one at the end is allowed. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let isQuoted = false;
  let isEscaped = false;
  for (const character of text) {
    if (character === ',' && !isQuoted) {
      parts.push(part);
      part = '';
      continue;
    }
    if (character === '"' && !isEscaped) isQuoted = !isQuoted;
    // A comma inside quotes leaves a backslash in front of it in force: so it does there.
    if (character !== ',') isEscaped = character === '\\' && !isEscaped;
    part += character;
  }
  return part.trim() === '' ? parts : [...parts, part];
}

/** Three escapes are known, every other backslash is left alone; undefined for a quote out of place. */
function valueOf(raw: string): string | undefined {
  const isQuoted = raw.startsWith('"');
  if (isQuoted && (raw.length === 1 || !raw.endsWith('"'))) return undefined;
  const body = isQuoted ? raw.slice(1, -1) : raw;
  // The quote at the end must not be an escaped one.
  if (!(isQuoted ? /^(?:[^"\\]|\\.)*$/su : /^(?:[^"\\]|\\.|\\$)*$/su).test(body)) return undefined;
  return body.replaceAll(/\\(["n\\])/gu, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}
