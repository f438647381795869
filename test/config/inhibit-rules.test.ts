import { expect, test } from 'vitest';
import { formatMatcher } from '../../src/model/matcher-syntax.ts';
import { configOf, problemsOf } from '../support/config.ts';

const routing = 'route: { receiver: a }\nreceivers: [{ name: a }]\n';

test('rules of inhibition have matchers in every way to write them', async () => {
  const { inhibitRules } = await configOf(`${routing}
inhibit_rules:
  - name: dead hosts
    source_matchers: [alertname="down", 'severity=~"crit.*"']
    target_matchers: ['{severity!="critical"}']
    equal: [host, zone]
  - source_match: { b: "1" }
    source_match_re: { a: x|y }
    target_match: { c: "2" }
    target_match_re: { d: z.* }
    target_matchers: [e="3"]
  - {}
`);
  const shown = inhibitRules.map(({ name, sourceMatchers, targetMatchers, equal }) => [
    name,
    sourceMatchers.map(formatMatcher).join(),
    targetMatchers.map(formatMatcher).join(),
    equal,
  ]);
  expect(shown).toEqual([
    ['dead hosts', 'alertname="down",severity=~"crit.*"', 'severity!="critical"', ['host', 'zone']],
    [undefined, 'a=~"^(?:x|y)$",b="1"', 'c="2",d=~"^(?:z.*)$",e="3"', []],
    [undefined, '', '', []],
  ]);
  expect(inhibitRules[1]?.sourceMatchers[0]?.matches({ a: 'y' })).toBe(true);
  expect(inhibitRules[1]?.sourceMatchers[0]?.matches({ a: 'xy' })).toBe(false);
});

test('AM-A13 an empty item among the rules of inhibition inhibits nothing', async () => {
  const { inhibitRules } = await configOf(`${routing}
inhibit_rules:
  - source_matchers: [a="1"]
  -
  - target_matchers: [b="2"]
`);
  expect(inhibitRules).toHaveLength(2);
});

test('what is wrong with a rule of inhibition is told by line', async () => {
  expect(
    await problemsOf(`${routing}inhibit_rules:
  - source_matcher: [a="1"]
    equal: host
  - target_match_re: { a: "(" }
    source_matchers: [a]
  - 3
`),
  ).toEqual([
    '4:5: inhibit_rules[0].source_matcher: unknown key "source_matcher", did you mean "source_matchers"?',
    '5:12: inhibit_rules[0].equal: expected a list of label names, found "host"',
    '6:27: inhibit_rules[1].target_match_re.a: expected a label value, "(" is no valid regular expression (missing closing ))',
    '7:23: inhibit_rules[1].source_matchers[0]: the matcher "a" is not a matcher such as severity="critical" or service=~"web|api"',
    '8:5: inhibit_rules[2]: expected a map of source_matchers, target_matchers and equal, found 3',
  ]);
  expect(await problemsOf(`${routing}inhibit_rules: { a: b }`)).toEqual([
    '3:16: inhibit_rules: expected a list of rules, each with source_matchers and target_matchers',
  ]);
});
