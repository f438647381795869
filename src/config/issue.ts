import type * as v from 'valibot';
import { oneOf } from './nearest.ts';

/** What a schema has to say of a value, without the value. */
export interface Finding {
  readonly keys: readonly (string | number)[];
  /** What would be right; absent if the key at the end of `keys` is missing. */
  readonly wanted?: string;
  /** The words that would be right, where it is a choice. */
  readonly words: readonly string[];
}

type Issue = v.BaseIssue<unknown>;

/** Splits an issue into what to tell: of a union that fails, only the part the value was meant for. */
export function findingsOf(issue: Issue, above: Finding['keys'] = []): readonly Finding[] {
  const own = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const keys = [...above, ...own];
  const below = (issue.issues ?? []).filter((inner) => (inner.path ?? []).length > 0);
  if (below.length > 0) return below.flatMap((inner) => findingsOf(inner, keys));
  const isMissing = issue.expected === `"${String(keys.at(-1))}"` && issue.received === 'undefined';
  if (isMissing) return [{ keys, words: [] }];
  const words = choices(issue);
  return [{ keys, wanted: wantedBy(issue, words), words }];
}

/** Messages nobody wrote start like this; the ones of the house say what would be right. */
const isUnwritten = (issue: Issue): boolean => /^Invalid \w+: /.test(issue.message);

const names: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  Object: 'a map',
  Array: 'a list',
};

function choices({ expected, type }: Issue): readonly string[] {
  if (type !== 'picklist' && type !== 'literal' && type !== 'union') return [];
  const parts = (expected ?? '').replace(/^\((.*)\)$/s, '$1').split(' | ');
  return parts.filter((part) => part.startsWith('"')).map((part) => part.slice(1, -1));
}

function wantedBy(issue: Issue, words: readonly string[]): string {
  if (!isUnwritten(issue)) return issue.message;
  if (words.length > 0) return oneOf(words);
  const expected = (issue.expected ?? '').replace(/^\((.*)\)$/s, '$1');
  return oneOf(expected.split(' | ').map((part) => names[part] ?? part));
}
