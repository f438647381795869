import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Journal } from '../../src/app/pipeline/journal.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { journalRetryMs } from '../../src/model/limits.ts';
import { openDatabase } from '../../src/store/open.ts';
import { createStore } from '../../src/store/store.ts';
import { entry, result } from '../support/batch.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { mountSmallDisk, noMounting } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function open(directory: string) {
  const { database, spareRoom } = openDatabase(directory, 'stamp');
  const store = createStore(database);
  const clock = createFakeClock();
  const journal = new Journal({
    clock,
    log: silentLogger,
    store,
    spareRoom,
    replaceStore: () => undefined,
  });
  return { clock, journal, store };
}

test('what has to be told while the disk is full is on disk nevertheless, and survives a kill', async ({
  skip,
}) => {
  const reason = noMounting();
  if (reason !== undefined) skip(reason);
  const directory = join(temporaryFolder(), 'disk');
  using disk = mountSmallDisk(directory, 8);
  const { journal, store } = open(directory);
  expect(existsSync(join(directory, 'tocsin.spare'))).toBe(true);
  disk.fill();
  journal.result(result('a', 1));
  journal.outbox(Array.from({ length: 100 }, (_, number) => entry(`d${number}`)));
  expect(journal.flush()).toBe(true);
  expect(journal.failure).toMatch(/the disk is full/);
  expect(existsSync(join(directory, 'tocsin.spare'))).toBe(false);
  // A kill closes nothing: what the next process finds is what is in the files now.
  const found = temporaryFolder();
  for (const name of ['tocsin.db', 'tocsin.db-wal']) {
    cpSync(join(directory, name), join(found, name));
  }
  const next = createStore(openDatabase(found, 'stamp').database);
  expect(next.load().outbox).toHaveLength(100);
  next.close();
  store.close();
});

test('plain results wait in memory until the disk has room again, which takes the spare room back', async ({
  skip,
}) => {
  const reason = noMounting();
  if (reason !== undefined) skip(reason);
  const directory = join(temporaryFolder(), 'disk');
  using disk = mountSmallDisk(directory, 8);
  const { clock, journal, store } = open(directory);
  disk.fill();
  journal.result(result('a', 1));
  journal.outbox([entry('d1')]);
  // Small changes may still fit into pages that are there.
  for (let number = 2; journal.failure === undefined && number < 1000; number += 1) {
    journal.result(result('a', number));
    journal.outbox([entry(`d${number}`)]);
    journal.flush();
  }
  const before = store.results('a', 2000).length;
  journal.result(result('a', 2000));
  await clock.advance(2 * journalRetryMs);
  expect(store.results('a', 2000)).toHaveLength(before);
  disk.empty();
  await clock.advance(2 * journalRetryMs);
  expect(journal.failure).toBeUndefined();
  expect(store.results('a', 2000).length).toBeGreaterThan(before);
  expect(existsSync(join(directory, 'tocsin.spare'))).toBe(true);
  journal.close();
});
