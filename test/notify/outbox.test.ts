import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../src/lib/log.ts';
import type { Attempt, Delivery, Outcome, OutboxEntry } from '../../src/model/delivery.ts';
import { concurrentSendsMax, outboxEntriesMax, sendTimeoutMs } from '../../src/model/limits.ts';
import type { RecordOutbox } from '../../src/notify/record-outbox.ts';
import { createOutbox } from '../../src/notify/outbox.ts';
import { createBook } from '../support/receiver-book.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';

const delivered: Outcome = { kind: 'delivered', detail: 'ok' };
const refused: Outcome = { kind: 'permanent', reason: 'not_found', detail: 'gone' };
const down: Outcome = { kind: 'passing', reason: 'connect', detail: 'refused' };

type Send = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;

/** Remembers in memory what the outbox records. */
function createMemory() {
  const entries = new Map<string, OutboxEntry>();
  const log: string[] = [];
  const record: RecordOutbox = ({ entries: changed, attempts }) => {
    for (const { deliveryId, number, outcome } of attempts) {
      log.push(`${outcome.kind} ${deliveryId} ${number}`);
    }
    for (const entry of changed) {
      const { id } = entry.delivery;
      const begins = entry.attempts > (entries.get(id)?.attempts ?? 0);
      entries.set(id, entry);
      if (begins) log.push(`start ${id} ${entry.attempts}`);
    }
  };
  return { record, entries, log };
}

/** A delivery about one check, in a group of its own. */
function about(check: string, changes: Parameters<typeof sampleDelivery>[0]): Delivery {
  const alerts = [sampleAlert({ labels: { check } })];
  return sampleDelivery({ groupKey: check, alerts, ...changes });
}

function start(send: Send, memory = createMemory(), clock = createFakeClock()) {
  const outcomes: Attempt[] = [];
  const warnings: string[] = [];
  const outbox = createOutbox({
    ...createBook([]),
    clock,
    record: memory.record,
    send,
    random: () => 0.5,
    log: {
      ...silentLogger,
      warn: (message) => void warnings.push(message),
      error: (message) => void warnings.push(message),
    },
    onOutcome: (_entry, attempt) => void outcomes.push(attempt),
    onSuppressed: () => {},
  });
  onTestFinished(async () => {
    const stopped = outbox.stop(0);
    await clock.advance(10_000);
    await stopped;
  });
  return { outbox, clock, memory, outcomes, warnings };
}

/** A send that records what it is given and answers by the id of the delivery. */
function scripted(answers: Readonly<Record<string, Outcome[]>> = {}) {
  const sent: string[] = [];
  const send: Send = ({ id }) => {
    sent.push(id);
    return Promise.resolve(answers[id]?.shift() ?? delivered);
  };
  return { send, sent };
}

/** A send whose answers the test gives by hand. */
function byHand() {
  const open = new Map<string, { answer: (outcome: Outcome) => void; signal: AbortSignal }>();
  const send: Send = ({ id }, signal) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    open.set(id, { answer: resolve, signal });
    return promise;
  };
  const running = (id: string) => {
    const found = open.get(id);
    if (found === undefined) throw new Error(`${id} is not being sent`);
    return found;
  };
  return { send, open, running };
}

test('a delivery is counted before it is sent and recorded after it', async () => {
  const { send } = scripted();
  const { outbox, clock, memory } = start(send);
  outbox.add([sampleDelivery({ id: 'a' })]);
  expect(memory.log).toEqual(['start a 1']);
  await clock.advance(0);
  expect(memory.log).toEqual(['start a 1', 'delivered a 1']);
  expect(outbox.snapshot().entries).toEqual([]);
});

test('a resolve never overtakes its firing, however long that is refused', async () => {
  const { send, sent } = scripted({ firing: [down, down, down] });
  const { outbox, clock } = start(send);
  outbox.add([
    sampleDelivery({ id: 'firing', dedupKey: 'one group' }),
    sampleDelivery({ id: 'resolve', dedupKey: 'another group' }),
  ]);
  await clock.advance(6999);
  expect(sent).toEqual(['firing', 'firing', 'firing']);
  await clock.advance(1);
  expect(sent).toEqual(['firing', 'firing', 'firing', 'firing', 'resolve']);
});

test('what speaks of different things does not wait for each other, up to the bound on sends at the same time', async () => {
  const { send, open, running } = byHand();
  const { outbox, clock } = start(send);
  const deliveries = Array.from({ length: concurrentSendsMax + 1 }, (_, number) =>
    about(`check-${number}`, { id: `d${number}` }),
  );
  outbox.add(deliveries);
  expect(open.size).toBe(concurrentSendsMax);
  running('d3').answer(delivered);
  await clock.advance(0);
  expect(open.has(`d${concurrentSendsMax}`)).toBe(true);
});

