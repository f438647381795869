import * as v from 'valibot';

/**
 * How strictly a block of options is read. A check's own block refuses at load whatever could never work;
 * a module takes what blackbox_exporter takes, where such a value fails the probe that uses it.
 */
export type Strictness = 'strict' | 'lax';

/** One of several words; any text where the reading is lax. */
export function choice(
  words: readonly string[],
  message: string,
  strictness: Strictness,
): v.GenericSchema<string, string> {
  return strictness === 'lax' ? v.string(message) : v.picklist(words, message);
}
