import { describe, expect, onTestFinished, test } from 'vitest';
import type { Attempt } from '../../src/model/delivery.ts';
import { notOk } from '../../src/model/result.ts';
import { openDatabase } from '../../src/store/open.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { batch, delivery, entry, result } from '../support/batch.ts';
import { at } from '../support/routes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function open(directory: string): Store {
  const store = createStore(openDatabase(directory, 'now').database);
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // The test has closed it already.
    }
  });
  return store;
}

const attempt: Attempt = {
  deliveryId: 'd1',
  number: 1,
  atMs: at(1).wallMs,
  durationMs: 5,
  outcome: { kind: 'delivered', detail: 'HTTP 200' },
};

describe('the store', () => {
  test('gives back after a restart what was saved', async () => {
    const directory = temporaryFolder();
    const before = open(directory);
    before.commit(
      batch({
        at: at(5),
        tracks: new Map([['gateway', { state: { phase: 'firing' } }]]),
        groups: new Map([['team\n{}', { key: '{}' }]]),
        log: new Map([['team\n{}\nwebhook/0', { firing: ['x'] }]]),
        heartbeats: new Map([['backup', { since: at(0).wallMs }]]),
        kept: [
          { drawer: 'silence', name: 's1', value: { comment: 'deploy' } },
          { drawer: 'silence', name: 's2', value: undefined },
        ],
        outbox: [
          entry('d0', { state: 'delivered' }),
          entry('d1'),
          entry('d2', { state: 'failed' }),
        ],
      }),
    );
    before.close();
    const saved = open(directory).load();
    expect(saved).toEqual({
      anchor: at(5),
      tracks: new Map([['gateway', { state: { phase: 'firing' } }]]),
      groups: [{ key: '{}' }],
      log: new Map([['team\n{}\nwebhook/0', { firing: ['x'] }]]),
      heartbeats: new Map([['backup', { since: at(0).wallMs }]]),
      kept: new Map([['silence', new Map([['s1', { comment: 'deploy' }]])]]),
      outbox: [entry('d1'), entry('d2', { state: 'failed' })],
    });
  });

  test('forgets what a later batch removes', async () => {
    const store = open(temporaryFolder());
    store.commit(
      batch({
        tracks: new Map([['a', {}]]),
        groups: new Map([['g', {}]]),
        log: new Map([['l', {}]]),
      }),
    );
    store.commit(batch({ removedTracks: ['a'], removedGroups: ['g'], removedLog: ['l'] }));
    expect(store.load()).toMatchObject({ tracks: new Map(), groups: [], log: new Map() });
  });

  test('saves a whole batch or nothing of it', async () => {
    const store = open(temporaryFolder());
    // The attempt names a delivery that nobody saved: the last write of the batch fails.
    const broken = batch({
      results: [result('a', 1)],
      attempts: [{ ...attempt, deliveryId: '?' }],
    });
    expect(() => store.commit(broken)).toThrow(/FOREIGN KEY/);
    expect(store.results('a', 10)).toEqual([]);
    store.commit(batch({ results: [result('a', 1)] }));
    expect(store.results('a', 10)).toHaveLength(1);
  });

  test('keeps in full what was not sound, and of sound results the numbers, in order', async () => {
    const store = open(temporaryFolder());
    const explained = { detail: ['body: oops'], phases: [{ name: 'connect', ms: 1 }] };
    const down = notOk('critical', 'status', 'HTTP 500', explained);
    const failing = { ...result('a', 2), ...down };
    const family = { name: 'x', help: '', samples: [] };
    store.commit(
      batch({ results: [result('a', 1), { ...failing, families: [family] }, result('b', 3)] }),
    );
    const sound = { ...result('a', 1), summary: 'ok' };
    expect(store.results('a', 10)).toEqual([sound, failing]);
    expect(store.results('a', 1)).toEqual([failing]);
  });

  test('lists deliveries with their attempts, newest first; saving one twice changes it', async () => {
    const store = open(temporaryFolder());
    store.commit(batch({ outbox: [entry('d1'), entry('d2')] }));
    const delivered = entry('d1', { state: 'delivered', attempts: 1 });
    const save = batch({ outbox: [delivered], attempts: [attempt] });
    store.commit(save);
    store.commit(save);
    expect(store.deliveries(10)).toEqual([
      { entry: entry('d2'), attempts: [] },
      { entry: delivered, attempts: [attempt] },
    ]);
  });

  test('pruning forgets old results and finished deliveries, never one that still waits', async () => {
    const store = open(temporaryFolder());
    const old = {
      delivery: delivery('old', { createdAt: at(-1000) }),
      state: 'delivered',
    } as const;
    const waiting = { delivery: delivery('waiting', { createdAt: at(-1000) }) };
    store.commit(
      batch({
        results: [result('a', -1000), result('a', 0)],
        outbox: [
          entry('old', old),
          entry('waiting', waiting),
          entry('new', { state: 'delivered' }),
        ],
      }),
    );
    store.prune(at(-10).wallMs);
    expect(store.results('a', 10).map(({ startedAt }) => startedAt)).toEqual([at(0)]);
    expect(store.deliveries(10).map(({ entry }) => entry.delivery.id)).toEqual(['new', 'waiting']);
  });
});