test('the outbox counts how long every place has been taken, and nothing while one is free', async () => {
  const { send } = byHand();
  const { outbox, clock } = start(send);
  expect(outbox.standstillMs()).toBe(0);
  outbox.add([about('first', { id: 'first' })]);
  await clock.advance(5000);
  expect(outbox.standstillMs()).toBe(0);
  const rest = Array.from({ length: concurrentSendsMax }, (_, number) =>
    about(`check-${number}`, { id: `d${number}` }),
  );
  outbox.add(rest);
  expect(outbox.standstillMs()).toBe(5000);
});

test('a receiver that hangs leaves the next free place to another receiver', async () => {
  const { send, open, running } = byHand();
  const { outbox, clock } = start(send);
  const slow = Array.from({ length: 20 }, (_, number) =>
    about(`check-${number}`, { id: `slow${number}`, receiver: 'slow' }),
  );
  outbox.add([...slow, sampleDelivery({ id: 'page', receiver: 'oncall' })]);
  running('slow0').answer(delivered);
  await clock.advance(0);
  expect(open.has('page')).toBe(true);
});

test('a refusal for good lets the next delivery of the group through', async () => {
  const { send, sent } = scripted({ firing: [refused] });
  const { outbox, clock } = start(send);
  outbox.add([
    sampleDelivery({ id: 'firing', dedupKey: 'a' }),
    sampleDelivery({ id: 'other', dedupKey: 'b' }),
  ]);
  await clock.advance(3_600_000);
  expect(sent).toEqual(['firing', 'other']);
  expect(outbox.snapshot().entries).toMatchObject([{ state: 'failed', attempts: 1 }]);
});

test('a reload tries what failed again, unless it is too old', async () => {
  const { send, sent } = scripted({ old: [refused], young: [refused] });
  const { outbox, clock } = start(send);
  outbox.add([sampleDelivery({ id: 'old', groupKey: 'a', createdAtMs: 1_000_000 })]);
  await clock.advance(60_000);
  outbox.add([sampleDelivery({ id: 'young', groupKey: 'b', createdAtMs: 1_060_000 })]);
  await clock.advance(10_000);
  expect(outbox.retryFailed(30_000)).toBe(1);
  await clock.advance(0);
  expect(sent).toEqual(['old', 'young', 'young']);
});

test('a failure is not told any more once something newer about the same was delivered', async () => {
  const { send, sent } = scripted({ firing: [refused] });
  const { outbox, clock } = start(send);
  outbox.add([sampleDelivery({ id: 'firing' })]);
  await clock.advance(0);
  outbox.add([sampleDelivery({ id: 'resolve' })]);
  await clock.advance(0);
  expect(outbox.retryFailed(3_600_000)).toBe(0);
  expect(sent).toEqual(['firing', 'resolve']);
});

test('a restart knows which failures are past', async () => {
  const { send, sent } = scripted();
  const { outbox, clock } = start(send);
  const nextAttemptAt = clock.now().steadyMs;
  outbox.load([
    { delivery: sampleDelivery({ id: 'firing' }), state: 'failed', attempts: 1, nextAttemptAt },
    { delivery: sampleDelivery({ id: 'resolve' }), state: 'delivered', attempts: 1, nextAttemptAt },
  ]);
  expect(outbox.retryFailed(3_600_000)).toBe(0);
  await clock.advance(60_000);
  expect(sent).toEqual([]);
});

test('a full outbox gives up the oldest reminder, never a first message', () => {
  const { send } = byHand();
  const { outbox } = start(send);
  const numbers = Array.from({ length: outboxEntriesMax }, (_, number) => number);
  outbox.add(
    numbers.map((number) =>
      sampleDelivery({
        id: `d${number}`,
        groupKey: `group ${number}`,
        reason: [50, 60].includes(number) ? 'repeat interval elapsed' : 'first notification',
      }),
    ),
  );
  outbox.add([sampleDelivery({ id: 'new', groupKey: 'new' })]);
  const kept = new Set(outbox.snapshot().entries.map(({ delivery }) => delivery.id));
  expect(kept.size).toBe(outboxEntriesMax);
  expect(kept.has('d50')).toBe(false);
  expect(kept.has('d60')).toBe(true);
  expect(kept.has('new')).toBe(true);
});

test('Retry-After of one message holds every group of that receiver', async () => {
  const limited: Outcome = {
    kind: 'passing',
    reason: 'rate_limited',
    detail: 'slow down',
    retryAfterMs: 30_000,
  };
  const { send, sent } = scripted({ a: [limited] });
  const { outbox, clock } = start(send);
  outbox.add([sampleDelivery({ id: 'a', groupKey: 'a' })]);
  await clock.advance(0);
  outbox.add([sampleDelivery({ id: 'b', groupKey: 'b' })]);
  await clock.advance(29_999);
  expect(sent).toEqual(['a']);
  await clock.advance(1);
  expect(sent.toSorted()).toEqual(['a', 'a', 'b']);
});

