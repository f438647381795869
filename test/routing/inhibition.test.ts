import { describe, expect, test } from 'vitest';
import type { Labels } from '../../src/model/labels.ts';
import type { InhibitRule } from '../../src/model/route.ts';
import { Inhibition } from '../../src/routing/inhibition.ts';
import { equal } from '../support/routes.ts';

function rule(changes: Partial<InhibitRule> = {}): InhibitRule {
  return {
    sourceMatchers: [equal('severity', 'critical')],
    targetMatchers: [equal('severity', 'warning')],
    equal: ['zone'],
    ...changes,
  };
}

/** What inhibits an alert with these labels while these fire, by the names given to them. */
function inhibitors(rules: readonly InhibitRule[], firing: Record<string, Labels>, of: Labels) {
  const inhibition = new Inhibition(rules);
  for (const [name, labels] of Object.entries(firing)) inhibition.add(name, labels);
  return inhibition.inhibitors(of);
}

const critical = { severity: 'critical', zone: 'aa' };
const warning = { severity: 'warning', zone: 'aa' };

describe('AM-I01 which source inhibits', () => {
  test('none that fires', () => {
    expect(inhibitors([rule()], {}, warning)).toEqual([]);
  });

  test('one with the same value', () => {
    expect(inhibitors([rule()], { s: critical }, warning)).toEqual(['s']);
  });

  test('none with another value', () => {
    expect(inhibitors([rule()], { s: { ...critical, zone: 'ab' } }, warning)).toEqual([]);
  });

  test('any, where nothing has to be equal', () => {
    const apart = { s: { ...critical, zone: 'ab' } };
    expect(inhibitors([rule({ equal: [] })], apart, warning)).toEqual(['s']);
  });

  test('one that has resolved no more, another still', () => {
    const inhibition = new Inhibition([rule()]);
    inhibition.add('s', critical);
    inhibition.add('t', { ...critical, job: 'x' });
    inhibition.remove('s');
    expect(inhibition.inhibitors(warning)).toEqual(['t']);
    inhibition.remove('t');
    expect(inhibition.inhibitors(warning)).toEqual([]);
    inhibition.add('s', critical);
    expect(inhibition.inhibitors(warning)).toEqual(['s']);
  });

  test('one of each rule that applies, each once', () => {
    const rules = [rule(), rule({ equal: [] }), rule({ targetMatchers: [equal('zone', 'ab')] })];
    expect(inhibitors(rules, { s: critical }, warning)).toEqual(['s']);
  });
});

describe('AM-I02 the corners', () => {
  test('a label that both lack counts as equal, and as an empty one', () => {
    expect(inhibitors([rule()], { s: { severity: 'critical' } }, { severity: 'warning' })).toEqual([
      's',
    ]);
    expect(inhibitors([rule()], { s: { severity: 'critical' } }, warning)).toEqual([]);
  });

  test('what matches both sides is not inhibited by its like, but by a plain source', () => {
    const both = rule({
      sourceMatchers: [equal('a', '1')],
      targetMatchers: [equal('b', '1')],
      equal: [],
    });
    const like = { a: '1', b: '1' };
    expect(inhibitors([both], { self: like, other: { ...like, c: '1' } }, like)).toEqual([]);
    expect(inhibitors([both], { self: like, plain: { a: '1' } }, like)).toEqual(['plain']);
    expect(inhibitors([both], { like }, { b: '1' })).toEqual(['like']);
  });

  test('AM-A13 a rule without matchers inhibits nothing', () => {
    const blank = rule({ sourceMatchers: [], targetMatchers: [], equal: [] });
    expect(inhibitors([blank], { s: critical }, warning)).toEqual([]);
  });

  test('values do not run into each other', () => {
    const two = rule({ equal: ['zone', 'job'] });
    expect(
      inhibitors(
        [two],
        { s: { ...critical, zone: 'a', job: 'ab' } },
        { ...warning, zone: 'aa', job: 'b' },
      ),
    ).toEqual([]);
  });

  test('asking costs the same beside ten thousand sources', () => {
    const inhibition = new Inhibition([rule()]);
    for (let count = 0; count < 10_000; count += 1) {
      inhibition.add(`s${count}`, { ...critical, zone: `z${count}` });
    }
    let found = 0;
    const startedAt = performance.now();
    for (let count = 0; count < 10_000; count += 1) {
      found += inhibition.inhibitors({ ...warning, zone: `z${count}` }).length;
    }
    expect(found).toBe(10_000);
    // A hundred million comparisons would take seconds.
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
