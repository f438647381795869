import * as v from 'valibot';
import { patternFault } from '../model/pattern-fault.ts';
import { Secret } from '../model/secret.ts';
import { parseDuration } from './duration.ts';

/**
 * The small schemas that configuration and check types share. A message says what would be right; the
 * reader of the configuration puts file, line and the value in front of it.
 */

/** A duration in the notation of Prometheus; gives milliseconds. */
export const duration = v.pipe(
  v.string('a duration such as 30s, 2m or 1h30m'),
  v.check((text) => parseDuration(text) !== undefined, 'a duration such as 30s, 2m or 1h30m'),
  v.transform((text) => parseDuration(text) ?? 0),
);

/** A duration that must be longer than nothing; gives milliseconds. */
export const positiveDuration = v.pipe(
  duration,
  v.minValue(1, 'a duration above zero, such as 30s'),
);

/**
 * A value that must never be printed. The reader of the configuration hands over a `Secret` where the
 * text held a reference such as `${ENV_NAME}`; a literal becomes one here.
 */
export const secret = v.pipe(
  v.union([v.string(), v.instance(Secret)], 'a text, best written as ${ENV_NAME} or ${file:/path}'),
  v.transform((value) => (typeof value === 'string' ? Secret.of(value) : value)),
);

/**
 * A text that is taken as it is written: what looks like a reference, such as `${1}` in a template, has a
 * meaning of its own there.
 */
export function literalText(message: string) {
  return v.pipe(v.string(message), v.metadata({ literal: true }));
}

/** A text that, if it is empty, stands for none. */
export const textOrNone = v.pipe(
  v.string('a text'),
  v.transform((value): string | undefined => (value === '' ? undefined : value)),
);

/** A plain text; a reference such as `${ENV_NAME}` has already been replaced by its value. */
export const text = v.string('a text');

export const nonEmptyText = v.pipe(v.string('a text'), v.nonEmpty('a text that is not empty'));

export const flag = v.boolean('true or false');

export const wholeNumber = v.pipe(
  v.number('a whole number'),
  v.integer('a whole number'),
  v.minValue(0, 'a whole number of at least 0'),
);

export const positiveNumber = v.pipe(
  v.number('a whole number'),
  v.integer('a whole number'),
  v.minValue(1, 'a whole number of at least 1'),
);

/** A regular expression that is compiled at load. */
export const regularExpression = v.pipe(
  v.string('a regular expression'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return new RegExp(dataset.value, 'u');
    } catch (error) {
      addIssue({ message: `a valid regular expression (${patternFault(error)})` });
      return NEVER;
    }
  }),
);

const labelNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Label names to values, as Prometheus allows them. */
export const labels = v.record(
  v.pipe(
    v.string(),
    v.regex(labelNamePattern, 'a label name of letters, digits and _, not starting with a digit'),
  ),
  v.pipe(
    v.union([v.string(), v.number(), v.boolean()], 'a text'),
    v.transform((value) => String(value)),
  ),
  'a map of label names to values',
);

/** An optional key with the sentence that editors and the generated documentation show for it. */
export function optionalKey<const Schema extends v.GenericSchema>(
  description: string,
  schema: Schema,
) {
  return v.pipe(v.optional(schema), v.description(description));
}

/** The same with what stands for a key that is not written. */
export function defaultedKey<
  const Schema extends v.GenericSchema,
  const Default extends v.Default<Schema, undefined>,
>(description: string, schema: Schema, standard: Default) {
  return v.pipe(v.optional(schema, standard), v.description(description));
}

/** What a block with these keys gives once it has been read. */
export type OutputOf<Entries extends v.ObjectEntries> = v.InferOutput<
  v.StrictObjectSchema<Entries, undefined>
>;
