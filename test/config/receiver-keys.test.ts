import { describe, expect, test } from 'vitest';
import { configOf, problemsOf } from '../support/config.ts';

const minute = 60_000;

const withKeys = (...receivers: readonly string[]): string =>
  ['route: { receiver: a }', 'receivers:', ...receivers.map((one) => `  - { ${one} }`)].join('\n');

describe('the keys of a receiver beside its blocks', () => {
  test('name the fallback, the limit and the test', async () => {
    const { receivers, longForm } = await configOf(
      withKeys(
        'name: a, fallback: b, fallback_after: 2m, rate_limit: 10/1h, test: { every: 1w }',
        'name: b, fallback: c',
        'name: c, test: { schedule: "0 9 * * 1", tz: Europe/Berlin }',
      ),
    );
    expect(receivers).toEqual([
      {
        name: 'a',
        integrations: [],
        fallback: { receiver: 'b', afterMs: 2 * minute },
        rateLimit: { count: 10, perMs: 60 * minute },
        proof: { kind: 'interval', intervalMs: 7 * 24 * 60 * minute },
      },
      { name: 'b', integrations: [], fallback: { receiver: 'c', afterMs: 5 * minute } },
      {
        name: 'c',
        integrations: [],
        proof: { kind: 'cron', expression: '0 9 * * 1', timeZone: 'Europe/Berlin' },
      },
    ]);
    expect(longForm).toContain('fallback: b\n    fallback_after: 2m\n    rate_limit: "10/1h"');
  });

  const refusals: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'a fallback that there is not',
      ['name: a, fallback: x'],
      ['3:26: receivers[0].fallback: there is no receiver "x"'],
    ],
    [
      'a receiver that stands in for itself',
      ['name: a, fallback: a'],
      ['3:26: receivers[0].fallback: these fallbacks lead in a circle: a, a'],
    ],
    [
      'a circle, once',
      ['name: a, fallback: b', 'name: b, fallback: c', 'name: c, fallback: a'],
      ['3:26: receivers[0].fallback: these fallbacks lead in a circle: a, b, c, a'],
    ],
    [
      'fallback_after alone',
      ['name: a, fallback_after: 1m'],
      ['3:32: receivers[0].fallback_after: expected fallback_after only together with fallback'],
    ],
    [
      'a limit without a duration',
      ['name: a, rate_limit: "10"'],
      [
        '3:28: receivers[0].rate_limit: expected a count of up to 1000 and a duration such as 10/1h, found "10"',
      ],
    ],
    [
      'a limit of nothing',
      ['name: a, rate_limit: 0/1h'],
      [
        '3:28: receivers[0].rate_limit: expected a count of up to 1000 and a duration such as 10/1h, found "0/1h"',
      ],
    ],
    [
      'a test at two times',
      ['name: a, test: { every: 1w, schedule: "0 9 * * 1" }'],
      ['3:22: receivers[0].test: expected either every or schedule'],
    ],
    [
      'a test at no time',
      ['name: a, test: { tz: UTC }'],
      ['3:22: receivers[0].test: expected either every or schedule'],
    ],
  ];

  test.each(refusals)('%s is refused by line', async (_what, receivers, problems) => {
    expect(await problemsOf(withKeys(...receivers))).toEqual(problems);
  });

  test('a schedule of a test that is none is refused by line', async () => {
    const [problem] = await problemsOf(withKeys('name: a, test: { schedule: "every monday" }'));
    expect(problem).toMatch(
      /^3:34: receivers\[0\]\.test\.schedule: expected a cron expression such as/,
    );
  });
});
