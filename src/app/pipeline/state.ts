import type { Logger } from '../../lib/log.ts';
import { replaceStoreEveryMs } from '../../model/limits.ts';
import { elapsedMs, type Instant } from '../../model/time.ts';
import { isDamage } from '../../store/open.ts';
import type { SpareRoom } from '../../store/spare-room.ts';
import { createStore, type Saved, type Store } from '../../store/store.ts';
import type { Ports } from '../ports.ts';

/** The saved state of the agent, and what to do when its file turns out to be damaged. */
export interface State {
  readonly store: Store;
  /** To be given up when the disk is full. */
  readonly spareRoom: SpareRoom | undefined;
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

/** Opens the state in `dataDir`. Throws `StoreError`. */
export function openState(ports: Ports, dataDir: string, log: Logger): State {
  const opened = ports.openDatabase(dataDir);
  let store = createStore(opened.database);
  let setAside: State['setAside'];
  let replacedAt: Instant | undefined;
  let closed = false;
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
    saved,
    get setAside() {
      return setAside;
    },
    replace(error, now) {
      const tooSoon = replacedAt !== undefined && elapsedMs(replacedAt, now) < replaceStoreEveryMs;
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
        log.error('cannot begin a new state database', { reason: String(openError) });
        return undefined;
      }
      closed = false;
      return store;
    },
  };
}
