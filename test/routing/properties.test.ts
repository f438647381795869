import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alertStatus } from '../../src/model/alert.ts';
import type { Labels } from '../../src/model/labels.ts';
import type { Route } from '../../src/model/route.ts';
import { Dispatcher } from '../../src/routing/dispatcher.ts';
import { matchRoutes, receiversFor } from '../../src/routing/route-tree.ts';
import type { RoutingTable } from '../../src/routing/state.ts';
import { at, ended, equal, firing, receiver, route, webhook } from '../support/routes.ts';

const names = ['a', 'b', 'c'];
const values = ['1', '2'];

const labels: fc.Arbitrary<Labels> = fc.dictionary(
  fc.constantFrom(...names),
  fc.constantFrom(...values),
);

/** Trees of routes up to three deep; a receiver's name says where in the tree it is. */
const tree: fc.Arbitrary<Route> = fc.letrec<{ node: Route }>((tie) => ({
  node: fc
    .record({
      label: fc.constantFrom(...names),
      value: fc.constantFrom(...values),
      goesOn: fc.boolean(),
      receiver: fc.constantFrom('team', 'oncall', 'others'),
      groupBy: fc.constantFrom<string[]>([], ['a'], ['a', 'b'], ['...']),
      routes: fc.oneof(
        { maxDepth: 2 },
        fc.constant<Route[]>([]),
        fc.array(tie('node'), { maxLength: 3 }),
      ),
    })
    .map(({ label, value, goesOn, ...rest }) =>
      route({ ...rest, continue: goesOn, matchers: [equal(label, value)] }),
    ),
})).node;

const root: fc.Arbitrary<Route> = fc
  .record({ routes: fc.array(tree, { maxLength: 4 }), receiver: fc.constantFrom('team', 'oncall') })
  .map((parts) => route(parts));

/** Says what the tree means in the plainest words: which nodes an alert ends up in. */
function reference(node: Route, set: Labels): Route[] {
  const found: Route[] = [];
  for (const child of node.routes) {
    if (!child.matchers.every(({ matches }) => matches(set))) continue;
    found.push(...reference(child, set));
    if (!child.continue) break;
  }
  return found.length > 0 ? found : [node];
}

test('every alert reaches somebody, in the routes that the rules of the tree give', () => {
  fc.assert(
    fc.property(root, labels, (node, set) => {
      const matched = matchRoutes(node, set).map((one) => one.route);
      expect(matched).toEqual(reference(node, set));
      expect(receiversFor(node, set).length).toBeGreaterThan(0);
    }),
  );
});

type Step =
  | { readonly kind: 'fire' | 'resolve'; readonly alert: number }
  | { readonly kind: 'wait'; readonly seconds: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('fire', 'resolve'), alert: fc.nat(3) }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 90 }) }),
  ),
  { maxLength: 40 },
);

const alerts = [0, 1, 2, 3].map((number) =>
  firing({ alertname: `alert-${number}`, a: String((number % 2) + 1), b: String(number) }),
);

/** Lives through the steps; `restartAt` are the steps before which everything is saved and read again. */
function live(
  table: RoutingTable,
  history: readonly Step[],
  restartAt: ReadonlySet<number>,
): string[] {
  let dispatcher = new Dispatcher(table, { groups: [], log: new Map() }, at(0));
  let second = 0;
  const told: string[] = [];
  for (const [index, step] of history.entries()) {
    if (restartAt.has(index)) {
      const saved = structuredClone(dispatcher.save());
      dispatcher = new Dispatcher(table, saved, at(second));
    }
    if (step.kind === 'wait') second += step.seconds;
    else {
      const alert = alerts[step.alert] ?? firing({});
      dispatcher.offer(step.kind === 'fire' ? alert : ended(alert, second), at(second));
    }
    for (const { notification, dedupKey } of dispatcher.flush(at(second), () => undefined)
      .planned) {
      const about = notification.alerts.map(
        (alert) => `${alertStatus(alert)} ${alert.labels['alertname']}`,
      );
      told.push([second, notification.receiver, notification.reason, dedupKey, ...about].join(' '));
    }
  }
  // Groups that are due in the same moment have no order among each other.
  return told.toSorted();
}

const receivers = ['team', 'oncall', 'others'].map((name, index) =>
  receiver(name, webhook({ sendResolved: index !== 1 })),
);

test('restarts at any moment change nothing that is told, nor when, nor under which key', () => {
  fc.assert(
    fc.property(root, steps, fc.array(fc.nat(40), { maxLength: 5 }), (node, history, restarts) => {
      const table: RoutingTable = { root: node, receivers, origin: 'x' };
      expect(live(table, history, new Set(restarts))).toEqual(live(table, history, new Set()));
    }),
  );
});

test('within a group firing comes before resolved, and neither twice without cause', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const table: RoutingTable = { root: route(), receivers, origin: 'x' };
      let open = new Set<string>();
      for (const line of live(table, history, new Set()).toSorted(bySecond)) {
        const firingNow = new Set(
          [...line.matchAll(/firing (\S+)/g)].map(([, name]) => name ?? ''),
        );
        const ends = [...line.matchAll(/resolved (alert-\S+)/g)].map(([, name]) => name ?? '');
        for (const name of ends) expect(open).toContain(name);
        if (line.includes('new alerts added')) {
          expect([...firingNow].some((name) => !open.has(name))).toBe(true);
        }
        open = firingNow;
      }
    }),
  );
});

function bySecond(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10);
}
