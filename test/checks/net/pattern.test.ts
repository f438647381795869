import * as v from 'valibot';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { pattern } from '../../../src/checks/net/pattern.ts';
import { compilePattern } from '../../../src/lib/pattern.ts';

test.each([
  ['{"ok":true}', 'x{"ok":true}', true],
  ['a{2}', 'aa', true],
  ['(?i)ready|ok', 'it is OK', true],
  ['(?s)a.b', 'a\nb', true],
  ['a.b', 'a\nb', false],
  ['a.b', 'a\rb', true],
  ['(?m)^b$', 'a\nb', true],
  ['^b$', 'a\nb', false],
  ['\\Ab\\z', 'b', true],
  ['(?m)\\Ab', 'a\nb', false],
  ['(?i:ab)c', 'ABC', false],
  ['(?U)a+', 'a', true],
  ['x(?i)y', 'xY', true],
  ['(?P<year>\\d+)', '2026', true],
  ['[[:digit:]]{3}', '123', true],
  ['[^[:alpha:]]', 'abc', false],
  ['[]x]', ']', true],
  ['[a-]', '-', true],
  ['\\pL\\p{Greek}', 'éα', true],
  ['\\Qa.b*\\E+', 'a.b**', true],
  ['\\-\\"\\@', '-"@', true],
  ['\\x41\\x{1F600}', 'A😀', true],
  ['\\s', '\u00a0', false],
  ['[\\s]', '\t', true],
])('%s on %j', (source, text, matches) => {
  expect(compilePattern(source).matches(text)).toBe(matches);
});

test.each([':[', '(?=a)', '(?<!a)b', '(a)\\1', 'a)', '*', '[[:what:]]', '\\y'])(
  '%s is refused as RE2 does, or as not supported',
  (source) => {
    expect(() => compilePattern(source)).toThrow(SyntaxError);
    const [issue] = v.safeParse(pattern, source).issues ?? [];
    expect(issue?.message).toMatch(/^a valid regular expression \(.+\)$/);
  },
);

test('whatever text is quoted matches itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!text.includes('\\E'));
      expect(compilePattern(`^\\Q${text}\\E$`).matches(text)).toBe(true);
    }),
  );
});

test('no expression makes the translator fail in another way than by refusing it', () => {
  const unit = fc.constantFrom(...Array.from('\\[](){}?^$.*+|-:aPpQEx1,é😀 '));
  fc.assert(
    fc.property(fc.string({ unit }), (source) => {
      try {
        compilePattern(source);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
    { numRuns: 2000 },
  );
});
