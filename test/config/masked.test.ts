import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { maskedYaml } from '../../src/config/masked.ts';
import { listOf, mapOf, scalarOf, type Place, type Tree } from '../../src/config/tree.ts';

const place: Place = { file: 'x', path: '' };

type Value = string | number | boolean | Value[] | { [key: string]: Value };

function treeOf(value: Value): Tree {
  if (Array.isArray(value)) return listOf(value.map(treeOf), place);
  if (typeof value !== 'object') return scalarOf(value, place);
  const entries = Object.entries(value).map(([key, inner]) => [key, treeOf(inner)]);
  return mapOf(Object.fromEntries(entries) as Record<string, Tree>, place);
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'yes',
    'null',
    '1e5',
    '0x1f',
    '10s',
    '- a',
    'a: b',
    'a #b',
    '*x',
    '~',
    '2026-01-01',
    ' a',
    'a ',
  ),
);
const key = fc.oneof(fc.stringMatching(/^[a-z_]+$/), text).filter((name) => name !== '__proto__');
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

test('what is printed reads as what was there, whatever it is', () => {
  fc.assert(
    fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (document) => {
      const printed = maskedYaml(treeOf(document), new Set());
      expect(parse(printed)).toEqual(masked(document));
    }),
    { numRuns: 500 },
  );
});

/** Passwords in URLs are masked even here; nothing else may change. */
function masked(document: Value): unknown {
  const mask = (text: string): string =>
    text.replaceAll(/(\w[\w+.-]*:\/\/[^/?#@\s:]*:)[^/?#@\s]+@/g, '$1xxxxx@');
  return JSON.parse(JSON.stringify(document), (_, inner: unknown) =>
    typeof inner === 'string' ? mask(inner) : inner,
  );
}
