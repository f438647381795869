import type { Labels } from '../../../../src/model/labels.ts';
import type { Dice } from '../../../support/random-case.ts';

/** A node of a random tree, with the keys of alertmanager.yml. */
interface RandomRoute {
  readonly [key: string]: unknown;
  readonly routes?: readonly RandomRoute[];
}

const names = ['team', 'env', 'severity', 'job'] as const;
const values = ['a', 'b', 'ab', 'A', 'a.b', 'x-1', '10', 'é', ''] as const;
const expressions = [
  'a|b',
  'a.*',
  '.+',
  '.*',
  '',
  '.*b',
  '[a-z]+',
  '(?i)a',
  'a.b',
  'a\\\\.b',
  '[^a]*',
  'x-\\\\d+|10',
  '\\\\pL',
  '(a|b)?',
  '^a$',
] as const;
const receivers = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'] as const;

function randomMatcher(dice: Dice): string {
  const operator = dice.pick(['=', '=', '!=', '=~', '=~', '!~']);
  const value = operator.endsWith('~') ? dice.pick(expressions) : dice.pick(values);
  return `${dice.pick(names)}${operator}"${value}"`;
}

function randomRoute(dice: Dice, depth: number): RandomRoute {
  const matchers = dice.several(0, 2, () => randomMatcher(dice));
  const old = dice.chance(0.2) ? { match: { [dice.pick(names)]: dice.pick(values) } } : {};
  const older = dice.chance(0.15)
    ? { match_re: { [dice.pick(names)]: dice.pick(expressions).replaceAll('\\\\', '\\') } }
    : {};
  return {
    ...(dice.chance(0.6) ? { receiver: dice.pick(receivers) } : {}),
    ...(dice.chance(0.85) ? { matchers } : {}),
    ...old,
    ...older,
    ...(dice.chance(0.35) ? { continue: dice.chance(0.9) } : {}),
    ...(dice.chance(0.2) ? { group_by: dice.pick([['...'], [], ['team']]) } : {}),
    ...(depth < 4 && dice.chance(0.6)
      ? { routes: dice.several(0, 4, () => randomRoute(dice, depth + 1)) }
      : {}),
  };
}

/** A configuration with a random tree, as text that both programs read. */
export function randomTree(dice: Dice): string {
  const routes = dice.several(1, 5, () => randomRoute(dice, 1));
  const list = receivers.map((name) => ({ name }));
  return `${JSON.stringify({ route: { receiver: 'r0', routes }, receivers: list })}\n`;
}

/** Labels that the matchers of random trees speak of, and now and then one they do not. */
export function randomLabels(dice: Dice): Labels {
  const some = dice.some([...names, 'other'], 0.65);
  return Object.fromEntries(some.map((name) => [name, dice.pick(values)]));
}
