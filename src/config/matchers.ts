import { createMatcher, parseMatchers } from '../lib/matcher.ts';
import { inMatcherOrder, isMatcherError, matcherDoubt } from '../model/matcher-syntax.ts';
import type { Matcher, MatchOperator } from '../model/route.ts';
import { describe } from './reader.ts';
import { refuse, warn, type Reading } from './reading.ts';
import { itemsOf, valueOf, type Tree } from './tree.ts';

/** The keys under which the three ways to write matchers stand, and what was read from them. */
export interface WrittenMatchers {
  readonly list: readonly [key: string, texts: string | readonly string[] | undefined];
  readonly equal: readonly [key: string, values: Readonly<Record<string, string>> | undefined];
  readonly regex: readonly [key: string, values: Readonly<Record<string, string>> | undefined];
}

/** The three ways to write matchers, which all must hold, in Alertmanager's order. */
export function readMatchers(
  reading: Reading,
  tree: Tree,
  { list: [key, written], equal, regex }: WrittenMatchers,
): readonly Matcher[] {
  const matchers: Matcher[] = [
    ...fromMap(reading, valueOf(tree, equal[0]), equal[1], '='),
    ...fromMap(reading, valueOf(tree, regex[0]), regex[1], '=~'),
  ];
  const list = valueOf(tree, key);
  const texts = typeof written === 'string' ? [written] : (written ?? []);
  for (const [position, text] of texts.entries()) {
    const parsed = parseMatchers(text);
    const at = itemsOf(list)[position] ?? list ?? tree;
    const matcher = `the matcher ${describe(at, reading.hidden)}`;
    if (isMatcherError(parsed)) {
      refuse(reading, at, `${matcher} ${parsed.error}`);
      continue;
    }
    matchers.push(...parsed);
    const doubt = matcherDoubt(text);
    if (doubt !== undefined) warn(reading, at, `${matcher} ${doubt}`);
  }
  return inMatcherOrder(matchers);
}

function fromMap(
  reading: Reading,
  tree: Tree | undefined,
  values: Readonly<Record<string, string>> = {},
  operator: MatchOperator,
): readonly Matcher[] {
  return Object.entries(values).flatMap(([label, value]) => {
    const matcher = createMatcher(label, operator, value);
    // In the older form Alertmanager writes the anchors into the key of the route.
    const shown = operator === '=' ? value : `^(?:${value})$`;
    if (!isMatcherError(matcher)) return [{ ...matcher, value: shown }];
    const at = valueOf(tree, label);
    if (at !== undefined) refuse(reading, at, `expected a label value, ${matcher.error}`);
    return [];
  });
}
