import { parseMatchers } from '../lib/matcher.ts';
import { formatMatcher } from '../model/format-matcher.ts';
import { isMatcherError } from '../model/matcher-syntax.ts';
import type { Matcher } from '../model/route.ts';
import { UsageError } from './command.ts';

/** Reads matchers as arguments. The first may be a bare word, which is the name of an alert, as in amtool. */
export function matchersIn(words: readonly string[]): readonly Matcher[] {
  return words.flatMap((word, position) => {
    const isName = position === 0 && !/[=~{]/.test(word);
    const text = isName ? `alertname=${JSON.stringify(word)}` : word;
    const parsed = parseMatchers(text);
    if (isMatcherError(parsed)) {
      throw new UsageError(`"${word}" is no matcher such as severity="critical": ${parsed.error}`);
    }
    return parsed;
  });
}

export function matcherTexts(matchers: readonly Matcher[]): string[] {
  return matchers.map(formatMatcher);
}
