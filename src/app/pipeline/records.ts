import type { Logger } from '../../lib/log.ts';
import type { Attempt, OutboxEntry } from '../../model/delivery.ts';
import type { Recording } from '../../model/recording.ts';
import type { RecordedResult } from '../../model/result.ts';
import type { Instant } from '../../model/time.ts';
import type { Store } from '../../store/store.ts';
import type { Journal } from './journal.ts';

/** What was found and told, read back from the state database; what is still unsaved belongs to it. */
export interface Records {
  /** The latest results of a check, newest first; none while the database cannot be read. */
  history(check: string, limit: number): RecordedResult[];
  /** The latest notifications with their attempts, newest first. */
  latestDeliveries(limit: number): { entry: OutboxEntry; attempts: Attempt[] }[];
  /** Everything, for a replay. */
  recording(): Recording;
}

export function createRecords(options: {
  readonly journal: Journal;
  readonly log: Logger;
  readonly now: () => Instant;
  /** The results of a check that are in memory, with everything they said. */
  readonly recent: (check: string) => readonly RecordedResult[];
}): Records {
  const { journal, log, now, recent } = options;
  const read = <Row>(rows: (store: Store) => Row[]): Row[] => {
    try {
      journal.flush();
      return rows(journal.store);
    } catch (error) {
      log.warn('cannot read the state database', { reason: String(error) });
      return [];
    }
  };
  return {
    history(check, limit) {
      // The store keeps only the numbers of sound results; the latest ones are still known in full.
      const known = new Map(recent(check).map((one) => [Math.round(one.startedAt.wallMs), one]));
      return read((store) =>
        store
          .results(check, limit)
          .toReversed()
          .map((row) => known.get(row.startedAt.wallMs) ?? row),
      );
    },
    latestDeliveries: (limit) => read((store) => store.deliveries(limit)),
    recording() {
      journal.flush();
      return journal.store.recording(now);
    },
  };
}