test('a waiting reminder gives way to anything newer about the same', async () => {
  const { send, sent } = scripted({ firing: [down], resolve: [down] });
  const { outbox, clock, memory } = start(send);
  const reason = 'repeat interval elapsed';
  outbox.add([sampleDelivery({ id: 'firing' })]);
  outbox.add([sampleDelivery({ id: 'reminder 1', reason })]);
  outbox.add([sampleDelivery({ id: 'reminder 2', reason })]);
  outbox.add([sampleDelivery({ id: 'resolve' })]);
  await clock.advance(10_000);
  expect(sent).toEqual(['firing', 'resolve', 'resolve']);
  expect(memory.entries.get('reminder 1')?.state).toBe('failed');
  expect(outbox.retryFailed(3_600_000)).toBe(0);
});

test('a send that ignores its deadline is abandoned, and its late answer ignored', async () => {
  const { send, running } = byHand();
  const { outbox, clock, outcomes, warnings } = start(send);
  outbox.add([sampleDelivery({ id: 'a' })]);
  const first = running('a');
  await clock.advance(sendTimeoutMs);
  expect(first.signal.aborted).toBe(true);
  await clock.advance(1000);
  expect(outcomes).toMatchObject([{ outcome: { kind: 'passing', reason: 'timeout' } }]);
  first.answer(delivered);
  await clock.advance(0);
  expect(outcomes).toHaveLength(1);
  expect(warnings.at(-1)).toMatch(/after its attempt was given up/);
});

test('a delivery is not sent again while it is being sent', async () => {
  const { send } = byHand();
  let sends = 0;
  const { outbox, clock } = start((...given) => {
    sends += 1;
    return send(...given);
  });
  outbox.add([sampleDelivery({ id: 'a' })]);
  await clock.advance(sendTimeoutMs - 1);
  outbox.add([sampleDelivery({ id: 'b' })]);
  await clock.advance(0);
  expect(sends).toBe(1);
});

test('a process killed while sending repeats that attempt once and no other', async () => {
  const memory = createMemory();
  const clock = createFakeClock();
  const killed = start(byHand().send, memory, clock);
  killed.outbox.add([
    about('gateway', { id: 'a', dedupKey: 'key' }),
    about('gateway', { id: 'b', dedupKey: 'other' }),
  ]);
  const left: OutboxEntry[] = [
    ...memory.entries.values(),
    { ...killed.outbox.snapshot().entries[1], attempts: 0 } as OutboxEntry,
  ];
  const sent: [string, string][] = [];
  const next = start(({ id, dedupKey }) => {
    sent.push([id, dedupKey]);
    return Promise.resolve(delivered);
  }, createMemory());
  next.outbox.load(left);
  await next.clock.advance(60_000);
  expect(sent).toEqual([
    ['a', 'key'],
    ['b', 'other'],
  ]);
  expect(next.outcomes.map(({ number }) => number)).toEqual([2, 1]);
});

test('a stop lets running sends end, starts none, and is over with the last of them', async () => {
  const { send, open, running } = byHand();
  const { outbox, clock, outcomes } = start(send);
  outbox.add([sampleDelivery({ id: 'a' })]);
  outbox.add([sampleDelivery({ id: 'b' })]);
  const stopped = outbox.stop(5000);
  running('a').answer(delivered);
  await stopped;
  expect(outcomes).toMatchObject([{ deliveryId: 'a', outcome: delivered }]);
  await clock.advance(60_000);
  expect(open.has('b')).toBe(false);
});

test('a stop whose grace has passed aborts what still runs and keeps it pending', async () => {
  const { send, running } = byHand();
  const { outbox, clock, memory } = start(send);
  outbox.add([sampleDelivery({ id: 'a' })]);
  const stopped = outbox.stop(2000);
  await clock.advance(1999);
  expect(running('a').signal.aborted).toBe(false);
  await clock.advance(1001);
  await stopped;
  expect(memory.entries.get('a')).toMatchObject({ state: 'pending', attempts: 1 });
});

test('a delivery that is handed over twice is sent once', async () => {
  const { send, open } = byHand();
  const { outbox } = start(send);
  outbox.add([sampleDelivery({ id: 'a' })]);
  outbox.add([sampleDelivery({ id: 'a' })]);
  expect(open.size).toBe(1);
  expect(outbox.snapshot().entries).toHaveLength(1);
});

test('an integration that throws is tried again, and what it threw is not told', async () => {
  const { outbox, clock, outcomes } = start(() => Promise.reject(new TypeError('hunter2')));
  outbox.add([sampleDelivery()]);
  await clock.advance(1500);
  expect(outcomes).toHaveLength(2);
  expect(JSON.stringify(outcomes)).not.toContain('hunter2');
});
