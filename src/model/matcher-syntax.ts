import { parseClassicTerm, parseClassicTerms } from './matcher-classic.ts';
import { parseUtf8Terms } from './matcher-utf8.ts';
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

/**
 * Splits the text of matchers by the rules of Alertmanager: the UTF-8 dialect, and where that refuses, the
 * classic one, which takes bare values such as `a=b=c` and empty ones. Where both take it and mean different
 * values, such as `"\t"`, the classic one goes first, as it does there: it is what people who wrote the text
 * years ago relied on.
 */
export function parseMatcherTerms(text: string): readonly MatcherTerm[] | MatcherError {
  const newer = parseUtf8Terms(text);
  const classic = parseClassicTerms(text);
  return isMatcherError(classic) ? newer : classic;
}

/** Why a text of matchers may not mean what it seems to; undefined if nothing speaks for that. */
export function matcherDoubt(text: string): string | undefined {
  const [classic, newer] = [parseClassicTerms(text), parseUtf8Terms(text)];
  if (isMatcherError(classic)) return undefined;
  // In JSON, since a value may hold characters that do things to a terminal.
  const written = (terms: readonly MatcherTerm[]): string =>
    terms
      .map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`)
      .join(',');
  const counts = written(classic);
  if (isMatcherError(newer)) {
    const isLopsided = text.startsWith('{') !== text.endsWith('}');
    return isLopsided ? `is read as {${counts}}, without the brace at its end` : undefined;
  }
  return counts === written(newer)
    ? undefined
    : `is read in the older dialect, as {${counts}}; the newer one would read {${written(newer)}}`;
}

/**
 * Reads exactly one matcher, as where each has an argument or a parameter of its own. Braces are refused, and
 * to the classic dialect a comma is part of the value.
 */
export function parseMatcherTerm(text: string): MatcherTerm | MatcherError {
  if (text.startsWith('{') || text.endsWith('}')) return { error: 'has braces, expected none' };
  const classic = parseClassicTerm(text);
  if (!isMatcherError(classic)) return classic;
  const newer = parseUtf8Terms(text);
  if (isMatcherError(newer)) return newer;
  const [term, ...rest] = newer;
  if (term === undefined) return { error: 'is empty' };
  return rest.length === 0 ? term : { error: 'holds more than one matcher' };
}

const operators: readonly MatchOperator[] = ['=', '!=', '=~', '!~'];

/** By label, value and operator, the order in which Alertmanager keeps and writes them. */
export function inMatcherOrder<Term extends MatcherTerm>(terms: readonly Term[]): readonly Term[] {
  return terms.toSorted(
    (a, b) =>
      compare(a.label, b.label) ||
      compare(a.value, b.value) ||
      operators.indexOf(a.operator) - operators.indexOf(b.operator),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A matcher as Alertmanager writes it, which `parseMatcherTerms` reads back: `severity="critical"`. */
export function formatMatcher({ label, operator, value }: MatcherTerm): string {
  if (!bareLabel.test(label)) return `${JSON.stringify(label)}${operator}${JSON.stringify(value)}`;
  return `${label}${operator}${classicQuoted(value)}`;
}

/** A name that needs no quotes, by the rule of Alertmanager. */
const bareLabel = /^[^\p{White_Space}{}!=~,\\"'`]+$/u;

/** Quotes so that both dialects read the same: the classic one knows no escapes but these three. */
function classicQuoted(value: string): string {
  const escaped = value.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}
