import * as v from 'valibot';
import { nonEmptyText, optionalKey, text } from '../lib/schema-atoms.ts';
import type { InhibitRule } from '../model/route.ts';
import { readMatchers } from './matchers.ts';
import { read } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import { matcherMap, matcherTexts } from './routing-schema.ts';
import { isNothing, itemsOf, type Tree } from './tree.ts';

/** One rule, with the names of alertmanager.yml. */
export const inhibitRuleSchema = v.strictObject(
  {
    name: optionalKey('A name for logs and explanations.', text),
    source_matchers: optionalKey('Alerts that keep others back while they fire.', matcherTexts),
    target_matchers: optionalKey('Alerts that are kept back.', matcherTexts),
    equal: optionalKey(
      'Labels that both must have with the same value; one that both lack counts as the same.',
      v.array(nonEmptyText, 'a list of label names'),
    ),
    source_match: optionalKey('Older form of source_matchers: labels that are equal.', matcherMap),
    source_match_re: optionalKey('Older form of source_matchers: expressions.', matcherMap),
    target_match: optionalKey('Older form of target_matchers: labels that are equal.', matcherMap),
    target_match_re: optionalKey('Older form of target_matchers: expressions.', matcherMap),
  },
  'a map of source_matchers, target_matchers and equal',
);

/** Reads `inhibit_rules`. An empty item of the list inhibits nothing, as in Alertmanager. */
export function readInhibitRules(reading: Reading, list: Tree | undefined): readonly InhibitRule[] {
  if (list !== undefined && list.kind !== 'list') {
    refuse(
      reading,
      list,
      'expected a list of rules, each with source_matchers and target_matchers',
    );
  }
  const rules = itemsOf(list).filter((tree) => !isNothing(tree));
  return rules.flatMap((tree) => readInhibitRule(reading, tree) ?? []);
}

function readInhibitRule(reading: Reading, tree: Tree): InhibitRule | undefined {
  const keys = read(reading, tree, inhibitRuleSchema);
  if (keys === undefined) return undefined;
  return {
    ...(keys.name === undefined || keys.name === '' ? {} : { name: keys.name }),
    sourceMatchers: readMatchers(reading, tree, {
      list: ['source_matchers', keys.source_matchers],
      equal: ['source_match', keys.source_match],
      regex: ['source_match_re', keys.source_match_re],
    }),
    targetMatchers: readMatchers(reading, tree, {
      list: ['target_matchers', keys.target_matchers],
      equal: ['target_match', keys.target_match],
      regex: ['target_match_re', keys.target_match_re],
    }),
    equal: keys.equal ?? [],
  };
}
