import { describe, expect, test } from 'vitest';
import { groupKey, matchRoutes, receiversFor } from '../../src/routing/route-tree.ts';
import type { Matcher, MatchOperator } from '../../src/model/route.ts';
import { equal, route } from '../support/routes.ts';

const tree = route({
  receiver: 'default',
  groupBy: ['host'],
  routes: [
    route({
      receiver: 'pager',
      matchers: [equal('severity', 'critical')],
      continue: true,
      groupBy: ['host'],
    }),
    route({
      receiver: 'databases',
      matchers: [equal('team', 'db')],
      groupBy: ['...'],
      routes: [
        route({ receiver: 'silence', matchers: [equal('env', 'test')] }),
        route({ receiver: 'late', matchers: [equal('env', 'test')] }),
      ],
    }),
    route({ receiver: 'web', matchers: [equal('team', 'web')] }),
  ],
});

describe('the route tree', () => {
  test('an alert that no child takes stays at the node itself', () => {
    expect(receiversFor(tree, { host: 'a' })).toEqual(['default']);
  });

  test('continue lets following siblings match as well', () => {
    expect(receiversFor(tree, { severity: 'critical', team: 'web' })).toEqual(['pager', 'web']);
  });

  test('the parent is not used once a child with continue matched', () => {
    expect(receiversFor(tree, { severity: 'critical' })).toEqual(['pager']);
  });

  test('without continue the first matching child ends the search', () => {
    expect(receiversFor(tree, { team: 'db', env: 'test' })).toEqual(['silence']);
  });

  test('group keys name the chain of matchers and the labels in common', () => {
    const labels = { team: 'db', host: 'a' };
    const [matched] = matchRoutes(tree, labels);
    expect(matched && groupKey(matched, labels)).toBe('{}/{team="db"}:{host="a", team="db"}');
    const [root] = matchRoutes(tree, { host: 'a', x: '1' });
    expect(root && groupKey(root, { host: 'a', x: '1' })).toBe('{}:{host="a"}');
  });

  test('a label may be called like a member of every object', () => {
    const byNames = route({ groupBy: ['constructor', '__proto__', 'host'] });
    const plain = { host: 'a' };
    const odd = JSON.parse('{"constructor":"x","__proto__":"y"}') as Record<string, string>;
    const keyOf = (labels: Record<string, string>): string[] =>
      matchRoutes(byNames, labels).map((matched) => groupKey(matched, labels));
    expect(keyOf(plain)).toEqual(['{}:{host="a"}']);
    expect(keyOf(odd)).toEqual(['{}:{__proto__="y", constructor="x"}']);
  });

  test('the key holds matchers as Alertmanager writes and orders them', () => {
    const matcher = (label: string, operator: MatchOperator, value: string): Matcher => ({
      label,
      operator,
      value,
      matches: () => true,
    });
    const matchers = [
      matcher('b', '!~', 'team-(B|C)'),
      matcher('a', '!=', '2'),
      matcher('a', '=', '1"\n'),
    ];
    const [matched] = matchRoutes(route({ routes: [route({ matchers })] }), {});
    expect(matched?.key).toBe('{}/{a="1\\"\\n",a!="2",b!~"team-(B|C)"}');
  });
});
