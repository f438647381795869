import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Labels } from '../../../src/model/labels.ts';
import { matchRoutes } from '../../../src/routing/route-tree.ts';
import { configOf, directoryWith } from '../../support/config.ts';
import { runCommand } from '../../support/command-line.ts';
import { diceOf } from '../../support/random-case.ts';
import { amtool, hasAmtool, withFiles } from './kit/amtool.ts';
import { randomLabels, randomTree } from './kit/random-routes.ts';

const minute = 60_000;

/** A tree of two teams, of which one has environments; beside it everything about roles. */
const teams = `
route:
  receiver: notify-def
  routes:
    - matchers: ['{owner="team-A"}']
      receiver: notify-A
      routes:
        - matchers: ['{env="testing"}']
          receiver: notify-testing
          group_by: ['...']
        - match: { env: production }
          receiver: notify-productionA
          group_wait: 1m
          continue: true
        - matchers: [env=~"produ.*", job=~".*"]
          receiver: notify-productionB
          group_wait: 30s
          group_interval: 5m
          repeat_interval: 1h
          group_by: [job]
    - match_re: { owner: team-(B|C) }
      group_by: [foo, bar]
      group_wait: 2m
      receiver: notify-BC
    - matchers: [group_by="role"]
      group_by: [role]
      routes:
        - matchers: [env="testing"]
          receiver: notify-testing
          routes:
            - matchers: [wait="long"]
              group_wait: 2m
receivers:
  - name: notify-def
  - name: notify-A
  - name: notify-testing
  - name: notify-productionA
  - name: notify-productionB
  - name: notify-BC
`;

interface Expected {
  readonly receiver: string;
  readonly groupBy?: readonly string[];
  readonly groupWaitMs?: number;
  readonly repeatIntervalMs?: number;
  readonly key: string;
}

describe('the tree of routes', () => {
  test.each<[string, Labels, readonly Expected[]]>([
    ['AM-R01', { owner: 'team-A' }, [{ receiver: 'notify-A', key: '{}/{owner="team-A"}' }]],
    [
      'AM-R02',
      { owner: 'team-A', env: 'unset' },
      [{ receiver: 'notify-A', key: '{}/{owner="team-A"}' }],
    ],
    [
      'AM-R03',
      { owner: 'team-C' },
      [
        {
          receiver: 'notify-BC',
          groupBy: ['foo', 'bar'],
          groupWaitMs: 2 * minute,
          key: '{}/{owner=~"^(?:team-(B|C))$"}',
        },
      ],
    ],
    [
      'AM-R04',
      { owner: 'team-A', env: 'testing' },
      [
        {
          receiver: 'notify-testing',
          groupBy: ['...'],
          key: '{}/{owner="team-A"}/{env="testing"}',
        },
      ],
    ],
    [
      'AM-R05',
      { owner: 'team-A', env: 'production' },
      [
        {
          receiver: 'notify-productionA',
          groupWaitMs: minute,
          key: '{}/{owner="team-A"}/{env="production"}',
        },
        {
          receiver: 'notify-productionB',
          groupBy: ['job'],
          groupWaitMs: minute / 2,
          repeatIntervalMs: 60 * minute,
          key: '{}/{owner="team-A"}/{env=~"produ.*",job=~".*"}',
        },
      ],
    ],
    [
      'AM-R06',
      { group_by: 'role' },
      [{ receiver: 'notify-def', groupBy: ['role'], key: '{}/{group_by="role"}' }],
    ],
    [
      'AM-R07',
      { env: 'testing', group_by: 'role' },
      [
        {
          receiver: 'notify-testing',
          groupBy: ['role'],
          key: '{}/{group_by="role"}/{env="testing"}',
        },
      ],
    ],
    [
      'AM-R08',
      { env: 'testing', group_by: 'role', wait: 'long' },
      [
        {
          receiver: 'notify-testing',
          groupBy: ['role'],
          groupWaitMs: 2 * minute,
          key: '{}/{group_by="role"}/{env="testing"}/{wait="long"}',
        },
      ],
    ],
  ])('%s %o', async (_, labels, expected) => {
    const { route } = await configOf(teams);
    const found = matchRoutes(route, labels).map(
      ({ route: { receiver, groupBy, groupWaitMs, repeatIntervalMs }, key }) => {
        return { receiver, groupBy, groupWaitMs, repeatIntervalMs, key };
      },
    );
    const defaults = { groupBy: [], groupWaitMs: minute / 2, repeatIntervalMs: 240 * minute };
    expect(found).toEqual(expected.map((each) => ({ ...defaults, ...each })));
  });

  test('AM-R09 grouping by everything is handed down, and may be taken back', async () => {
    const { route } = await configOf(`
route:
  receiver: a
  group_by: ['...']
  routes:
    - matchers: [env="parent"]
      group_by: ['...']
      routes:
        - matchers: [env="child1"]
        - matchers: [env="child2"]
          group_by: [foo]
        - matchers: [env="child3"]
          group_by: []
receivers: [{ name: a }]
`);
    const below = route.routes[0]?.routes.map(({ groupBy }) => groupBy);
    expect(below).toEqual([['...'], ['foo'], []]);
  });

  test('AM-R09 routes with the same matchers share a key, and the older form adds to the newer', async () => {
    const { route } = await configOf(`
route:
  receiver: a
  routes:
    - { receiver: b, matchers: [x="1"], match: { y: "2" }, match_re: { z: "3|4" }, continue: true }
    - { receiver: c, matchers: ['{x="1"}'], continue: true }
    - { receiver: d, match: { x: "1" } }
receivers: [{ name: a }, { name: b }, { name: c }, { name: d }]
`);
    const keys = (labels: Labels) => matchRoutes(route, labels).map(({ key }) => key);
    expect(keys({ x: '1', y: '2', z: '4' })).toEqual([
      '{}/{x="1",y="2",z=~"^(?:3|4)$"}',
      '{}/{x="1"}',
      '{}/{x="1"}',
    ]);
    expect(keys({ x: '1', y: '2', z: '34' })).toHaveLength(2);
    expect(keys({ x: '2' })).toEqual(['{}']);
  });
});

