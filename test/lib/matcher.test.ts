import { describe, expect, test } from 'vitest';
import { createMatcher, parseMatcher, parseMatchers } from '../../src/lib/matcher.ts';
import { compilePattern } from '../../src/lib/pattern.ts';
import { formatMatcher, isMatcherError } from '../../src/model/matcher-syntax.ts';

/** The matchers of a text as label, operator and value, or what is wrong with it. */
function read(text: string): string | readonly string[] {
  const parsed = parseMatchers(text);
  if (isMatcherError(parsed)) return parsed.error;
  return parsed.map(({ label, operator, value }) => `${label}|${operator}|${value}`);
}

describe('the text of matchers', () => {
  test.each<[string, readonly string[]]>([
    ['', []],
    ['{}', []],
    ['foo=bar', ['foo|=|bar']],
    ['{foo="bar"}', ['foo|=|bar']],
    ['{ foo = "bar" , }', ['foo|=|bar']],
    [' a!=b, c=~"d|e", f!~g ', ['a|!=|b', 'c|=~|d|e', 'f|!~|g']],
    ['"spaced label"="x y"', ['spaced label|=|x y']],
    ['größe="é"', ['größe|=|é']],
    ['foo="b\\"a\\\\r\\n"', ['foo|=|b"a\\r\n']],
    ['größe="\\u00e9\\x41\\U0001F514\\303\\251"', ['größe|=|éA🔔é']],
    ['foo=""', ['foo|=|']],
    ['foo="a,b", bar="{c}"', ['foo|=|a,b', 'bar|=|{c}']],
  ])('%s is read in the newer dialect', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each<[string, readonly string[]]>([
    ['foo=', ['foo|=|']],
    ['a=b=c', ['a|=|b=c']],
    ['{a=b=c,d=}', ['a|=|b=c', 'd|=|']],
    ['foo=bar baz', ['foo|=|bar baz']],
    ['foo=~[a-z]{2}', ['foo|=~|[a-z]{2']],
    ['foo=a\\nb\\d', ['foo|=|a\nb\\d']],
    ['foo="\\t\\d"', ['foo|=|\\t\\d']],
    ['{foo="bar"', ['foo|=|bar']],
    ['{', []],
  ])('%s is read in the classic dialect', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each([
    ['foo', 'is not a matcher such as severity="critical" or service=~"web|api"'],
    ['=bar', 'is not a matcher such as severity="critical" or service=~"web|api"'],
    [',', 'is not a matcher such as severity="critical" or service=~"web|api"'],
    ['a=b,,c=d', 'is not a matcher such as severity="critical" or service=~"web|api"'],
    ['{"foo"="bar"', 'has a brace without its partner'],
    ['foo=b\\,c', 'cannot be read from "\\\\,c" on'],
    ['foo="bar', 'cannot be read from "\\"bar" on'],
    ['"x y"="\\q"', 'has an unknown escape in "\\q"'],
    ['foo=~"("', 'cannot be used: "(" is no valid regular expression (missing closing ))'],
  ])('%s is refused', (text, message) => {
    expect(read(text)).toBe(message);
  });

  test('holds exactly one where one is wanted', () => {
    expect(parseMatcher('a=b')).toMatchObject({ label: 'a', operator: '=', value: 'b' });
    expect(parseMatcher('a=b,c=d')).toMatchObject({ label: 'a', value: 'b,c=d' });
    expect(parseMatcher('"a"=b,c=d')).toEqual({ error: 'holds more than one matcher' });
    expect(parseMatcher('')).toEqual({ error: 'is empty' });
    expect(parseMatcher('{a=b}')).toEqual({ error: 'has braces, expected none' });
  });
});

describe('a matcher', () => {
  const passes = (text: string, labels: Record<string, string>): boolean => {
    const matcher = parseMatcher(text);
    if (isMatcherError(matcher)) throw new Error(matcher.error);
    return matcher.matches(labels);
  };

  test.each([
    ['a="x"', { a: 'x' }, true],
    ['a="x"', { a: 'y' }, false],
    ['a=""', {}, true],
    ['constructor=""', {}, true],
    ['toString=~".+"', {}, false],
    ['__proto__="x"', JSON.parse('{"__proto__":"x"}') as Record<string, string>, true],
    ['a!=""', {}, false],
    ['a!="x"', {}, true],
    ['a=~"x|y"', { a: 'y' }, true],
    ['a=~"x|y"', { a: 'xy' }, false],
    ['a=~"x.*"', { a: 'x\ny' }, false],
    ['a=~"(?s)x.*"', { a: 'x\ny' }, true],
    ['a=~"(?i)WEB"', { a: 'web' }, true],
    ['a=~".*"', {}, true],
    ['a=~".+"', {}, false],
    ['a!~"x|y"', { a: 'y' }, false],
    ['a!~"x"', {}, true],
    ['a=~"x.+"', { a: 'x' }, false],
    ['a=~".*x"', { a: 'yx' }, true],
    ['a=~".+x"', { a: 'x' }, false],
    ['a=~".*x"', { a: 'y\nx' }, false],
    ['a=~"x|"', {}, true],
    ['a=~"[[:alpha:]]+\\\\d{2}"', { a: 'web12' }, true],
    ['a=~"a)|(b"', { a: 'b' }, true],
  ])('%s on %o: %s', (text, labels, expected) => {
    expect(passes(text, labels)).toBe(expected);
  });

  test.each(['a="b"', '"x y"!="q\\"\\\\"', 'a=~"b|c\\n"'])(
    '%s is printed so that it reads the same',
    (text) => {
      const matcher = parseMatcher(text);
      if (isMatcherError(matcher)) throw new Error(matcher.error);
      expect(formatMatcher(matcher)).toBe(text);
    },
  );

  test('simple expressions, which are tested without the engine, mean what they mean to it', () => {
    const simple = [
      'a',
      'a|b',
      '',
      'a|',
      '|',
      'a\\.b|c\\|d',
      '.*',
      '.+',
      'a.*',
      'a.+',
      '.*a',
      '.+a',
    ];
    simple.push(
      '.*\\.b',
      '.*a.*',
      '.*\\\\',
      'a-b_c/d:e',
      '\\-',
      '\\[x\\]',
      'é|🔔',
      '.+🔔',
      'a\n|b',
    );
    const values = [
      '',
      'a',
      'b',
      'ab',
      'aa',
      'a.b',
      'axb',
      'c|d',
      'c',
      '\n',
      'a\n',
      '\na',
      'xa\ny',
      'é',
    ];
    values.push('🔔', 'x🔔', '\\', '-', '[x]', 'a-b_c/d:e', 'xay', 'a\nb');
    for (const pattern of simple) {
      const matcher = createMatcher('a', '=~', pattern);
      const engine = compilePattern(`^(?:${pattern})$`);
      if (isMatcherError(matcher)) throw new Error(matcher.error);
      const ours = values.map((value) => [pattern, value, matcher.matches({ a: value })]);
      expect(ours).toEqual(values.map((value) => [pattern, value, engine.matches(value)]));
    }
  });

  test('an expression that would take other engines years takes no time', () => {
    const started = performance.now();
    expect(passes('a=~"(a+)+b"', { a: 'a'.repeat(5000) })).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
