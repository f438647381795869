import { jsonDepthMax } from '../../../model/limits.ts';

/**
 * A JSON value as expressions see it. Objects are maps: a key such as `__proto__` is a key like any other
 * there, and nothing is inherited.
 */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>;

function convert(value: unknown, depth: number): JsonValue {
  if (depth > jsonDepthMax)
    throw new SyntaxError(`it is nested deeper than ${jsonDepthMax} levels`);
  if (Array.isArray(value)) return value.map((item) => convert(item, depth + 1));
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([key, item]) => [key, convert(item, depth + 1)]));
  }
  // `1e999` is no number to blackbox_exporter.
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new SyntaxError('it holds a number that is too large');
  }
  return value as JsonValue;
}

/** Reads a JSON text. Throws a `SyntaxError` that says what is wrong with it. */
export function parseJsonBody(text: string): JsonValue {
  return convert(JSON.parse(text), 1);
}
