import { describe, expect, test } from 'vitest';
import { parseMatchers } from '../../../src/lib/matcher.ts';
import { parseClassicTerms } from '../../../src/model/matcher-classic.ts';
import {
  formatMatcher,
  inMatcherOrder,
  isMatcherError,
} from '../../../src/model/matcher-syntax.ts';
import { diceOf } from '../../support/random-case.ts';
import { hasAmtool, refusals, shownMatchers } from './kit/amtool.ts';

/** Texts that both programs must read the same or refuse both. */
const texts: readonly string[] = [
  '',
  '{}',
  '{',
  '}',
  '{{',
  '}}',
  '{,}',
  ',',
  ' ',
  'foo',
  '{foo}',
  '"foo"',
  'foo=',
  '{foo=}',
  '{foo=',
  'foo=}',
  '{foo=}b',
  '{{foo=',
  'foo=bar',
  '{foo=bar}',
  '{foo=bar}}',
  '{foo=bar}},}',
  '{foo=,bar=}}',
  '{foo="bar"',
  'foo="bar"}',
  'foo="bar"',
  '{foo="bar"}',
  '{ foo = "bar" }',
  '{ foo = "bar" , }',
  'foo="bar",',
  'foo="bar", ',
  'foo="bar",,',
  ',foo="bar"',
  'foo="bar",baz',
  'foo!=bar',
  'foo!="bar"',
  'foo=~bar.*',
  'foo=~"bar.*"',
  'foo!~bar|baz',
  'foo!~"bar|baz"',
  'foo==bar',
  'foo=!bar',
  'foo!bar',
  'foo!!=bar',
  'foo=~~bar',
  'foo=~=bar',
  'foo!~~~',
  'a=b=c',
  '=bar',
  '!=bar',
  '=~',
  'foo=bar baz',
  'foo = bar ',
  '\tfoo=bar\n',
  'foo="bar baz"',
  'foo="a,b",bar="c}"',
  'foo=a,b',
  'foo=a,b=c',
  'foo=a\\,b=c',
  'foo="a\\",b=c',
  'foo="a\\,",b=c',
  'foo="a\\,",b="c',
  'foo=a\\,"b=c',
  'foo="a\\,\\"",b=c',
  'foo="a\\\\",b=c',
  'foo="b\\"a\\\\r\\n"',
  'foo=\\n',
  'foo=bar\\t',
  'foo="\\t"',
  'foo="\\q\\d"',
  'foo="\\x41\\u00e9\\101"',
  'foo=bar\\',
  'foo="bar\\"',
  'foo=bar\\\\',
  'foo=\\"',
  'foo=bar"',
  'foo="bar',
  'foo=b"a"r',
  'foo="b"ar',
  'foo="bar""',
  'foo=""',
  'foo="""',
  "foo='bar'",
  "foo='",
  'foo=`bar`',
  'foo="\n"',
  'foo=a\nb',
  'foo:bar=baz',
  ':=x',
  '_=x',
  'foo="größe 🔔"',
  'foo=größe',
  'foo=~"["',
  'foo=~"("',
  'foo=~"a)|(b"',
  'foo=~"a{1001}"',
  'foo=~"(?i)web"',
  'foo=~"(?P<x>a)"',
  'foo=~"(?=a)"',
  'foo=~"\\\\1"',
  'foo=~"\\\\pL+"',
  'foo=~"\\\\x{10FFFF}"',
  'foo=~"x**"',
  'foo=~"[[:word:]]"',
  'foo=~"[z-a]"',
  'foo=~"(?:"',
  'foo=~"\\\\"',
  'foo=~"*"',
  'foo=~[a-z]{2}',
  'foo=~{2}',
  'a="1",b!="2",c=~"3",d!~"4"',
  'b="2",a="1",a!="0"',
];

/**
 * Texts that only the newer dialect can read. Alertmanager 0.25 is older than it and refuses them; since
 * 0.27 they mean this.
 */
