import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../src/model/delivery.ts';
import type { ReceiverSpec } from '../../src/model/route.ts';
import {
  createOutboxWorld,
  forbidden,
  taken,
  unavailable,
  unreachable,
} from '../support/outbox-world.ts';
import { receiver, webhook } from '../support/routes.ts';

const minute = 60_000;

/** Slack, which mail stands in for after five minutes, which the telephone stands in for. */
const chain: readonly ReceiverSpec[] = [
  {
    ...receiver('chat', webhook({ integration: 'slack' })),
    fallback: { receiver: 'mail', afterMs: 5 * minute },
  },
  {
    ...receiver('mail', webhook({ integration: 'email' })),
    fallback: { receiver: 'phone', afterMs: 5 * minute },
  },
  receiver('phone'),
];

const slack = { receiver: 'chat', integration: 'slack' } as const;

const brief = ({ receiver: name, notification }: Delivery): string =>
  `${name} ${notification.status}`;

const remarks = (delivery: Delivery | undefined): readonly string[] =>
  delivery?.notification.remarks ?? [];

describe('a receiver that does not work', () => {
  test('is stood in for after its time, with who is broken, since when and why', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unavailable);
    world.tell('gateway', slack);
    await world.clock.advance(5 * minute - 1);
    expect(world.told).toEqual([]);
    await world.clock.advance(1);
    expect(world.told.map(brief)).toEqual(['mail firing']);
    expect(world.told[0]).toMatchObject({ integration: 'email', dedupKey: 'gateway' });
    expect(remarks(world.told[0])).toEqual([
      'Sent through mail: chat (slack) refused messages since 12:00 UTC: HTTP 503',
    ]);
  });

  test('that refuses for good is stood in for at once', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', forbidden);
    world.tell('gateway', slack);
    await world.clock.advance(0);
    expect(world.told.map(brief)).toEqual(['mail firing']);
    expect(remarks(world.told[0])[0]).toMatch(/chat \(slack\) refused .*: HTTP 403$/);
  });

  test('that has failed for its time already is stood in for after one more failure', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unreachable);
    world.tell('gateway', slack);
    await world.clock.advance(6 * minute);
    world.tell('database', slack);
    await world.clock.advance(0);
    expect(world.told.map(({ dedupKey }) => dedupKey)).toEqual(['gateway', 'database']);
  });

  test('is stood in for once for each notification, whatever is tried afterwards', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unavailable);
    world.tell('gateway', slack);
    await world.clock.advance(60 * minute);
    expect(world.told.map(brief)).toEqual(['mail firing']);
    await world.restart(minute);
    await world.clock.advance(60 * minute);
    expect(world.told.map(brief)).toEqual(['mail firing']);
  });

  test('with several integrations that fail is stood in for once', async () => {
    const [chat, ...others] = chain;
    const both = [webhook({ integration: 'slack' }), webhook({ integration: 'slack', index: 1 })];
    const world = createOutboxWorld([{ ...chat, name: 'chat', integrations: both }, ...others]);
    world.answers.set('chat', forbidden);
    const id = world.tell('gateway', slack);
    const entry = world.entries.get(id);
    if (entry !== undefined) world.outbox.add([{ ...entry.delivery, id: 'other', index: 1 }]);
    await world.clock.advance(minute);
    expect(world.told.map(brief)).toEqual(['mail firing']);
  });

  test('gets what it missed when it works again: what fires still, and that it was told elsewhere', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unavailable);
    world.tell('gateway', slack);
    await world.clock.advance(6 * minute);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    expect(world.told.map(brief)).toEqual(['mail firing', 'chat firing']);
    expect(remarks(world.told[1]).at(-1)).toBe('The fallback has told this already');
    expect(remarks(world.told[1])[0]).toMatch(/^Told .* late: chat \(slack\) refused/);
  });

  test('is not told of what began and ended elsewhere while it surely heard nothing', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unreachable);
    world.tell('gateway', slack);
    await world.clock.advance(6 * minute);
    world.tell('gateway', { ...slack, endsAt: true });
    await world.clock.advance(6 * minute);
    expect(world.told.map(brief)).toEqual(['mail firing', 'mail resolved']);
    world.answers.clear();
    await world.clock.advance(60 * minute);
    expect(world.told.map(brief)).toEqual(['mail firing', 'mail resolved']);
    expect(world.outbox.snapshot().entries).toEqual([]);
  });

  test('is told the end of what it may have heard of', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', { kind: 'passing', reason: 'timeout', detail: 'no answer' });
    world.tell('gateway', slack);
    await world.clock.advance(6 * minute);
    world.tell('gateway', { ...slack, endsAt: true });
    await world.clock.advance(6 * minute);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    expect(world.told.map(brief)).toEqual(['mail firing', 'mail resolved', 'chat resolved']);
  });
});

