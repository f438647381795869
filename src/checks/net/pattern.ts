import type { RE2JS } from 're2js';
import * as v from 'valibot';
import { literalText } from '../../lib/schema-atoms.ts';

/** A compiled regular expression of the configuration: RE2 syntax, unanchored, in linear time. */
export interface Pattern {
  /** As the user wrote it. */
  readonly source: string;
  readonly matches: (text: string) => boolean;
  /** The first match with its groups, or undefined. */
  readonly find: (text: string) => RegExpExecArray | undefined;
  /** The source, for whoever prints options. */
  toJSON(): string;
}

let engine: typeof RE2JS | undefined;

/** Loads the engine, which compiling needs; who configured no expression never pays for it. */
export async function loadPatternEngine(): Promise<void> {
  engine ??= (await import('re2js')).RE2JS;
}

/**
 * Compiles an expression in RE2 syntax. Throws a `SyntaxError` that says what is wrong with it. The engine
 * must have been loaded.
 */
export function compilePattern(source: string): Pattern {
  if (engine === undefined) throw new Error('loadPatternEngine was not awaited');
  const expression = compile(engine, source);
  return {
    source,
    matches: (text) => expression.test(text),
    find: (text) => (expression.exec(text) as RegExpExecArray | null) ?? undefined,
    toJSON: () => source,
  };
}

function compile(re2: typeof RE2JS, source: string): RE2JS {
  try {
    return re2.compile(source);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(message.replace(/^error parsing regexp: /, ''), { cause: error });
  }
}

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
