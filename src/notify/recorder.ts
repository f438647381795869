import type { Cancel, Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { outboxEntriesMax } from '../model/limits.ts';

/** How long a store that refused a record is left alone: long enough not to make a full disk worse. */
const retryIntervalMs = 5000;

export interface Recorder<Store> {
  /** Hands one record to the store, now or as soon as it takes records again, in order. Never throws. */
  record(write: (store: Store) => void): void;
  /** Tries once more to hand over what is waiting, and gives up its timer. */
  close(): void;
  /** Whether the store has refused what it was last given. */
  readonly failing: boolean;
}

/** Keeps a store up to date without ever waiting for it: what it refuses is repeated later. */
export function createRecorder<Store>(options: {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Logger;
}): Recorder<Store> {
  const { clock, store, log } = options;
  const waiting: ((store: Store) => void)[] = [];
  let failing = false;
  let cancelRetry: Cancel = () => {};

  const refused = (error: unknown): void => {
    if (!failing) log.error('The outbox cannot be recorded', { error: String(error) });
    failing = true;
    if (waiting.length > outboxEntriesMax) waiting.shift();
  };

  const handOver = (): void => {
    cancelRetry();
    try {
      for (let write = waiting[0]; write !== undefined; write = waiting[0]) {
        write(store);
        waiting.shift();
      }
      if (failing) log.info('The outbox is recorded again');
      failing = false;
    } catch (error) {
      refused(error);
      cancelRetry = clock.after(retryIntervalMs, handOver);
    }
  };

  return {
    record(write) {
      waiting.push(write);
      handOver();
    },
    close() {
      if (waiting.length > 0) handOver();
      cancelRetry();
    },
    get failing() {
      return failing;
    },
  };
}
