import { createRequire } from 'node:module';
import type * as Re2Library from 're2js';

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

type Engine = (typeof Re2Library)['RE2JS'];

let engine: Engine | undefined;

/**
 * Loads the engine at its first use, so that who configured no expression never pays for it, and at once,
 * so that nobody who compiles one has to wait. The bundle holds the library behind its own `require`; an ES
 * module that runs from source has none.
 */
function loadEngine(): Engine {
  const library: unknown =
    typeof require === 'function' ? require('re2js') : createRequire(import.meta.url)('re2js');
  return (library as typeof Re2Library).RE2JS;
}

/** Compiles an expression in RE2 syntax. Throws a `SyntaxError` that says what is wrong with it. */
export function compilePattern(source: string): Pattern {
  const expression = compile(source);
  return {
    source,
    matches: (text) => expression.test(text),
    find: (text) => (expression.exec(text) as RegExpExecArray | null) ?? undefined,
    toJSON: () => source,
  };
}

function compile(source: string): Re2Library.RE2JS {
  engine ??= loadEngine();
  try {
    return engine.compile(source);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(message.replace(/^error parsing regexp: /, ''), { cause: error });
  }
}
