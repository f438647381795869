import { onTestFinished } from 'vitest';
import { Agent } from '../../src/app/agent.ts';
import { createCommands } from '../../src/app/commands.ts';
import { tables } from '../../src/app/load.ts';
import type { Ports } from '../../src/app/ports.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { alertStatus } from '../../src/model/alert.ts';
import type { AlertPost, PostAnswer } from '../../src/model/alert-post.ts';
import type { Config } from '../../src/model/config.ts';
import type { Delivery, Outcome } from '../../src/model/delivery.ts';
import type { Labels } from '../../src/model/labels.ts';
import type { WallMs } from '../../src/model/time.ts';
import type { WebCommands } from '../../src/web/commands.ts';
import { createFaultyDisk, type FaultyDisk } from '../sim/faulty-disk.ts';
import { configOf } from './config.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

/** An alert as a test writes it: times are seconds since the world began. */
export interface WrittenPost {
  readonly labels: Labels;
  readonly annotations?: Labels;
  readonly starts?: number;
  readonly ends?: number;
}

/** What a receiver was told, with times in seconds since the world began. */
export interface Told {
  readonly at: number;
  readonly receiver: string;
  readonly index: number;
  readonly status: string;
  readonly reason: string;
  readonly alerts: readonly {
    readonly labels: Labels;
    readonly annotations: Labels;
    readonly status: string;
    readonly starts: number;
    readonly ends?: number;
  }[];
}

/** An agent that others send alerts to, on a clock that stands still until it is moved. */
export interface AlertWorld {
  readonly agent: Agent;
  readonly commands: WebCommands;
  readonly clock: FakeClock;
  readonly disk: FaultyDisk;
  /** Everything that a receiver took, in order. */
  readonly told: readonly Told[];
  /** How receivers answer from now on; they take everything at first. */
  answer: (delivery: Delivery) => Outcome | Promise<Outcome>;
  /** Lets time pass until this many seconds after the world began. */
  until(seconds: number): Promise<void>;
  post(...posts: readonly WrittenPost[]): PostAnswer;
  /** The date so many seconds after the world began. */
  readonly wallAt: (seconds: number) => WallMs;
  reload(text?: string): Promise<void>;
  /** Ends the process without a word. */
  kill(): void;
  /** Begins the next process on the same disk. */
  start(): void;
}

const taken: Outcome = { kind: 'delivered', detail: 'taken' };

/** Starts a world with this configuration, in the format of the file. */
export async function alertWorld(text: string): Promise<AlertWorld> {
  const clock = createFakeClock();
  const began = clock.now();
  const disk = createFaultyDisk();
  const told: Told[] = [];
  let config = await worldConfig(text);
  let generation = 0;
  let ids = 0;
  const secondsOf = (wallMs: number): number => (wallMs - began.wallMs) / 1000;
  const note = (delivery: Delivery): void => {
    told.push(toldBy(delivery, (clock.now().steadyMs - began.steadyMs) / 1000, secondsOf));
  };
  const ports = (mine: number): Ports => ({
    clock: () => ({
      now: () => clock.now(),
      after: (delayMs, run) => clock.after(delayMs, () => void (mine === generation && run())),
    }),
    random: () => 0.5,
    newId: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`,
    openDatabase: () => ({ database: disk.open(), path: 'memory' }),
    openCheck: () => ({ run: () => new Promise(() => {}) }),
    startCron: async () => ({ next: () => undefined, stop() {} }),
    async send(delivery) {
      if (mine !== generation) return new Promise(() => {});
      const outcome = await world.answer(delivery);
      if (outcome.kind === 'delivered') note(delivery);
      return outcome;
    },
  });
  const boot = (): Agent => {
    generation += 1;
    const agent = new Agent({
      config,
      dataDir: '/nowhere',
      ports: ports(generation),
      metrics: createMetrics({ version: 'test' }),
      log: silentLogger,
      externalURL: () => '',
      userAgent: 'test',
    });
    agent.start();
    return agent;
  };
  let agent!: Agent;
  const world: AlertWorld = {
    get agent() {
      return agent;
    },
    get commands() {
      return createCommands(agent, async () => ({ ok: true }));
    },
    clock,
    disk,
    told,
    answer: () => taken,
    until: (seconds) => clock.advance(began.steadyMs + seconds * 1000 - clock.now().steadyMs),
    wallAt: (seconds) => (began.wallMs + seconds * 1000) as WallMs,
    post: (...posts) => agent.posted.post(posts.map((post) => readPost(post, world))),
    async reload(next) {
      if (next !== undefined) config = await worldConfig(next);
      agent.reload(config);
    },
    kill: () => void (generation += 1),
    start() {
      agent = boot();
    },
  };
  agent = boot();
  onTestFinished(() => void (generation += 1));
  return world;
}

function readPost(post: WrittenPost, { wallAt }: AlertWorld): AlertPost {
  return {
    labels: post.labels,
    annotations: post.annotations ?? {},
    ...(post.starts === undefined ? {} : { startsAt: wallAt(post.starts) }),
    ...(post.ends === undefined ? {} : { endsAt: wallAt(post.ends) }),
    generatorURL: '',
  };
}

function toldBy(delivery: Delivery, at: number, secondsOf: (wallMs: number) => number): Told {
  const { receiver, index, notification } = delivery;
  return {
    at,
    receiver,
    index,
    status: notification.status,
    reason: notification.reason,
    alerts: notification.alerts.map((alert) => ({
      labels: alert.labels,
      annotations: alert.annotations,
      status: alertStatus(alert),
      starts: secondsOf(alert.startsAt),
      ...(alert.endsAt === undefined ? {} : { ends: secondsOf(alert.endsAt) }),
    })),
  };
}

/** The configuration of the text, without checks: nothing is said but what is posted. */
async function worldConfig(text: string): Promise<Config> {
  const config = await configOf(text, {}, tables);
  return { ...config, checks: [] };
}

/** A told message on one line: `2s team: +test(1) -other(1..3)`, with start and end of each alert. */
export function line({ at, receiver, alerts }: Told): string {
  const parts = alerts.map(({ labels, status, starts, ends }) => {
    const name = labels['alertname'] ?? '';
    return status === 'firing' ? `+${name}(${starts})` : `-${name}(${starts}..${ends})`;
  });
  return `${at}s ${receiver}: ${parts.join(' ')}`;
}
