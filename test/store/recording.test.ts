import { expect, test } from 'vitest';
import { instant, type WallMs } from '../../src/model/time.ts';
import { openDatabase, StoreError } from '../../src/store/open.ts';
import { openRecording } from '../../src/store/recording.ts';
import { createStore } from '../../src/store/store.ts';
import { ok } from '../../src/model/result.ts';
import { batch } from '../support/batch.ts';
import { sampleDelivery } from '../support/sample-delivery.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const startMs = Date.UTC(2025, 0, 6);

/** A database with a result of `a` each minute and one notification, as the store writes it. */
function recorded(minutes: number): string {
  const folder = temporaryFolder();
  const store = createStore(openDatabase(folder, 'test').database);
  for (let minute = 0; minute < minutes; minute += 1) {
    const at = instant(1000 + minute * 60_000, startMs + minute * 60_000);
    const results = [{ ...ok('fine'), check: 'a', startedAt: at, durationMs: 5 }];
    store.commit(batch({ at, results }));
  }
  const delivery = { ...sampleDelivery(), createdAt: instant(1000, startMs) };
  const entry = {
    delivery,
    state: 'delivered',
    attempts: 1,
    nextAttemptAt: delivery.createdAt.steadyMs,
  } as const;
  store.commit(batch({ at: instant(9e6, startMs + 9e6), outbox: [entry] }));
  store.close();
  return folder;
}

test('a recording gives every result once, in order, from a date on', () => {
  const recording = openRecording(recorded(50));
  const read: number[] = [];
  let next: number | undefined = recording.beginAt((startMs + 20 * 60_000) as WallMs);
  while (next !== undefined) {
    const page = recording.results(next, 7);
    read.push(...page.results.map(({ startedAt }) => (startedAt.wallMs - startMs) / 60_000));
    next = page.next;
  }
  recording.close();
  expect(read).toEqual(Array.from({ length: 30 }, (_, index) => index + 20));
});

test('a recording gives notifications in short, and how far it goes', () => {
  const recording = openRecording(recorded(1));
  const { notifications, next } = recording.notifications(0 as WallMs, 0, 10);
  expect(notifications).toEqual([expect.objectContaining({ at: startMs, state: 'delivered' })]);
  expect(next).toBeUndefined();
  expect(recording.facts().until.wallMs).toBe(startMs + 9e6);
  recording.close();
});

test('a database of another version, or none, is refused with the reason', () => {
  const folder = recorded(1);
  const { database } = openDatabase(folder, 'test');
  database.exec('PRAGMA user_version = 999');
  database.close();
  expect(() => openRecording(folder)).toThrow('a newer tocsin wrote it');
  expect(() => openRecording(temporaryFolder())).toThrow(StoreError);
});