describe('the end of what a fallback has told', () => {
  test('is told there as well when the receiver works again, and says so', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unavailable);
    world.tell('gateway', slack);
    await world.clock.advance(6 * minute);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    world.told.length = 0;
    world.tell('gateway', { ...slack, endsAt: true });
    await world.clock.advance(0);
    expect(world.told.map(brief).toSorted()).toEqual(['chat resolved', 'mail resolved']);
    const mail = world.told.find(({ receiver: name }) => name === 'mail');
    expect(remarks(mail)).toEqual([
      'Sent through mail: chat (slack) works again and is told as well',
    ]);
  });

  test('is told there after restarts, once', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unavailable);
    world.tell('gateway', slack);
    await world.clock.advance(6 * minute);
    await world.restart(minute);
    world.tell('gateway', { ...slack, endsAt: true });
    await world.clock.advance(0);
    await world.restart(minute);
    await world.clock.advance(10 * minute);
    expect(world.told.map(brief)).toEqual(['mail firing', 'mail resolved']);
    world.tell('gateway', slack);
    await world.clock.advance(1000);
    expect(world.told).toHaveLength(3);
  });

  test('is not told there again once it has been', async () => {
    const world = createOutboxWorld(chain);
    world.answers.set('chat', unavailable);
    world.tell('gateway', slack);
    await world.clock.advance(6 * minute);
    world.tell('gateway', { ...slack, endsAt: true });
    await world.clock.advance(minute);
    world.answers.clear();
    await world.clock.advance(10 * minute);
    world.told.length = 0;
    world.tell('gateway', slack);
    world.tell('gateway', { ...slack, endsAt: true });
    await world.clock.advance(minute);
    expect(world.told.map(({ receiver: name }) => name)).toEqual(['chat', 'chat']);
  });
});

test('a fallback that does not work is stood in for by its own', async () => {
  const world = createOutboxWorld(chain);
  world.answers.set('chat', unavailable);
  world.answers.set('mail', unreachable);
  world.tell('gateway', slack);
  await world.clock.advance(10 * minute);
  expect(world.told.map(brief)).toEqual(['phone firing']);
  expect(remarks(world.told[0])).toEqual([
    'Sent through mail: chat (slack) refused messages since 12:00 UTC: HTTP 503',
    'Sent through phone: mail (email) could not be reached since 12:05 UTC: refused',
  ]);
  world.answers.set('mail', taken);
  await world.clock.advance(10 * minute);
  world.told.length = 0;
  world.tell('gateway', { ...slack, endsAt: true });
  await world.clock.advance(10 * minute);
  expect(world.told.map(brief).toSorted()).toEqual(['mail resolved', 'phone resolved']);
});

test('a test that is not taken is reported to the fallback, or else to all others, and given up', async () => {
  const world = createOutboxWorld([...chain.slice(1), receiver('pager')]);
  world.answers.set('mail', unreachable);
  world.answers.set('pager', forbidden);
  world.tell('x', { receiver: 'mail', integration: 'email', reason: 'test' });
  world.tell('x', { receiver: 'pager', reason: 'test' });
  await world.clock.advance(6 * minute);
  expect(world.told.map(({ receiver: name, notification }) => [name, notification.reason])).toEqual(
    [
      ['phone', 'report'],
      ['phone', 'report'],
    ],
  );
  const [first] = world.told;
  expect(first?.notification.alerts[0]?.annotations).toEqual({
    summary: 'People are not reached through pager (webhook)',
    description: expect.stringMatching(
      /^A test was not taken: pager \(webhook\) refused .* HTTP 403$/,
    ),
  });
  world.answers.clear();
  world.told.length = 0;
  await world.clock.advance(60 * minute);
  expect(world.told.map(({ notification }) => notification.reason)).toEqual(['report']);
});

test('who was told that a receiver did not take its test hears when it takes one, over restarts', async () => {
  const world = createOutboxWorld([receiver('team'), receiver('others')]);
  world.answers.set('team', forbidden);
  world.tell('x', { receiver: 'team', reason: 'test' });
  await world.clock.advance(minute);
  world.answers.clear();
  await world.restart(minute);
  world.tell('x', { receiver: 'team', reason: 'test' });
  world.tell('x', { receiver: 'team', reason: 'test' });
  await world.clock.advance(minute);
  const reports = world.told.filter(({ notification }) => notification.reason === 'report');
  expect(reports.map(brief)).toEqual(['others firing', 'others resolved']);
  expect(new Set(reports.map(({ dedupKey }) => dedupKey)).size).toBe(1);
});
