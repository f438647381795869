import type { Logger } from '../../lib/log.ts';
import { journalRetryMs, replaceStoreEveryMs } from '../../model/limits.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import { isDamage, openMemory, StoreError, type Opened } from '../../store/open.ts';
import type { SpareRoom } from '../../store/spare-room.ts';
import { createStore, type Saved, type Store } from '../../store/store.ts';
import type { Ports } from '../ports.ts';

/** The saved state of the agent, and what to do when its file turns out to be damaged. */
export interface State {
  readonly store: Store;
  /** To be given up when the disk is full. */
  readonly spareRoom: SpareRoom | undefined;
  /** The disk was full, and the spare room is given up already. */
  readonly isCramped: boolean;
  /** What an earlier process left. */
  readonly saved: Saved;
  /** The latest damaged database that was set aside. */
  readonly setAside: { readonly path: string; readonly at: Instant } | undefined;
  /**
   * A new store when `error` says the database is damaged, else undefined; also when none could be begun,
   * which is tried again later.
   */
  replace(error: unknown, now: Instant): Store | undefined;
}

/**
 * Opens the state in `dataDir`. Where the disk refuses for now, the agent begins in memory, and goes over to
 * the disk as soon as it can be had: somebody has to tell that the disk is full. Throws `StoreError` where
 * waiting would not help.
 */
export function openState(ports: Ports, dataDir: string, log: Logger): State {
  const { opened, refusal } = openOrRefused(ports, dataDir);
  let store = createStore(opened.database);
  if (refusal !== undefined) store = refusing(store, refusal);
  let setAside: State['setAside'];
  let replacedAt: Instant | undefined;
  let closed = refusal !== undefined;
  const note = (path: string | undefined, at: Instant): void => {
    if (path === undefined) return;
    log.error('the state database was damaged; set aside, began a new one', { path });
    setAside = { path, at };
  };
  const saved = store.load();
  note(opened.setAside, ports.clock(saved.anchor).now());
  return {
    store,
    spareRoom: opened.spareRoom,
    isCramped: opened.isCramped ?? false,
    saved,
    get setAside() {
      return setAside;
    },
    replace(error, now) {
      // A disk that refused is asked more often than one that damages every file.
      const restMs = closed && refusal !== undefined ? journalRetryMs : replaceStoreEveryMs;
      const tooSoon = replacedAt !== undefined && elapsedMs(replacedAt, now) < restMs;
      if (!(closed || isDamage(error)) || tooSoon) return undefined;
      replacedAt = now;
      try {
        if (!closed) store.close();
      } catch (closeError) {
        log.warn('cannot close the damaged database', { reason: String(closeError) });
      }
      closed = true;
      try {
        const again = ports.openDatabase(dataDir);
        store = createStore(again.database);
        note(again.setAside, now);
      } catch (openError) {
        if (refusal === undefined) {
          log.error('cannot begin a new state database', { reason: String(openError) });
        }
        return undefined;
      }
      closed = false;
      return store;
    },
  };
}

function openOrRefused(
  ports: Ports,
  dataDir: string,
): { readonly opened: Opened; readonly refusal?: StoreError } {
  try {
    return { opened: ports.openDatabase(dataDir) };
  } catch (error) {
    if (!(error instanceof StoreError && error.passing)) throw error;
    return { opened: { database: openMemory(), path: ':memory:' }, refusal: error };
  }
}

/** A store that knows nothing and takes nothing, so that what is to be saved waits for one that does. */
function refusing(store: Store, refusal: StoreError): Store {
  return {
    ...store,
    commit() {
      throw refusal;
    },
  };
}
