import type { Clock } from '../../lib/clock.ts';
import type { Instant } from '../../model/time.ts';
import type { HeartbeatRecord } from '../../model/view.ts';
import type { PingReport } from '../../web/commands.ts';
import type { Journal } from '../pipeline/journal.ts';

/** What jobs reported to `/ping`, kept across restarts. */
export class Heartbeats {
  readonly #records: Map<string, HeartbeatRecord>;
  readonly #clock: Clock;
  readonly #journal: Journal;

  constructor(saved: ReadonlyMap<string, HeartbeatRecord>, clock: Clock, journal: Journal) {
    this.#records = new Map(saved);
    this.#clock = clock;
    this.#journal = journal;
  }

  get(name: string): HeartbeatRecord | undefined {
    return this.#records.get(name);
  }

  /** Begins to expect a job: its first deadline counts from now. */
  expect(name: string): void {
    if (this.#records.has(name)) return;
    const { wallMs, steadyMs } = this.#clock.now();
    this.#put(name, { since: wallMs, countedFrom: steadyMs });
  }

  report(name: string, report: PingReport): void {
    const now = this.#clock.now();
    const known = this.#records.get(name) ?? { since: now.wallMs, countedFrom: now.steadyMs };
    this.#put(name, taken(known, report, now));
    // The job will not say it twice: what is answered with OK has to survive a crash.
    this.#journal.flush();
  }

  resave(): void {
    for (const [name, record] of this.#records) this.#journal.heartbeat(name, record);
  }

  #put(name: string, record: HeartbeatRecord): void {
    this.#records.set(name, record);
    this.#journal.heartbeat(name, record);
  }
}

function taken(known: HeartbeatRecord, report: PingReport, now: Instant): HeartbeatRecord {
  const { kind, exitCode, output } = report;
  const at = now.wallMs;
  if (kind === 'start') return { ...known, lastStartAt: at };
  if (kind === 'success' || (kind === 'exit' && exitCode === 0)) {
    const { failed: _failed, ...rest } = known;
    return { ...rest, lastSuccessAt: at, countedFrom: now.steadyMs };
  }
  return {
    ...known,
    failed: {
      at,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(output === undefined ? {} : { output }),
    },
  };
}
