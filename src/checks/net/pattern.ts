import * as v from 'valibot';
import { translate } from './re2-syntax.ts';

/** A compiled regular expression of the configuration: RE2 syntax, unanchored. */
export interface Pattern {
  /** As the user wrote it. */
  readonly source: string;
  readonly matches: (text: string) => boolean;
  /** The first match with its groups, or undefined. */
  readonly find: (text: string) => RegExpExecArray | undefined;
}

/** Compiles an expression in RE2 syntax. Throws a `SyntaxError` that says what is wrong with it. */
export function compilePattern(source: string): Pattern {
  const { body, flags } = translate(source);
  const expression = new RegExp(body, flags);
  return {
    source,
    matches: (text) => expression.test(text),
    find: (text) => expression.exec(text) ?? undefined,
  };
}

/** A regular expression of the configuration, compiled at load. */
export const pattern = v.pipe(
  v.string('a regular expression'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return compilePattern(dataset.value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      addIssue({ message: `a valid regular expression (${reason})` });
      return NEVER;
    }
  }),
);

export const patterns = v.optional(v.array(pattern, 'a list of regular expressions'), []);
