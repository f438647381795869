import * as v from 'valibot';
import { compilePattern, type Pattern } from '../../lib/pattern.ts';
import { literalText } from '../../lib/schema-atoms.ts';

/** A regular expression of the configuration, compiled at load. A `$` in it is its own, no reference. */
export const pattern = v.pipe(
  literalText('a regular expression'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return compilePattern(dataset.value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      addIssue({ message: `a valid regular expression (${error.message})` });
      return NEVER;
    }
  }),
);

export const patterns = v.optional(v.array(pattern, 'a list of regular expressions'), []);

/** Expressions that are compiled at their first use, which throws a `SyntaxError` for a bad one. */
export const latePatterns = v.optional(
  v.array(
    v.pipe(
      literalText('a regular expression'),
      v.transform((source): Pattern => {
        let compiled: Pattern | undefined;
        const late = (): Pattern => (compiled ??= compilePattern(source));
        return {
          source,
          matches: (text) => late().matches(text),
          find: (text) => late().find(text),
          toJSON: () => source,
        };
      }),
    ),
    'a list of regular expressions',
  ),
  [],
);
