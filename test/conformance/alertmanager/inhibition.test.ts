import { expect, test } from 'vitest';
import { fingerprint } from '../../../src/model/fingerprint.ts';
import type { Labels } from '../../../src/model/labels.ts';
import { Inhibition } from '../../../src/routing/inhibition.ts';
import { ask } from '../../support/ask.ts';
import { configOf } from '../../support/config.ts';
import { diceOf, present, type Dice } from '../../support/random-case.ts';
import { hasAlertmanager, startAlertmanager } from './kit/oracle.ts';

const names = ['a', 'b', 'c'] as const;
const values = ['1', '2', '3'] as const;

function randomRule(dice: Dice): object {
  const name = (): string => dice.pick(names);
  const matcher = (): string =>
    `${name()}${dice.pick(['=', '=', '!=', '=~', '!~'])}"${dice.pick([...values, '1|2', '', '.+'])}"`;
  return present({
    source_matchers: dice.maybe(0.9, () => dice.several(1, 2, matcher)),
    target_matchers: dice.maybe(0.9, () => dice.several(1, 2, matcher)),
    source_match: dice.maybe(0.2, () => ({ [name()]: dice.pick(values) })),
    target_match_re: dice.maybe(0.2, () => ({ [name()]: '2|3' })),
    equal: dice.maybe(0.7, () => dice.some([...names, 'd'])),
  });
}

function randomLabels(dice: Dice, n: number): Labels {
  const some = dice.some([...names, 'd'], 0.7).map((name) => [name, dice.pick(values)] as const);
  return { ...Object.fromEntries(some), n: String(n) };
}

/** Once this one applies, the others have been looked at. */
const lastRule = { source_matchers: ['n="last source"'], target_matchers: ['n="last target"'] };

interface Listed {
  readonly labels: Labels;
  readonly status: { readonly inhibitedBy: readonly string[] };
}

test.skipIf(!hasAlertmanager).each([1, 2, 3, 4, 5, 6, 7, 8])(
  'random rules inhibit what they do in Alertmanager, %i',
  async (seed) => {
    const dice = diceOf(seed);
    const config = JSON.stringify({
      route: { receiver: 'nobody' },
      receivers: [{ name: 'nobody' }],
      inhibit_rules: [...dice.several(3, 6, () => randomRule(dice)), lastRule],
    });
    const random = Array.from({ length: 30 }, (_, n) => randomLabels(dice, n));
    const alerts = [...random, { n: 'last source' }, { n: 'last target' }];
    const { inhibitRules } = await configOf(config);
    const inhibition = new Inhibition(inhibitRules);
    for (const labels of alerts) inhibition.add(fingerprint(labels), labels);
    const ours = alerts.filter((labels) => inhibition.inhibitors(labels).length > 0);
    await using alertmanager = await startAlertmanager(config);
    await ask(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts.map((labels) => ({ labels }))),
    });
    const inhibitedThere = async (): Promise<readonly string[]> => {
      const { body } = await ask(`${alertmanager.url}/api/v2/alerts`);
      const inhibited = (JSON.parse(body) as Listed[]).filter(
        ({ status }) => status.inhibitedBy.length > 0,
      );
      return inhibited.map(({ labels }) => labels['n'] ?? '').toSorted();
    };
    // The rules there hear of alerts, in their order, a moment after they were taken.
    await expect.poll(inhibitedThere, { timeout: 5000 }).toContain('last target');
    expect(await inhibitedThere()).toEqual(ours.map(({ n = '' }) => n).toSorted());
  },
  30_000,
);
