import { alertStatus } from '../../src/model/alert.ts';
import type { Delivery, Outcome } from '../../src/model/delivery.ts';
import type { ReceiverSpec } from '../../src/model/route.ts';
import { AgentWorld, type DiskFault, type WireFault } from '../support/agent-world.ts';
import { policy, spec } from '../support/policy.ts';
import { equal, receiver, route, webhook } from '../support/routes.ts';
import { worldConfig } from '../support/world-config.ts';

/*
 * One history in which everything happens that the outbox knows: first messages and ends, a receiver that
 * cannot be reached and is stood in for, messages that wait and are merged, incidents, a rate limit and its
 * digest. It is lived through again and again, each time with another fault.
 */

const seconds = 1000;

const unreachable: Outcome = { kind: 'passing', reason: 'connect', detail: 'refused' };

const receivers: readonly ReceiverSpec[] = [
  {
    ...receiver('chat', webhook({ integration: 'slack' })),
    fallback: { receiver: 'mail', afterMs: 120 * seconds },
  },
  receiver('mail', webhook({ integration: 'email' })),
  receiver('pager', webhook({ integration: 'pagerduty', splitsAlerts: true })),
  { ...receiver('ledger'), rateLimit: { count: 3, perMs: 400 * seconds } },
];

const timers = { groupBy: ['alertname'], groupWaitMs: 5 * seconds, groupIntervalMs: 20 * seconds };

const config = worldConfig({
  checks: ['a', 'b'].map((name) =>
    spec({
      name,
      target: name,
      schedule: { kind: 'interval', intervalMs: 30 * seconds },
      severity: 'critical',
      debounce: policy({
        failAfter: { kind: 'consecutive', failures: 1 },
        forMs: 0,
        recoverAfter: 1,
        keepFiringForMs: 0,
      }),
    }),
  ),
  route: route({
    ...timers,
    receiver: 'chat',
    routes: [
      route({
        ...timers,
        receiver: 'pager',
        matchers: [equal('severity', 'critical')],
        continue: true,
      }),
      route({ ...timers, receiver: 'ledger', continue: true }),
      route({ ...timers, receiver: 'chat' }),
    ],
  }),
  receivers,
});

/** A time in which a check was down. */
interface Outage {
  readonly check: string;
  readonly from: number;
  to: number;
}

/** How the history went under one fault. */
export interface Life {
  readonly world: AgentWorld;
  /** Its points at which something may break. */
  readonly points: { readonly commits: number; readonly calls: number; readonly sends: number };
  /** What is wrong with it; empty when every promise was kept. */
  readonly complaints: readonly string[];
}

/** Who has to hear of each outage: one of these. */
const audiences: readonly (readonly string[])[] = [['chat', 'mail'], ['pager'], ['ledger']];

/** Lives through the history with these faults. Nothing may be lost, and only a kill may repeat something. */
export async function liveThroughCrash(faults: {
  readonly disk?: (world: AgentWorld) => DiskFault;
  readonly wire?: WireFault;
}): Promise<Life> {
  const world = new AgentWorld(config);
  if (faults.disk !== undefined) world.diskFault = faults.disk(world);
  if (faults.wire !== undefined) world.wireFault = faults.wire;
  const outages: Outage[] = [];
  const now = (): number => world.clock.now().wallMs;
  const breaks = (check: string): void => {
    world.truth.set(check, 'critical');
    outages.push({ check, from: now(), to: Infinity });
  };
  const heals = (check: string): void => {
    world.truth.set(check, 'ok');
    const outage = outages.findLast((one) => one.check === check);
    if (outage !== undefined) outage.to = now();
  };
  await world.advance(35 * seconds);
  breaks('a');
  await world.advance(60 * seconds);
  world.answers.set('chat', unreachable);
  breaks('b');
  await world.advance(180 * seconds);
  heals('a');
  await world.advance(60 * seconds);
  world.answers.clear();
  await world.advance(150 * seconds);
  heals('b');
  await world.advance(60 * seconds);
  for (const check of ['a', 'b']) {
    breaks(check);
    await world.advance(60 * seconds);
    heals(check);
    await world.advance(60 * seconds);
  }
  await world.advance(700 * seconds);
  const { commits, calls, sends } = world;
  const points = { commits, calls, sends };
  world.diskFault = () => undefined;
  await world.advance(10 * seconds);
  return {
    world,
    points,
    complaints: [...lost(world, outages), ...repeated(world), ...leftOver(world)],
  };
}

function lost({ arrivals }: AgentWorld, outages: readonly Outage[]): string[] {
  return outages.flatMap(({ check, from, to }) =>
    audiences.flatMap((audience) => {
      const heard = arrivals.some(
        ({ delivery }) =>
          audience.includes(delivery.receiver) &&
          delivery.notification.alerts.some(
            ({ labels, startsAt }) =>
              labels['check'] === check && startsAt >= from && startsAt <= to + 60 * seconds,
          ),
      );
      return heard ? [] : [`${audience.join(' or ')} never heard that ${check} was down`];
    }),
  );
}

/** What a message says, alert by alert. */
function itemsOf({ receiver: name, notification }: Delivery): string[] {
  return notification.alerts.map(
    (alert) => `${name} ${alert.fingerprint}@${alert.startsAt} ${alertStatus(alert)}`,
  );
}

/** Only what was under way at a kill may come again, once, and under its key. */
function repeated({ arrivals, killedAt }: AgentWorld): string[] {
  const complaints: string[] = [];
  const known = new Map<string, { readonly keys: Set<string>; atMs: number }>();
  const repeats = new Map<string, number>();
  for (const { delivery, atMs } of arrivals) {
    const items = itemsOf(delivery);
    const before = items.map((item) => known.get(item));
    if (before.every((one) => one !== undefined)) {
      const message = items.join();
      repeats.set(message, (repeats.get(message) ?? 0) + 1);
      if (!before.some(({ keys }) => keys.has(delivery.dedupKey))) {
        complaints.push(`${message} was repeated under another key`);
      }
      if (!before.some((one) => killedAt.includes(one.atMs))) {
        complaints.push(`${message} was repeated, which was not under way at a kill`);
      }
    }
    for (const item of items) {
      const keys = known.get(item)?.keys ?? new Set();
      known.set(item, { keys: keys.add(delivery.dedupKey), atMs });
    }
  }
  for (const [message, times] of repeats) {
    if (times > killedAt.length) complaints.push(`${message} was repeated ${times} times`);
  }
  return complaints;
}

/** In the end all is well: nobody may believe anything else, and nothing may wait. */
function leftOver({ arrivals, agent, truth }: AgentWorld): string[] {
  const beliefs = new Map<string, string>();
  for (const { delivery } of arrivals) {
    for (const alert of delivery.notification.alerts) {
      beliefs.set(`${delivery.receiver}: ${alert.labels['check']}`, alertStatus(alert));
    }
  }
  const wrong = [...beliefs].flatMap(([who, status]) =>
    status === 'resolved' ? [] : [`${who} is believed to be down`],
  );
  const waiting = agent.outbox
    .snapshot()
    .entries.map(({ delivery }) => `${delivery.id} still waits`);
  const doubled = [...truth.keys()].flatMap((check) => {
    const times = agent.records.history(check, 1000).map(({ startedAt }) => startedAt.wallMs);
    return new Set(times).size === times.length ? [] : [`a result of ${check} was saved twice`];
  });
  const unsaved = agent.health().problems.map(({ summary }) => summary);
  return [...wrong, ...waiting, ...doubled, ...unsaved];
}
