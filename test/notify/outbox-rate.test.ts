import { describe, expect, test } from 'vitest';
import { alertStatus } from '../../src/model/alert.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import type { ReceiverSpec } from '../../src/model/route.ts';
import { createOutboxWorld, unavailable } from '../support/outbox-world.ts';
import { receiver, webhook } from '../support/routes.ts';

const minute = 60_000;

const limited: readonly ReceiverSpec[] = [
  { ...receiver('team'), rateLimit: { count: 2, perMs: 60 * minute } },
];

const states = ({ notification }: Delivery): string[] =>
  notification.alerts.map((alert) => `${alert.labels['check']} ${alertStatus(alert)}`);

const remarks = (delivery: Delivery | undefined): readonly string[] =>
  delivery?.notification.remarks ?? [];

describe('a rate limit', () => {
  test('lets so many through, and the last of them says what happens to the rest', async () => {
    const world = createOutboxWorld(limited);
    for (const check of ['a', 'b', 'c']) world.tell(check);
    await world.clock.advance(minute);
    expect(world.told.map(states)).toEqual([['a firing'], ['b firing']]);
    expect(remarks(world.told[0])).toEqual([]);
    expect(remarks(world.told[1])).toEqual([
      'rate_limit 2/1h is reached: what follows is held back until 13:00 UTC, then told together',
    ]);
  });

  test('tells what it held back in one digest, the newest state of each', async () => {
    const world = createOutboxWorld(limited);
    for (const check of ['a', 'b', 'c', 'd']) world.tell(check);
    await world.clock.advance(10 * minute);
    world.tell('c', { endsAt: true });
    world.tell('a', { endsAt: true });
    await world.clock.advance(50 * minute - 1);
    expect(world.told).toHaveLength(2);
    await world.clock.advance(1);
    expect(world.told.slice(2).map(states)).toEqual([['d firing', 'a resolved', 'c resolved']]);
    const digest = world.told[2];
    expect(digest?.notification).toMatchObject({ reason: 'report', status: 'firing' });
    expect(remarks(digest)[0]).toBe('Held back 4 messages: d down, a back, c back');
    expect(remarks(digest)[1]).toBe('c: down 12:00 UTC, back 12:10 UTC');
    expect(remarks(digest)).toContainEqual(
      expect.stringMatching(/late: a rate limit held it back$/),
    );
    expect(world.outbox.snapshot().entries).toEqual([]);
  });

  test('names each message that it holds back once, with the time until when', async () => {
    const world = createOutboxWorld(limited);
    for (const check of ['a', 'b', 'c']) world.tell(check);
    await world.clock.advance(30 * minute);
    expect(world.held).toEqual(['d3']);
    const lines = world.attempts.filter(({ deliveryId }) => deliveryId === 'd3');
    expect(lines).toMatchObject([
      {
        number: 0,
        outcome: {
          kind: 'passing',
          reason: 'rate_limited',
          detail: 'held back: rate_limit 2/1h is reached',
        },
      },
    ]);
  });

  test('goes on counting after a restart', async () => {
    const world = createOutboxWorld(limited);
    world.tell('a');
    world.tell('b');
    await world.restart(10 * minute);
    world.tell('c');
    await world.clock.advance(50 * minute - 1000);
    expect(world.told).toHaveLength(2);
    await world.clock.advance(2000);
    expect(world.told).toHaveLength(3);
  });

  test('counts what was taken, not what was tried', async () => {
    const world = createOutboxWorld(limited);
    world.answers.set('team', unavailable);
    world.tell('a');
    await world.clock.advance(10 * minute);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    world.tell('b');
    await world.clock.advance(minute);
    expect(world.told).toHaveLength(2);
  });

  test('that holds a message back does not make its receiver a broken one', async () => {
    const world = createOutboxWorld([
      { ...receiver('team'), ...limited[0], fallback: { receiver: 'mail', afterMs: 5 * minute } },
      receiver('mail'),
    ] as ReceiverSpec[]);
    for (const check of ['a', 'b', 'c']) world.tell(check);
    await world.clock.advance(59 * minute);
    expect(world.told.map((one) => one.receiver)).toEqual(['team', 'team']);
  });

  test('never holds back a test, nor the end of an incident', async () => {
    const pager = receiver('pager', webhook({ integration: 'pagerduty' }));
    const world = createOutboxWorld([{ ...pager, rateLimit: { count: 1, perMs: 60 * minute } }]);
    const integration = 'pagerduty';
    for (const check of ['a', 'b', 'c']) world.tell(check, { integration });
    await world.clock.advance(minute);
    world.tell('a', { integration, endsAt: true });
    world.tell('x', { integration, reason: 'test' });
    await world.clock.advance(minute);
    expect(world.told.map(({ id }) => id)).toEqual(['d1', 'd4', 'd5']);
    await world.clock.advance(60 * minute);
    // Incidents are opened one by one: a digest would be none.
    expect(world.told.slice(3).map(states)).toEqual([['b firing']]);
    await world.clock.advance(60 * minute);
    expect(world.told.slice(4).map(states)).toEqual([['c firing']]);
  });
});