/** Receivers by amtool. */
async function theirs(file: string, labels: Labels): Promise<string> {
  const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const { stdout } = await amtool(['config', 'routes', 'test', `--config.file=${file}`, ...words]);
  return stdout.trim();
}

describe.skipIf(!hasAmtool)('amtool config routes test', () => {
  test('names the same receivers for random trees and labels', async () => {
    const trees = Array.from({ length: 60 }, (_, seed) => randomTree(diceOf(seed)));
    const differences = await withFiles(trees, async (files) => {
      const found: unknown[] = [];
      const ask = async (seed: number): Promise<void> => {
        const dice = diceOf(1000 + seed);
        const tree = trees[seed] ?? '';
        const { route } = await configOf(tree);
        for (const labels of dice.several(8, 8, () => randomLabels(dice))) {
          const own = matchRoutes(route, labels)
            .map((matched) => matched.route.receiver)
            .join(',');
          const other = await theirs(files[seed] ?? '', labels);
          if (own !== other) found.push({ seed, labels, ours: own, amtool: other });
        }
      };
      for (let seed = 0; seed < trees.length; seed += 2)
        await Promise.all([ask(seed), ask(seed + 1)]);
      return found;
    });
    expect(differences).toEqual([]);
  }, 60_000);

  test('and so does the command', async () => {
    const directory = await directoryWith({});
    const file = join(directory, 'agent.config.yaml');
    for (const seed of [3, 7, 11]) {
      const dice = diceOf(seed);
      await writeFile(file, randomTree(dice));
      const words = ['team="a"', 'env=a.b', 'severity=', 'other="q \\"r\\", s"'];
      const other = await amtool(['config', 'routes', 'test', `--config.file=${file}`, ...words]);
      const own = await runCommand(['routes', 'test', ...words], { cwd: directory });
      expect(own).toMatchObject(other);
      const verified = async (receivers: string): Promise<number> => {
        const option = `--verify.receivers=${receivers}`;
        return (await runCommand(['routes', 'test', option, ...words], { cwd: directory })).code;
      };
      expect(await verified(other.stdout.trim())).toBe(0);
      expect(await verified('nobody')).toBe(1);
    }
  });
});
