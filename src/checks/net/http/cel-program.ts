import type { Environment } from '@marcbachmann/cel-js';
import * as v from 'valibot';
import { compilePattern } from '../../../lib/pattern.ts';
import { literalText } from '../../../lib/schema-atoms.ts';
import type { JsonValue } from './json-body.ts';

/** A compiled expression in CEL with one variable, `body`. */
export interface CelProgram {
  /** As the user wrote it. */
  readonly source: string;
  /** What the expression gives. Throws an `Error` that says what it could not do. */
  readonly evaluate: (body: JsonValue) => unknown;
  /** The source, for whoever prints options. */
  toJSON(): string;
}

/** The engine's own `matches` backtracks, and does so over what a server sent: ours stands in for it. */
const linearMatches = 'matches_in_linear_time';

let engine: Environment | undefined;

function matches(text: string, expression: string): boolean {
  return compilePattern(expression).matches(text);
}

/** Loads the engine, which compiling needs; who configured no expression never pays for it. */
export async function loadCelEngine(): Promise<void> {
  if (engine !== undefined) return;
  const { Environment } = await import('@marcbachmann/cel-js');
  // Literals of mixed types are fine in CEL; numbers of JSON are doubles.
  engine = new Environment({ homogeneousAggregateLiterals: false })
    .registerVariable('body', 'dyn')
    .registerFunction('matches(string, string): bool', matches)
    .registerFunction(`string.${linearMatches}(string): bool`, matches);
}

/** Lets every `text.matches(expression)` below a node call the function that takes linear time. */
function replaceMatches(node: unknown): void {
  if (Array.isArray(node)) return node.forEach(replaceMatches);
  if (typeof node !== 'object' || node === null || !('args' in node)) return;
  const { args } = node;
  const isMethod = 'op' in node && node.op === 'rcall' && Array.isArray(args);
  if (isMethod && args[0] === 'matches') args[0] = linearMatches;
  replaceMatches(args);
}

/** The first line of what the engine says; the others draw the place, which needs a fixed width. */
function said(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0]?.replaceAll(linearMatches, 'matches') ?? '';
}

/**
 * Compiles an expression, and checks its types as far as they are known. Throws a `SyntaxError` that says
 * what is wrong with it. The engine must have been loaded.
 */
export function compileCel(source: string): CelProgram {
  if (engine === undefined) throw new Error('loadCelEngine was not awaited');
  const parsed = parse(engine, source);
  replaceMatches(parsed.ast);
  const checked = parsed.check();
  if (!checked.valid) throw new SyntaxError(said(checked.error));
  const run = parsed as (variables: { readonly body: JsonValue }) => unknown;
  return {
    source,
    evaluate(body) {
      try {
        return run({ body });
      } catch (error) {
        throw new Error(said(error), { cause: error });
      }
    },
    toJSON: () => source,
  };
}

function parse(environment: Environment, source: string): ReturnType<Environment['parse']> {
  try {
    return environment.parse(source);
  } catch (error) {
    throw new SyntaxError(said(error), { cause: error });
  }
}

/** An expression of the configuration, compiled at load. A `$` in it is its own, no reference. */
export const celProgram = v.pipe(
  literalText('a CEL expression'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return compileCel(dataset.value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      addIssue({ message: `a valid CEL expression over body (${error.message})` });
      return NEVER;
    }
  }),
);
