import { Playback } from '../../src/app/playback/playback.ts';
import type { Config } from '../../src/model/config.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { notOk, ok, type RecordedResult, type Status } from '../../src/model/result.ts';
import { instant, type Instant, type SteadyMs } from '../../src/model/time.ts';
import { openDatabase } from '../../src/store/open.ts';
import { runsName } from '../../src/store/recording.ts';
import { createStore, type Batch } from '../../src/store/store.ts';
import { batch } from './batch.ts';

/** What an agent would have in its database that found these things. */
export interface History {
  readonly config: Config;
  /** Statuses of each check, one a run, every `everyMs`. */
  readonly found: Readonly<Record<string, readonly Status[]>>;
  readonly everyMs: number;
  readonly start: Instant;
  /** The agent was away before the run of this number, for so long. */
  readonly away?: { readonly beforeRun: number; readonly forMs: number };
}

/** Writes the history into a database in `directory`, with what the agent told of it. */
export function recordHistory(directory: string, history: History): void {
  const { config, found, everyMs, start, away } = history;
  const store = createStore(openDatabase(directory, 'test').database);
  const told: Delivery[] = [];
  const playback = new Playback({
    config,
    start,
    checks: new Set(Object.keys(found)),
    onTold: (delivery) => told.push(delivery),
  });
  const runs = Math.max(...Object.values(found).map(({ length }) => length));
  let now = start.steadyMs as number;
  const wallOf = (steadyMs: number): number => start.wallMs + steadyMs - start.steadyMs;
  const save = (changes: Partial<Batch>): void =>
    store.commit(batch({ at: instant(now, wallOf(now)), ...changes }));
  save({});
  for (let run = 0; run < runs; run += 1) {
    if (away?.beforeRun === run) {
      playback.clock.advanceTo(now as SteadyMs);
      const formerEndedAt = instant(now, wallOf(now));
      now += away.forMs;
      const startedAt = instant(now, wallOf(now));
      playback.restart(startedAt);
      const value = [{ startedAt, formerEndedAt }];
      save({ kept: [{ drawer: 'single', name: runsName, value }] });
    }
    const results: RecordedResult[] = [];
    for (const [check, statuses] of Object.entries(found)) {
      const status = statuses[run];
      if (status === undefined) continue;
      playback.clock.advanceTo(now as SteadyMs);
      const what = status === 'ok' ? ok('fine') : notOk(status, 'connect', `${check} ${status}`);
      const result = { ...what, check, startedAt: playback.clock.now(), durationMs: 0 };
      playback.take(result);
      results.push(result);
    }
    save({ results });
    now += everyMs;
  }
  playback.clock.advanceTo(now as SteadyMs);
  save({
    outbox: told.map((delivery) => ({
      delivery,
      state: 'delivered',
      attempts: 1,
      nextAttemptAt: delivery.createdAt.steadyMs,
    })),
  });
  store.close();
}
