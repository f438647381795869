import type { Cancel, Clock } from '../lib/clock.ts';
import type { CheckSpec } from '../model/check.ts';
import { concurrentRunsMax } from '../model/limits.ts';
import { laterMs, type Instant, type SteadyMs, type WallMs } from '../model/time.ts';
import type { CronTimer, StartCron } from './cron.ts';
import { firstRun, planNext } from './plan.ts';

export interface SchedulerOptions {
  readonly clock: Clock;
  /** Runs a check to its end; says whether it is neither clearly up nor down. Never throws. */
  readonly run: (spec: CheckSpec) => Promise<{ readonly undecided: boolean }>;
  readonly startCron: StartCron;
  /** How late a run began, in milliseconds after it was due. */
  readonly onLag: (lagMs: number) => void;
}

export interface ScheduleView {
  readonly running: boolean;
  readonly nextRunAt?: WallMs;
  readonly runs: number;
  readonly missed: number;
}

/** What is counted of a check as long as the process lives, whatever becomes of its spec. */
interface Counts {
  runs: number;
  missed: number;
}

interface Entry extends Counts {
  readonly spec: CheckSpec;
  /** Whether it has run under this spec. */
  begun: boolean;
  running: boolean;
  /** Waits for one of the places to run in. */
  queued: boolean;
  /** Asked to run at once while it was running. */
  again: boolean;
  removed: boolean;
  dueAt: SteadyMs | undefined;
  cancel: Cancel | undefined;
  cron: CronTimer | undefined;
  /** When it began to wait for a place to run in. */
  queuedAt: SteadyMs | undefined;
}

