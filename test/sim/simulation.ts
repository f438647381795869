import type { OpenCheck } from '../../src/checks/check-type.ts';
import { Agent } from '../../src/app/agent.ts';
import type { Ports } from '../../src/app/ports.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import type { Config } from '../../src/model/config.ts';
import type { Delivery, Outcome } from '../../src/model/delivery.ts';
import { notOk, ok, type CheckResult, type Status } from '../../src/model/result.ts';
import { receiversFor } from '../../src/routing/route-tree.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { createFaultyDisk, Killed, type FaultyDisk } from './faulty-disk.ts';
import { accepted, createInbox, limited, lost, refused, type Inbox } from './inbox.ts';
import { People } from './people.ts';
import { seededRandom, type Random } from './random.ts';
import { randomConfig } from './scenario.ts';

/*
 * The whole agent in a world of chance: targets that break and heal, a network that loses requests and
 * answers, a disk that fills, a clock that jumps, a process that is killed anywhere. Nothing is fake but the
 * clock, the disk's failures and the network.
 */

/** The longest a killed agent stays dead. */
const stepMs = 2000;

/** Longer than the longest wait between two attempts, and then a few group intervals. */
const settleMs = 12 * 60_000;

/** How the receivers answer, until chance changes it. */
type Weather = 'fair' | 'answers get lost' | 'refusing' | 'limited' | 'hanging';

export class Simulation {
  readonly #random: Random;
  readonly #clock: FakeClock = createFakeClock();
  readonly #disk: FaultyDisk = createFaultyDisk();
  readonly #truth = new Map<string, Status>();
  readonly #inboxes = new Map<string, Inbox>();
  /** Firing periods that really were, as `check@startsAt`. */
  readonly #fired = new Set<string>();
  readonly #complaints: string[] = [];
  /** How often a delivery may have arrived twice: its sender was killed, or its answer got lost. */
  readonly #excuses = new Map<string, number>();
  readonly #sending = new Set<string>();
  /** Changing this at a reload changes the keys of open incidents, which no agent can repair. */
  readonly #splitsAlerts: boolean;
  #config: Config;
  #weather: Weather = 'fair';
  #agent!: Agent;
  readonly #people: People;
  #alive = { yes: true };
  #ids = 0;

  readonly #trace: (line: string) => void;