const newer: readonly (readonly [string, string])[] = [
  ['"foo"=bar', 'foo="bar"'],
  ['"foo"="bar"', 'foo="bar"'],
  ['{"foo"="bar"}', 'foo="bar"'],
  ['"x y"="z"', '"x y"="z"'],
  ['größe="x"', 'größe="x"'],
  ['foo-bar="x"', 'foo-bar="x"'],
  ['{foo-bar = x, }', 'foo-bar="x"'],
  ['1st=x', '1st="x"'],
  ['foo.bar/baz@9=~"x.*"', 'foo.bar/baz@9=~"x.*"'],
  ['"🔔"!~"x"', '🔔!~"x"'],
  ['"a\\"b"="c\\t\\x41"', '"a\\"b"="c\\tA"'],
  [' {foo="bar"}', 'foo="bar"'],
  ['{foo="bar"} ', 'foo="bar"'],
];

const configOf = (matchers: readonly string[]): string => {
  const routes = matchers.map((text) => `    - matchers: [${JSON.stringify(text)}]`).join('\n');
  return `route:\n  receiver: a\n  routes:\n${routes}\nreceivers: [{ name: a }]\n`;
};

/** What tocsin reads, in Alertmanager's notation and order; undefined if it refuses. */
function ours(text: string): string | undefined {
  const matchers = parseMatchers(text);
  if (isMatcherError(matchers)) return undefined;
  const shown = inMatcherOrder(matchers);
  return shown.length === 0 ? 'default-route' : `{${shown.map(formatMatcher).join(',')}}`;
}

const pieces = [
  'foo',
  'b_r:1',
  'x-y',
  'é',
  ' ',
  '\t',
  '\n',
  '=',
  '=~',
  '!=',
  '!~',
  '!',
  '~',
  '"',
  '"x"',
  "'",
  '\\',
  '\\"',
  '\\n',
  ',',
  '{',
  '}',
  'a|b',
  '.*',
  '[a-z]',
  '(',
  '1',
] as const;

function randomText(seed: number): string {
  const dice = diceOf(seed);
  const word = (): string => dice.pick(pieces);
  const matcher = (): string =>
    [dice.pick(['foo', 'bar', word()]), dice.pick(['=', '!=', '=~', '!~', word()])]
      .concat(dice.several(0, 3, word))
      .join('');
  const inner = dice.several(1, 3, matcher).join(dice.pick([',', ', ', word()]));
  return dice.pick([inner, `{${inner}}`, `{${inner}`, `${inner},`]);
}

describe.skipIf(!hasAmtool)('AM-M02 the text of matchers', () => {
  test(`${texts.length} texts are read or refused as amtool does`, async () => {
    const refused = await refusals(texts.map((text) => configOf([text])));
    const taken = texts.filter((_, index) => refused[index] === undefined);
    const shown = await shownMatchers(configOf(taken));
    const theirs = new Map(taken.map((text, index) => [text, shown[index]]));
    const differences = texts.flatMap((text) => {
      const [own, other] = [ours(text), theirs.get(text)];
      return own === other ? [] : [{ text, ours: own, amtool: other }];
    });
    expect(differences).toEqual([]);
    expect(taken.length).toBeGreaterThan(40);
    expect(texts.length - taken.length).toBeGreaterThan(20);
  });

  test('so are 1,500 random ones, but for those that only the newer dialect reads', async () => {
    const random = Array.from({ length: 1500 }, (_, seed) => randomText(seed));
    const refused = await refusals(random.map((text) => configOf([text])));
    const taken = random.filter((_, index) => refused[index] === undefined);
    const shown = await shownMatchers(configOf(taken));
    const theirs = new Map(taken.map((text, index) => [text, shown[index]]));
    const differences = random.flatMap((text) => {
      const isNewer = isMatcherError(parseClassicTerms(text));
      const [own, other] = [isNewer ? undefined : ours(text), theirs.get(text)];
      return own === other ? [] : [{ text, ours: own, amtool: other }];
    });
    expect(differences).toEqual([]);
    expect(taken.length).toBeGreaterThan(300);
  });

  test('texts of the newer dialect are refused by the older amtool and read here', async () => {
    const refused = await refusals(newer.map(([text]) => configOf([text])));
    expect(refused.filter((reason) => reason === undefined)).toEqual([]);
    for (const [text, expected] of newer)
      expect([text, ours(text)]).toEqual([text, `{${expected}}`]);
  });
});
