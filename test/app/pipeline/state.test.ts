import { readdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openState } from '../../../src/app/pipeline/state.ts';
import { systemPorts } from '../../../src/app/system-ports.ts';
import { silentLogger } from '../../../src/lib/log.ts';
import { replaceStoreEveryMs } from '../../../src/model/limits.ts';
import { batch, result } from '../../support/batch.ts';
import { at } from '../../support/routes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const damage = Object.assign(new Error('database disk image is malformed'), { errcode: 11 });
const later = at(replaceStoreEveryMs / 1000 + 1);

test('a damaged database that cannot be replaced now is replaced later, whatever the error is by then', async () => {
  const directory = temporaryFolder();
  let refuse = false;
  const ports: typeof systemPorts = {
    ...systemPorts,
    openDatabase(from) {
      if (refuse) throw new Error('no space left on device');
      return systemPorts.openDatabase(from);
    },
  };
  const state = openState(ports, directory, silentLogger);
  refuse = true;
  expect(state.replace(damage, at(0))).toBeUndefined();
  refuse = false;
  expect(() => state.store.commit(batch())).toThrow('database is not open');
  state.store.close();
  const closed = new Error('database is not open');
  expect(state.replace(closed, at(1)), 'not again at once').toBeUndefined();
  const store = state.replace(closed, later);
  onTestFinished(() => store?.close());
  store?.commit(batch({ results: [result('a', 1)] }));
  expect(store?.results('a', 1)).toHaveLength(1);
  expect(await readdir(directory)).toContain('tocsin.db');
});

test('an error that is no damage replaces nothing', async () => {
  const state = openState(systemPorts, temporaryFolder(), silentLogger);
  onTestFinished(() => state.store.close());
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
  expect(state.replace(full, at(0))).toBeUndefined();
  state.store.commit(batch());
});
