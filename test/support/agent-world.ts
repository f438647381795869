import type { DatabaseSync } from 'node:sqlite';
import type { OpenCheck } from '../../src/checks/check-type.ts';
import { Agent } from '../../src/app/agent.ts';
import type { Ports } from '../../src/app/ports.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import type { Config } from '../../src/model/config.ts';
import type { Delivery, Outcome } from '../../src/model/delivery.ts';
import { notOk, ok, type CheckResult, type Status } from '../../src/model/result.ts';
import type { CronListener } from '../../src/schedule/cron.ts';
import { openMemory } from '../../src/store/open.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

/** The process dies here: whatever it held in memory is gone. */
class Killed extends Error {}

/** What happens at a call of the database, by its number, counted from the start of the world. */
export type DiskFault = (call: DiskCall) => 'kill before' | 'kill after' | Error | undefined;

export interface DiskCall {
  readonly number: number;
  /** The number of commits before this one; undefined where the call commits nothing. */
  readonly commit: number | undefined;
}

/** What happens to a request, by its number. */
export type WireFault = (
  send: number,
) => 'kill before' | 'kill with request' | 'kill with answer' | undefined;

/** A message as it arrived. */
export interface Arrival {
  readonly delivery: Delivery;
  readonly atMs: number;
}

/** The longest a killed agent stays dead. */
const stepMs = 5000;

/**
 * The whole agent in a world under control: a clock that is moved, targets that are as told, receivers that
 * answer as told, and a database in memory that outlives the process and fails when told to. Nothing else is
 * fake.
 */
export class AgentWorld {
  readonly clock: FakeClock = createFakeClock();
  readonly truth = new Map<string, Status>();
  /** What each receiver answers; one that is not named takes everything. */
  readonly answers = new Map<string, Outcome>();
  readonly arrivals: Arrival[] = [];
  readonly metrics: Metrics = createMetrics({ version: 'world' });
  readonly crons: CronListener[] = [];
  diskFault: DiskFault = () => undefined;
  wireFault: WireFault = () => undefined;
  calls = 0;
  commits = 0;
  sends = 0;
  /** When the process was killed, by the steady clock. */
  readonly killedAt: number[] = [];
  #config: Config;
  #agent: Agent | undefined;
  #alive = { yes: false };
  #ids = 0;
  readonly #database = openMemory();

  constructor(config: Config) {
    this.#config = config;
    for (const { name } of config.checks) this.truth.set(name, 'ok');
    this.#boot();
  }

  get agent(): Agent {
    if (this.#agent === undefined) throw new Error('no agent is running');
    return this.#agent;
  }

  /** Moves the time on; an agent that is killed on the way is followed by the next one soon after. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await this.clock.advance(Math.min(stepMs, left));
      if (!this.#alive.yes) this.#boot();
    }
  }

  reload(config: Config): void {
    this.#config = config;
    this.agent.reload(config);
  }

  /** Kills the agent where it stands and starts the next one after `downMs`. */
  async restart(downMs = 0): Promise<void> {
    this.#kill();
    await this.clock.advance(downMs);
    this.#boot();
    await this.clock.advance(0);
  }

  /** Ends the agent as SIGTERM does. */
  async stop(): Promise<void> {
    const stopped = this.agent.stop(1000);
    await this.clock.advance(20_000);
    await stopped;
    this.#alive.yes = false;
  }

  #kill(): void {
    this.killedAt.push(this.clock.now().steadyMs);
    this.#alive.yes = false;
  }

  #boot(): void {
    const alive = { yes: true };
    this.#alive = alive;
    try {
      const agent = new Agent({
        config: this.#config,
        dataDir: '/nowhere',
        ports: this.#ports(alive),
        metrics: this.metrics,
        log: silentLogger,
        externalURL: () => '',
        userAgent: 'world',
      });
      agent.start();
      this.#agent = agent;
    } catch {
      // One that cannot start ends, and is started again by whoever watches it.
      alive.yes = false;
    }
  }

  #ports(alive: { yes: boolean }): Ports {
    return {
      clock: () => mortal(this.clock, alive),
      random: () => 0.5,
      newId: () => {
        this.#ids += 1;
        return `d${this.#ids}`;
      },
      openDatabase: () => ({ database: this.#open(alive), path: 'world' }),
      openCheck: ({ name }): OpenCheck => ({ run: async () => this.#look(name) }),
      startCron: async (_expression, _timeZone, listener) => {
        this.crons.push(listener);
        return { next: () => undefined, stop() {} };
      },
      send: async (delivery) => (alive.yes ? this.#transmit(delivery) : new Promise(() => {})),
    };
  }

  #look(name: string): CheckResult {
    const status = this.truth.get(name) ?? 'unknown';
    return status === 'ok' ? ok('fine') : notOk(status, 'status', `it is ${status}`);
  }

  #transmit(delivery: Delivery): Promise<Outcome> {
    this.sends += 1;
    const fault = this.wireFault(this.sends);
    const gone = new Promise<Outcome>(() => {});
    if (fault === 'kill before') {
      this.#kill();
      return gone;
    }
    const outcome = this.answers.get(delivery.receiver) ?? { kind: 'delivered', detail: 'taken' };
    if (outcome.kind === 'delivered') {
      this.arrivals.push({ delivery, atMs: this.clock.now().steadyMs });
    }
    if (fault === 'kill with request') {
      this.#kill();
      return gone;
    }
    if (fault === 'kill with answer') queueMicrotask(() => this.#kill());
    return Promise.resolve(outcome);
  }

  /** The database as one process sees it: dead ones can no longer write. */
  #open(alive: { readonly yes: boolean }): DatabaseSync {
    const database = this.#database;
    if (database.isTransaction) database.exec('ROLLBACK');
    const call = <Result>(run: () => Result, isCommit = false): Result => {
      if (!alive.yes) throw new Killed('this agent is dead');
      this.calls += 1;
      if (isCommit) this.commits += 1;
      const fault = this.diskFault({
        number: this.calls,
        commit: isCommit ? this.commits : undefined,
      });
      if (fault instanceof Error) throw fault;
      if (fault === 'kill before') this.#kill();
      if (!alive.yes) throw new Killed('killed before');
      const result = run();
      if (fault === 'kill after') this.#kill();
      if (!alive.yes) throw new Killed('killed after');
      return result;
    };
    return new Proxy(database, {
      get(target, property) {
        if (property === 'close') return () => {};
        if (property === 'exec') {
          return (sql: string) => call(() => target.exec(sql), sql === 'COMMIT');
        }
        if (property === 'prepare') {
          return (sql: string) => faulty(target.prepare(sql), call);
        }
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** A statement whose calls go through `call`. */
function faulty<Statement extends object>(
  statement: Statement,
  call: <Result>(run: () => Result) => Result,
): Statement {
  return new Proxy(statement, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => call(() => Reflect.apply(value, target, given));
    },
  });
}

/** The clock as a process sees it: once the process is dead, none of its timers runs any more. */
function mortal(clock: Clock, alive: { readonly yes: boolean }): Clock {
  return {
    now: () => clock.now(),
    after: (delayMs, run) =>
      clock.after(delayMs, () => {
        if (!alive.yes) return;
        try {
          run();
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
      }),
  };
}
