import { expect, test } from 'vitest';
import { matchRoutes } from '../../../src/routing/route-tree.ts';
import { configOf } from '../../support/config.ts';
import { diceOf } from '../../support/random-case.ts';
import { randomPattern, randomText } from '../../support/random-pattern.ts';
import { amtool, hasAmtool, refusals, withFiles } from './kit/amtool.ts';

/** A route for each expression, all of which are tried. */
function configWith(patterns: readonly string[]): string {
  const routes = patterns.map((pattern, index) => {
    return { receiver: `r${index}`, continue: true, match_re: { foo: pattern } };
  });
  const receivers = ['none', ...routes.map(({ receiver }) => receiver)].map((name) => ({ name }));
  return `${JSON.stringify({ route: { receiver: 'none', routes }, receivers })}\n`;
}

test.skipIf(!hasAmtool)(
  'expressions match what amtool says they match',
  async () => {
    const dice = diceOf(7);
    const random = dice.several(300, 300, () => randomPattern(dice));
    const all = [...new Set(random)].filter((pattern) => !pattern.includes('$$'));
    const refused = await refusals(all.map((pattern) => configWith([pattern])));
    const patterns = all.filter((_, index) => refused[index] === undefined);
    expect(patterns.length).toBeGreaterThan(200);
    const text = configWith(patterns);
    const { route } = await configOf(text);
    // Arguments of a program hold no NUL, and to amtool a value in quotes is a text with escapes.
    const values = dice.several(120, 120, () => randomText(dice).replaceAll('\0', ''));
    let matched = 0;
    const differences = await withFiles([text], async ([file = '']) => {
      const differing: unknown[] = [];
      const ask = async (value: string): Promise<void> => {
        const quoted = `foo="${value.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
        const { stdout } = await amtool([
          'config',
          'routes',
          'test',
          `--config.file=${file}`,
          quoted,
        ]);
        const theirs = new Set(stdout.trim().split(','));
        const matches = matchRoutes(route, { foo: value });
        const ours = new Set(matches.map((found) => found.route.receiver));
        for (const [index, pattern] of patterns.entries()) {
          const [own, other] = [ours.has(`r${index}`), theirs.has(`r${index}`)];
          if (own) matched += 1;
          if (own !== other) differing.push({ pattern, value, ours: own, amtool: other });
        }
      };
      for (let at = 0; at < values.length; at += 2) {
        await Promise.all(values.slice(at, at + 2).map(ask));
      }
      return differing;
    });
    expect(differences).toEqual([]);
    expect(matched).toBeGreaterThan(500);
  },
  60_000,
);
