import { expect, test } from 'vitest';
import type { Labels } from '../../../src/model/labels.ts';
import { groupKey, matchRoutes } from '../../../src/routing/route-tree.ts';
import { ask } from '../../support/ask.ts';
import { configOf } from '../../support/config.ts';
import { eventually } from '../../support/eventually.ts';
import { diceOf } from '../../support/random-case.ts';
import { startWebhookServer } from '../../support/webhook-server.ts';
import { hasAlertmanager, startAlertmanager } from './kit/oracle.ts';
import { randomLabels, randomTree } from './kit/random-routes.ts';

interface Tree {
  readonly route: Readonly<Record<string, unknown>>;
  readonly receivers: readonly { readonly name: string }[];
}

interface Posted {
  readonly receiver: string;
  readonly groupKey: string;
  readonly alerts: readonly { readonly labels: Labels }[];
}

/** Older versions ignore an empty `group_by` (their issue 4221); the newest and tocsin take back what is above. */
function withoutEmptyGrouping(key: string, value: unknown): unknown {
  return key === 'group_by' && Array.isArray(value) && value.length === 0 ? undefined : value;
}

/** `receiver groupKey` of every group that a message was about. */
function keysIn(bodies: readonly string[]): ReadonlySet<string> {
  const posts = bodies.map((body) => JSON.parse(body) as Posted);
  return new Set(posts.map(({ receiver, groupKey: key }) => `${receiver} ${key}`));
}

test.skipIf(!hasAlertmanager).each([1, 2, 3, 4, 5, 6])(
  'groups have the keys of Alertmanager, in random tree %i',
  async (seed) => {
    const dice = diceOf(seed);
    const tree = JSON.parse(randomTree(dice), withoutEmptyGrouping) as Tree;
    await using hook = await startWebhookServer();
    const webhook_configs = [{ url: hook.origin }];
    const config = JSON.stringify({
      route: { ...tree.route, group_wait: '0s', group_interval: '1s', group_by: ['env', 'n'] },
      receivers: tree.receivers.map(({ name }) => ({ name, webhook_configs })),
    });
    const { route } = await configOf(config);
    const alerts = Array.from({ length: 20 }, (_, n) => {
      const labels = Object.entries({ ...randomLabels(dice), n: String(n % 7) });
      return Object.fromEntries(labels.filter(([, value]) => value !== ''));
    });
    const expected = new Set(
      alerts.flatMap((labels) =>
        matchRoutes(route, labels).map(
          (matched) => `${matched.route.receiver} ${groupKey(matched, labels)}`,
        ),
      ),
    );
    await using alertmanager = await startAlertmanager(config);
    const { status } = await ask(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts.map((labels) => ({ labels }))),
    });
    expect(status).toBe(200);
    const seen = (): ReadonlySet<string> => keysIn(hook.requests.map(({ body }) => body));
    await eventually(() => seen().size >= expected.size, `messages of ${expected.size} groups`);
    expect([...seen()].toSorted()).toEqual([...expected].toSorted());
  },
  30_000,
);
