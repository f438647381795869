import { describe, expect, test } from 'vitest';
import { newTrack } from '../../../src/alerts/track.ts';
import { Journal } from '../../../src/app/pipeline/journal.ts';
import { silentLogger } from '../../../src/lib/log.ts';
import { journalDelayMs, journalResultsMax, journalRetryMs } from '../../../src/model/limits.ts';
import { openMemory } from '../../../src/store/open.ts';
import { createStore, type Store } from '../../../src/store/store.ts';
import { entry, result } from '../../support/batch.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

function begin(replaceStore: (error: unknown) => Store | undefined = () => undefined) {
  const clock = createFakeClock();
  const real = createStore(openMemory());
  const disk = { error: undefined as Error | undefined, commits: 0 };
  const store: Store = {
    ...real,
    commit(batch) {
      disk.commits += 1;
      if (disk.error !== undefined) throw disk.error;
      real.commit(batch);
    },
  };
  const journal = new Journal({ clock, log: silentLogger, store, replaceStore });
  return { clock, journal, disk, real };
}

describe('the journal', () => {
  test('saves plain results together, within its delay', async () => {
    const { clock, journal, disk, real } = begin();
    journal.result(result('a', 1));
    journal.result(result('a', 2));
    expect(real.results('a', 10)).toEqual([]);
    await clock.advance(journalDelayMs);
    expect(real.results('a', 10)).toHaveLength(2);
    expect(disk.commits).toBe(1);
  });

  test('keeps what the disk refuses, says why, leaves the disk alone, and catches up', async () => {
    const { clock, journal, disk, real } = begin();
    disk.error = new Error('database or disk is full');
    journal.track('a', newTrack);
    journal.outbox([entry('d1')]);
    expect(journal.flush()).toBe(false);
    expect(journal.failure).toBe('database or disk is full');
    expect(journal.flush()).toBe(false);
    expect(disk.commits).toBe(1);
    disk.error = undefined;
    await clock.advance(journalRetryMs + journalDelayMs);
    expect(journal.failure).toBeUndefined();
    expect(real.load().outbox).toEqual([entry('d1')]);
    expect(real.load().tracks.has('a')).toBe(true);
  });

  test('while the disk refuses only the newest results are kept', async () => {
    const { clock, journal, disk, real } = begin();
    disk.error = new Error('full');
    for (let second = 0; second < journalResultsMax + 10; second += 1) {
      journal.result(result('a', second));
    }
    await clock.advance(journalDelayMs);
    disk.error = undefined;
    await clock.advance(journalRetryMs + journalDelayMs);
    const kept = real.results('a', 2 * journalResultsMax);
    expect([kept.length, kept[0]?.startedAt]).toEqual([
      journalResultsMax,
      result('a', 10).startedAt,
    ]);
  });

  test('goes on with a new store when the old one is damaged', () => {
    const fresh = createStore(openMemory());
    const { journal, disk } = begin(() => fresh);
    disk.error = new Error('malformed');
    journal.result(result('a', 1));
    expect(journal.flush()).toBe(true);
    expect(journal.failure).toBeUndefined();
    expect(fresh.results('a', 10)).toHaveLength(1);
  });

  test('closing saves what is left, even from a disk that refused a moment ago', () => {
    const { journal, disk } = begin();
    disk.error = new Error('full');
    journal.result(result('a', 1));
    journal.flush();
    disk.error = undefined;
    journal.close();
    expect(journal.failure).toBeUndefined();
  });
});