  /** `trace` gets a line for everything that happens, to follow one history by eye. */
  constructor(seed: number, trace: (line: string) => void = () => {}) {
    this.#trace = (line) => trace(`${(this.#clock.now().steadyMs - 1_000_000) / 1000}s ${line}`);
    this.#random = seededRandom(seed);
    this.#splitsAlerts = this.#random.chance(0.5);
    this.#config = randomConfig(this.#random, this.#splitsAlerts);
    for (const { name } of this.#config.checks) this.#truth.set(name, 'ok');
    this.#people = new People(this.#random, this.#trace, (what) => this.#complaints.push(what));
    this.#disk.onKill = () => this.#die();
    this.#boot();
  }

  /**
   * Lives through up to `stepsMax` random events, then lets the world calm down and looks at what was
   * told; now and then it breaks everything once more and lets it heal.
   */
  async run(stepsMax: number): Promise<void> {
    const steps = this.#random.between(5, stepsMax);
    for (let step = 0; step < steps; step += 1) {
      this.#event();
      await this.#advance(this.#random.between(1, 40) * 1000);
      this.#check(`after step ${step}`);
    }
    await this.#settle('ok');
    if (this.#random.chance(0.75)) return;
    await this.#settle('critical');
    await this.#settle('ok');
  }

  async #settle(status: Status): Promise<void> {
    this.#weather = 'fair';
    this.#people.goHome(this.#agent);
    this.#disk.full = false;
    for (const name of this.#truth.keys()) this.#truth.set(name, status);
    await this.#advance(settleMs);
    this.#check(`once everything is ${status}`);
    this.#compareWithTruth(status);
  }

  #event(): void {
    const random = this.#random;
    const names = [...this.#truth.keys()];
    const turn = random.between(0, 23);
    if (turn < 11) {
      const name = names[random.between(0, names.length - 1)] ?? '';
      const status = random.pick<Status>([
        'ok',
        'ok',
        'critical',
        'critical',
        'warning',
        'unknown',
      ]);
      this.#truth.set(name, status);
      this.#trace(`${name} is ${status}`);
    } else if (turn < 14) {
      this.#weather = random.pick([
        'fair',
        'fair',
        'answers get lost',
        'refusing',
        'limited',
        'hanging',
      ]);
    } else if (turn === 14) this.#disk.full = !this.#disk.full && this.#disk.killAt === undefined;
    else if (turn === 15) this.#clock.jumpWall(random.between(-86_400_000, 86_400_000));
    else if (turn === 16) this.#scheduleKill(random.pick(['before commit', 'after commit']));
    else if (turn === 17) this.#scheduleKill(undefined);
    else if (turn === 18) this.#agent.reload(this.#config);
    else if (turn === 19) this.#reconfigure();
    else this.#people.act(this.#agent, names);
    this.#trace(
      `event ${turn}, network ${this.#weather}, disk ${this.#disk.full ? 'full' : 'fine'}`,
    );
  }

  /**
   * Kills at a commit, or right now. Not while the agent cannot save: one that can neither keep its memory
   * nor write it down cannot remember what it told.
   */
  #scheduleKill(at: FaultyDisk['killAt']): void {
    const unsaved = this.#agent.health().problems.some(({ critical }) => critical);
    if (this.#disk.full || unsaved) return;
    this.#disk.killAt = at;
    if (at === undefined) this.#die();
  }

  /** Another configuration with the same checks: routes, receivers and debounce may all differ. */
  #reconfigure(): void {
    const next = randomConfig(this.#random, this.#splitsAlerts);
    const checks = this.#config.checks.map(
      (check) => next.checks.find(({ name }) => name === check.name) ?? check,
    );
    this.#config = { ...next, checks };
    this.#agent.reload(this.#config);
  }

  async #advance(ms: number): Promise<void> {
    // In steps: a kill in the middle is followed by a new start soon after.
    for (let left = ms; left > 0; left -= stepMs) {
      await this.#clock.advance(Math.min(stepMs, left));
      if (!this.#alive.yes) this.#boot();
      this.#noteFiring();
    }
  }

  #boot(): void {
    const alive = { yes: true };
    this.#alive = alive;
    this.#agent = new Agent({
      config: this.#config,
      dataDir: '/nowhere',
      ports: this.#ports(alive),
      metrics: createMetrics({ version: 'sim' }),
      log: silentLogger,
      externalURL: () => '',
      userAgent: 'sim',
    });
    this.#watch(this.#agent, alive);
    this.#agent.start();
  }

  /** Looks at every message in the moment the outbox gets it. */
  #watch(agent: Agent, alive: { readonly yes: boolean }): void {
    const { outbox } = agent;
    const add = outbox.add.bind(outbox);
    Object.assign(outbox, {
      add: (deliveries: readonly Delivery[]) => {
        // What the dead still plan does not count.
        for (const delivery of alive.yes ? deliveries : []) {
          this.#trace(`plans ${described(delivery)}`);
          this.#people.judge(delivery, agent);
        }
        add(deliveries);
      },
    });
  }

  #die(): void {
    this.#trace('killed');
    this.#alive.yes = false;
    // What is on its way, or has arrived without the answer being written down, may come once more.
    for (const id of new Set([...this.#sending, ...this.#disk.pending()])) this.#excuse(id);
    this.#sending.clear();
    // From now on the dead agent's hands are tied: its disk is opened anew by the next one.
    this.#disk.open();
  }

  #ports(alive: { readonly yes: boolean }): Ports {
    return {
      clock: () => mortal(this.#clock, alive),
      random: () => this.#random.next(),
      newId: () => {
        this.#ids += 1;
        return `d${this.#ids}`;
      },
      openDatabase: () => ({ database: this.#disk.open(), path: 'sim' }),
      openCheck: ({ name }): OpenCheck => ({ run: async () => this.#look(name) }),
      startCron: async () => ({ next: () => undefined, stop() {} }),
      // The dead send nothing: their promises stay open for ever.
      send: async (delivery, _integration, { signal }) =>
        alive.yes ? this.#transmit(delivery, signal) : new Promise(() => {}),
    };
  }

  #look(name: string): CheckResult {
    const status = this.#truth.get(name) ?? 'unknown';
    return status === 'ok' ? ok('fine') : notOk(status, 'connect', `it is ${status}`);
  }

  async #transmit(delivery: Delivery, signal: AbortSignal): Promise<Outcome> {
    this.#sending.add(delivery.id);
    try {
      switch (this.#weather) {
        case 'fair':
          this.#arrive(delivery);
          return accepted;
        case 'answers get lost':
          this.#arrive(delivery);
          this.#excuse(delivery.id);
          return lost;
        case 'refusing':
          return refused;
        case 'limited':
          return limited;
        case 'hanging':
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          return lost;
        default:
          return this.#weather satisfies never;
      }
    } finally {
      this.#sending.delete(delivery.id);
    }
  }

  #arrive(delivery: Delivery): void {
    this.#noteFiring();
    const { receiver, integration, index } = delivery;
    const name = `${receiver}/${integration}/${index}`;
    const inbox =
      this.#inboxes.get(name) ?? createInbox(name, (what) => this.#complaints.push(what));
    this.#inboxes.set(name, inbox);
    inbox.receive(delivery);
    this.#trace(`gets ${described(delivery)}`);
    for (const { labels, startsAt } of delivery.notification.alerts) {
      // What the agent says of its own watching has no check that fired.
      const own = labels['alertname'] !== labels['check'];
      if (!own && !this.#fired.has(`${labels['check']}@${startsAt}`)) {
        this.#complaints.push(`${name} was told of ${labels['check']}, which had not fired`);
      }
    }
  }

  #excuse(id: string): void {
    this.#excuses.set(id, (this.#excuses.get(id) ?? 0) + 1);
  }

  #noteFiring(): void {
    for (const { name } of this.#config.checks) {
      const { state, alert } = this.#agent.pipeline.track(name);
      if (state.phase === 'firing' && alert !== undefined)
        this.#fired.add(`${name}@${alert.startsAt}`);
    }
  }

  #check(when: string): void {
    for (const inbox of this.#inboxes.values()) {
      for (const [id, copies] of inbox.copies) {
        const allowed = 1 + (this.#excuses.get(id) ?? 0);
        if (copies > allowed) {
          this.#complaints.push(
            `${inbox.name} got ${id} ${copies} times, ${allowed} can be excused`,
          );
        }
      }
    }
    if (this.#complaints.length > 0) throw new Error(`${when}: ${this.#complaints.join('; ')}`);
  }

  /** When all is calm, every receiver must believe what is true. */
  #compareWithTruth(status: Status): void {
    for (const { name, dependsOn } of this.#config.checks) {
      const { alert, state } = this.#agent.pipeline.track(name);
      const expected = status === 'ok' ? 'inactive' : 'firing';
      if (state.phase !== expected) this.#complaints.push(`${name} is ${state.phase}`);
      const inhibitors = this.#agent.pipeline.dispatcher.inhibitors(alert?.labels ?? {});
      const cutOff = this.#agent.own.uplink.isDown === true;
      const muted = status !== 'ok' && (cutOff || dependsOn.length + inhibitors.length > 0);
      const told = alert === undefined ? [] : receiversFor(this.#config.route, alert.labels);
      for (const { name: receiver, integrations } of this.#config.receivers) {
        for (const { integration, index } of integrations) {
          const inbox = this.#inboxes.get(`${receiver}/${integration}/${index}`);
          const open = inbox?.open.has(name) ? 1 : 0;
          // Whether a step of an escalation has come due is judged elsewhere.
          if (status !== 'ok' && (receiver === 'oncall' || receiver === 'boss')) continue;
          const wanted = told.includes(receiver) ? 1 : 0;
          if (muted ? open > wanted : open !== wanted) {
            this.#complaints.push(
              `${receiver}/${integration}/${index} believes ${open} open for ${name}, true is ${wanted}`,
            );
          }
        }
      }
    }
    for (const inbox of status === 'ok' ? this.#inboxes.values() : []) {
      if (inbox.open.size > 0)
        this.#complaints.push(`${inbox.name} still believes ${[...inbox.open].join()}`);
    }
    if (status === 'ok') this.#people.expectWell(this.#agent);
    const waiting = this.#agent.outbox.snapshot().entries.length;
    if (waiting > 0) this.#complaints.push(`${waiting} deliveries still wait`);
    this.#check(`once everything is ${status}`);
  }
}

function described({ id, receiver, integration, index, dedupKey, notification }: Delivery): string {
  const told = notification.alerts.map(
    ({ labels, endsAt }) =>
      `${endsAt === undefined ? '+' : '-'}${labels['alertname']}/${labels['severity']}`,
  );
  const about = `${notification.status}, ${notification.reason}: ${told.join(' ')}`;
  return `${id} for ${receiver}/${integration}/${index} as ${dedupKey} (${about})`;
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
