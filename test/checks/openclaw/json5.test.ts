import { expect, test } from 'vitest';
import { parseJson5 } from '../../../src/checks/openclaw/json5.ts';

test.each([
  [`{a: 1, 'b': "two", "c": [1, 2, 3,],}`, { a: 1, b: 'two', c: [1, 2, 3] }],
  [`// a word\n{ /* and\nanother */ x: 'it\\'s "so"' }`, { x: `it's "so"` }],
  [`{"u":"http://127.0.0.1:1/v1"}`, { u: 'http://127.0.0.1:1/v1' }],
  [`{n: +.5, m: -2, h: 0x10, t: true, z: null}`, { n: 0.5, m: -2, h: 16, t: true, z: null }],
])('%s is read', (text, value) => expect(parseJson5(text)).toEqual(value));

test.each([
  '',
  '{',
  '{a:1',
  '{a 1}',
  '{a:}',
  '[1 2]',
  '{a:"x}',
  '{}{}',
  '<!doctype html>',
  '['.repeat(500),
])('%s is none', (text) => expect(parseJson5(text)).toBeUndefined());
