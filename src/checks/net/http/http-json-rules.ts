import { errorMessage, type Failure } from '../failure.ts';
import type { Body } from './http-body.ts';
import type { HttpOptions } from './http-options.ts';
import { parseJsonBody, type JsonValue } from './json-body.ts';

/** A body as JSON, or why it is none. */
export type JsonReading = { readonly value: JsonValue } | { readonly failure: Failure };

export function hasCelRules(options: HttpOptions): boolean {
  const { fail_if_body_json_matches_cel: bad, fail_if_body_json_not_matches_cel: good } = options;
  return (bad ?? good) !== undefined;
}

/** Whether the rules or the values of the options need the body as JSON. */
export function needsJson(options: HttpOptions): boolean {
  return hasCelRules(options) || options.json_values.length > 0;
}

/** Reads the body as JSON; one that could not be read to its end is none. */
export function readJson(body: Body | undefined, keptBytes: number, from: string): JsonReading {
  if (body === undefined) {
    const summary = `the body of the redirect from ${from} is not read, wanted JSON`;
    return { failure: { reason: 'body', summary } };
  }
  if (body.failure !== undefined) return { failure: body.failure };
  if (body.bytes > keptBytes) {
    const summary = `the body of ${from} has ${body.bytes} bytes, wanted JSON of at most ${keptBytes}`;
    return { failure: { reason: 'body', summary } };
  }
  try {
    return { value: parseJsonBody(body.text) };
  } catch (error) {
    const summary = `the body of ${from} is not the JSON that was wanted: ${errorMessage(error)}`;
    return { failure: { reason: 'body', summary } };
  }
}

/** The rules in CEL: what is not JSON, no boolean or cannot be told breaks them. */
export function judgeCel(
  reading: JsonReading,
  from: string,
  options: HttpOptions,
): Failure | undefined {
  if ('failure' in reading) return reading.failure;
  const rules = [
    { program: options.fail_if_body_json_matches_cel, isBreach: true, wanted: 'false' },
    { program: options.fail_if_body_json_not_matches_cel, isBreach: false, wanted: 'true' },
  ];
  for (const { program, isBreach, wanted } of rules) {
    if (program === undefined) continue;
    const said = `${program.source} of the body of ${from}`;
    try {
      const result = program.evaluate(reading.value);
      if (typeof result !== 'boolean') {
        return { reason: 'body', summary: `${said} is neither true nor false, wanted ${wanted}` };
      }
      if (result === isBreach) {
        return { reason: 'body', summary: `${said} is ${result}, wanted ${wanted}` };
      }
    } catch (error) {
      return { reason: 'body', summary: `${said} cannot be told: ${errorMessage(error)}` };
    }
  }
  return undefined;
}
