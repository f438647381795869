import type { Labels } from './labels.ts';
import {
  isMatcherError,
  parseMatcherTerms,
  type MatcherError,
  type MatcherTerm,
} from './matcher-syntax.ts';
import { patternFault } from './pattern-fault.ts';
import type { Matcher, MatchOperator } from './route.ts';

export { isMatcherError, type MatcherError };

/** RE2 sets flags inside the pattern; a leading group of them is the only form that JavaScript lacks. */
const leadingFlags = /^\(\?([ims]+)\)/;

function anchored(pattern: string): RegExp | MatcherError {
  const flags = leadingFlags.exec(pattern)?.[1] ?? '';
  const body = flags === '' ? pattern : pattern.replace(leadingFlags, '');
  try {
    return new RegExp(`^(?:${body})$`, [...new Set(`u${flags}`)].join(''));
  } catch (error) {
    const shown = JSON.stringify(pattern);
    return { error: `${shown} is no valid regular expression (${patternFault(error)})` };
  }
}

/**
 * A matcher with the meaning it has in Alertmanager: regular expressions are anchored at both ends, a
 * missing label has the empty value. The error is that of an invalid regular expression.
 */
export function createMatcher(
  label: string,
  operator: MatchOperator,
  value: string,
): Matcher | MatcherError {
  const base = { label, operator, value };
  const valueIn = (labels: Labels): string => labels[label] ?? '';
  if (operator === '=') return { ...base, matches: (labels) => valueIn(labels) === value };
  if (operator === '!=') return { ...base, matches: (labels) => valueIn(labels) !== value };
  const pattern = anchored(value);
  if (isMatcherError(pattern)) return pattern;
  const wanted = operator === '=~';
  return { ...base, matches: (labels) => pattern.test(valueIn(labels)) === wanted };
}

/**
 * Reads matchers as Alertmanager does: `a="1", b=~"x.*"`, with or without braces around them, label
 * names and values quoted or bare. Both of its dialects are understood; the newer one goes first.
 */
export function parseMatchers(text: string): readonly Matcher[] | MatcherError {
  const terms = parseMatcherTerms(text);
  if (isMatcherError(terms)) return terms;
  const matchers: Matcher[] = [];
  for (const term of terms) {
    const matcher = createMatcher(term.label, term.operator, term.value);
    if (isMatcherError(matcher)) return { error: `cannot be used: ${matcher.error}` };
    matchers.push(matcher);
  }
  return matchers;
}

/** Reads exactly one matcher, such as `severity=~"warning|critical"`. */
export function parseMatcher(text: string): Matcher | MatcherError {
  const matchers = parseMatchers(text);
  if (isMatcherError(matchers)) return matchers;
  const [matcher, ...rest] = matchers;
  if (matcher === undefined) return { error: 'is empty' };
  return rest.length === 0 ? matcher : { error: 'holds more than one matcher' };
}

/** A matcher in a notation that `parseMatchers` reads: `severity="critical"`. */
export function formatMatcher(matcher: MatcherTerm): string {
  const bare = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(matcher.label);
  const label = bare ? matcher.label : JSON.stringify(matcher.label);
  return `${label}${matcher.operator}${JSON.stringify(matcher.value)}`;
}
