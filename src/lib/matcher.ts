import { labelValue, type Labels } from '../model/labels.ts';
import {
  isMatcherError,
  parseMatcherTerm,
  parseMatcherTerms,
  type MatcherError,
  type MatcherTerm,
} from '../model/matcher-syntax.ts';
import type { Matcher, MatchOperator } from '../model/route.ts';
import { compilePattern } from './pattern.ts';

type Test = (value: string) => boolean;

/** Plain text in an expression: no sign with a meaning of its own, or one with a backslash in front. */
const plain = String.raw`(?:[^\\.+*?()[\]{}^$|]|\\[!-/:-@[-${'`'}{-~])*`;
const alternation = new RegExp(`^${plain}(?:\\|${plain})*$`, 'u');
const around = new RegExp(`^(?<before>\\.[*+])?(?<word>${plain})(?<after>\\.[*+])?$`, 'u');

/** The words of an alternation, without their backslashes. */
function wordsOf(pattern: string): readonly string[] {
  const words = [''];
  for (const [piece] of pattern.matchAll(/\\.|[^\\]/gsu)) {
    if (piece === '|') words.push('');
    else words.push(`${words.pop() ?? ''}${piece.replace(/^\\/, '')}`);
  }
  return words;
}

/**
 * A test for the simple expressions that most matchers are, words, or one word with anything before or after
 * it, which needs no engine and takes a few nanoseconds; undefined for every other expression. A dot is
 * anything but a line break, as in RE2.
 */
function simpleTest(pattern: string): Test | undefined {
  if (alternation.test(pattern)) {
    const words = new Set(wordsOf(pattern));
    return (value) => words.has(value);
  }
  const { before, word: written, after } = around.exec(pattern)?.groups ?? {};
  const [word = ''] = wordsOf(written ?? '');
  if (before !== undefined && after !== undefined) {
    if (before !== '.*' || after !== '.*' || word.includes('\n')) return undefined;
    return (value) => value.includes(word) && !value.includes('\n');
  }
  if (before !== undefined) {
    const least = word.length + (before === '.+' ? 1 : 0);
    return (value) =>
      value.length >= least &&
      value.endsWith(word) &&
      !value.slice(0, value.length - word.length).includes('\n');
  }
  if (after === undefined) return undefined;
  const least = word.length + (after === '.+' ? 1 : 0);
  return (value) =>
    value.length >= least && value.startsWith(word) && !value.includes('\n', word.length);
}

function testOf(pattern: string): Test | MatcherError {
  const simple = simpleTest(pattern);
  if (simple !== undefined) return simple;
  try {
    return compilePattern(`^(?:${pattern})$`).matches;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The part at fault is quoted with the anchors around it, which nobody wrote.
    const reason = error.message.replace(/: `.*$/s, '');
    return { error: `${JSON.stringify(pattern)} is no valid regular expression (${reason})` };
  }
}

/**
 * A matcher with the meaning it has in Alertmanager: regular expressions have RE2's syntax, take linear
 * time and are anchored at both ends, a missing label has the empty value. The error is that of an invalid
 * regular expression.
 */
export function createMatcher(
  label: string,
  operator: MatchOperator,
  value: string,
): Matcher | MatcherError {
  const base = { label, operator, value };
  const valueIn = (labels: Labels): string => labelValue(labels, label);
  if (operator === '=') return { ...base, matches: (labels) => valueIn(labels) === value };
  if (operator === '!=') return { ...base, matches: (labels) => valueIn(labels) !== value };
  const test = testOf(value);
  if (isMatcherError(test)) return test;
  const isWanted = operator === '=~';
  return { ...base, matches: (labels) => test(valueIn(labels)) === isWanted };
}

/**
 * Reads matchers as Alertmanager does: `a="1", b=~"x.*"`, with or without braces around them, label
 * names and values quoted or bare. Both of its dialects are understood.
 */
export function parseMatchers(text: string): readonly Matcher[] | MatcherError {
  const terms = parseMatcherTerms(text);
  if (isMatcherError(terms)) return terms;
  const matchers: Matcher[] = [];
  for (const term of terms) {
    const matcher = matcherOf(term);
    if (isMatcherError(matcher)) return matcher;
    matchers.push(matcher);
  }
  return matchers;
}

/** Reads exactly one matcher without braces, such as `severity=~"warning|critical"`. */
export function parseMatcher(text: string): Matcher | MatcherError {
  const term = parseMatcherTerm(text);
  return isMatcherError(term) ? term : matcherOf(term);
}

function matcherOf({ label, operator, value }: MatcherTerm): Matcher | MatcherError {
  const matcher = createMatcher(label, operator, value);
  return isMatcherError(matcher) ? { error: `cannot be used: ${matcher.error}` } : matcher;
}