/**
 * Runs checks when they are due. A check never overlaps itself; at most `concurrentRunsMax` run at a
 * time, the others queue in the order in which they came due.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #queue: Entry[] = [];
  #running = 0;
  #movedAt: SteadyMs | undefined;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Takes the checks of a configuration: known ones with the same spec keep their time. */
  set(specs: readonly CheckSpec[]): void {
    const wanted = new Map(specs.map((spec) => [spec.name, spec]));
    const counts = new Map<string, Counts>();
    for (const [name, entry] of this.#entries) {
      if (wanted.get(name) === entry.spec) continue;
      counts.set(name, entry);
      this.#remove(name, entry);
    }
    for (const spec of specs) {
      if (!this.#entries.has(spec.name)) this.#add(spec, counts.get(spec.name));
    }
  }

  /** Runs a check now, or once more when it is running. Its regular times stay. */
  runSoon(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.queued) return;
    if (entry.running) entry.again = true;
    else this.#enqueue(entry);
  }

  view(name: string): ScheduleView | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const { running, runs, missed } = entry;
    const nextRunAt = this.#nextRunAt(entry);
    return { running, runs, missed, ...(nextRunAt === undefined ? {} : { nextRunAt }) };
  }

  /**
   * For how many milliseconds something has been due while no run began or ended; 0 while all is in time.
   */
  standstillMs(): number {
    const now = this.#now().steadyMs;
    const due = [...this.#entries.values()].flatMap(
      ({ running, queued, queuedAt, cancel, dueAt }) => {
        if (queued) return queuedAt === undefined ? [] : [queuedAt];
        return running || cancel === undefined || dueAt === undefined ? [] : [dueAt];
      },
    );
    const since = Math.max(Math.min(...due), this.#movedAt ?? -Infinity);
    return Math.max(0, now - since);
  }

  /** Starts no more runs; resolves once those under way have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const [name, entry] of this.#entries) this.#remove(name, entry);
    this.#queue.length = 0;
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  #nextRunAt({ cron, dueAt }: Entry): WallMs | undefined {
    if (cron !== undefined) return cron.next()?.getTime() as WallMs | undefined;
    if (dueAt === undefined) return undefined;
    const now = this.#options.clock.now();
    return (now.wallMs + dueAt - now.steadyMs) as WallMs;
  }

  #add(spec: CheckSpec, counted: Counts | undefined): void {
    const entry: Entry = {
      spec,
      runs: counted?.runs ?? 0,
      missed: counted?.missed ?? 0,
      begun: false,
      running: false,
      queued: false,
      again: false,
      removed: false,
      dueAt: undefined,
      cancel: undefined,
      cron: undefined,
      queuedAt: undefined,
    };
    this.#entries.set(spec.name, entry);
    if (spec.schedule.kind === 'cron') void this.#addCron(entry, spec.schedule);
    else this.#arm(entry, firstRun(spec.name, spec.schedule.intervalMs, this.#now().steadyMs));
  }

  async #addCron(
    entry: Entry,
    { expression, timeZone }: Extract<CheckSpec['schedule'], { kind: 'cron' }>,
  ): Promise<void> {
    const cron = await this.#options.startCron(expression, timeZone, {
      onDue: () => {
        if (entry.running || entry.queued) entry.missed += 1;
        else this.#enqueue(entry);
      },
      onMissed: () => {
        entry.missed += 1;
      },
    });
    if (entry.removed) cron.stop();
    else entry.cron = cron;
  }

  #remove(name: string, entry: Entry): void {
    entry.removed = true;
    entry.cancel?.();
    entry.cron?.stop();
    this.#entries.delete(name);
  }

  #arm(entry: Entry, dueAt: SteadyMs): void {
    entry.cancel?.();
    entry.dueAt = dueAt;
    const delayMs = Math.max(0, dueAt - this.#now().steadyMs);
    entry.cancel = this.#options.clock.after(delayMs, () => {
      entry.cancel = undefined;
      this.#enqueue(entry);
    });
  }

  #enqueue(entry: Entry): void {
    if (entry.removed || entry.queued || this.#stopped) return;
    if (entry.running) {
      entry.again = true;
      return;
    }
    entry.queued = true;
    entry.queuedAt = this.#now().steadyMs;
    this.#queue.push(entry);
    this.#drain();
  }

  #drain(): void {
    while (this.#running < concurrentRunsMax) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      entry.queued = false;
      if (!entry.removed) void this.#run(entry);
    }
  }

  async #run(entry: Entry): Promise<void> {
    const startedAt = this.#now().steadyMs;
    const first = !entry.begun;
    entry.begun = true;
    const { schedule } = entry.spec;
    if (schedule.kind === 'interval' && entry.dueAt !== undefined) {
      this.#options.onLag(Math.max(0, startedAt - entry.dueAt));
    }
    this.#running += 1;
    this.#movedAt = startedAt;
    entry.running = true;
    entry.runs += 1;
    const { undecided } = await this.#options.run(entry.spec);
    entry.running = false;
    this.#running -= 1;
    this.#movedAt = this.#now().steadyMs;
    if (!entry.removed) this.#afterRun(entry, startedAt, first, undecided);
    if (this.#stopped && this.#running === 0) this.#idle?.();
    this.#drain();
  }

  #afterRun(entry: Entry, startedAt: SteadyMs, first: boolean, undecided: boolean): void {
    const { schedule, debounce, name } = entry.spec;
    if (entry.again) {
      entry.again = false;
      this.#enqueue(entry);
    }
    const { retryIntervalMs } = debounce;
    const armed = entry.cancel !== undefined;
    if (schedule.kind === 'cron' || armed) {
      // The regular time stands; a retry only comes before it.
      if (!undecided || retryIntervalMs === undefined) return;
      const retryAt = laterMs(startedAt, retryIntervalMs);
      if (!armed || retryAt < (entry.dueAt ?? retryAt)) this.#arm(entry, retryAt);
      return;
    }
    const next = planNext({
      name,
      intervalMs: schedule.intervalMs,
      retryIntervalMs,
      undecided,
      first,
      dueAt: entry.dueAt ?? startedAt,
      startedAt,
      now: this.#now().steadyMs,
    });
    entry.missed += next.missed;
    this.#arm(entry, next.dueAt);
  }

  #now(): Instant {
    return this.#options.clock.now();
  }
}
