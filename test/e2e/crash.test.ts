import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { checkOf, read, receiverOf, runsAgain, statusOf, whyOf } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { startPagerdutyServer, type PagerdutyServer } from '../support/pagerduty-server.ts';
import { startService, type Service } from '../support/service.ts';
import { closedPort } from '../support/tcp-server.ts';
import { teamConfig, teamRoute } from '../support/team-config.ts';

/** A service, who is told of it, and an agent that can be killed. */
interface Scene extends AsyncDisposable {
  readonly service: Service;
  readonly pagerduty: PagerdutyServer;
  readonly agent: () => TestAgent;
  /** Kills the agent and starts it again where it stopped. */
  readonly crash: () => Promise<void>;
  /** Waits until nothing is left to be sent. */
  readonly delivered: () => Promise<void>;
}

async function startScene(
  checks: (service: Service) => readonly object[],
  route: object = {},
): Promise<Scene> {
  const open = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-crash-'));
  open.defer(() => rm(directory, { recursive: true }));
  const service = open.use(await startService());
  const pagerduty = open.use(await startPagerdutyServer());
  const port = await closedPort();
  const key = 'R0123456789012345678901234567890';
  const team = { pagerduty_configs: [{ routing_key: key, url: pagerduty.url }] };
  const config = { ...teamConfig(checks(service), team), route: { ...teamRoute, ...route } };
  let agent = open.use(await startAgent({ config, directory, port }));
  const isDelivered = async (): Promise<boolean> => (await receiverOf(agent, 'team')).pending === 0;
  return {
    service,
    pagerduty,
    agent: () => agent,
    async crash() {
      agent.kill('SIGKILL');
      await agent.exited;
      agent = open.use(await startAgent({ directory, port }));
    },
    delivered: () => eventually(isDelivered, 'everything is delivered'),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

const gateway =
  (more: object = {}) =>
  ({ url }: Service): readonly object[] => [
    { name: 'gateway', type: 'http', target: url, ...more },
  ];

/** When the agent is killed: the condition that is waited for, and what happened before it. */
interface Moment {
  readonly when: string;
  /** Within the outage, or once the service is back. */
  readonly during: 'outage' | 'recovery';
  /** What the receiver does with the message that is in flight then. */
  readonly answer?: 'hang';
  readonly isThere: (scene: Scene, askedBefore: number) => boolean | Promise<boolean>;
}

const moments: readonly Moment[] = [
  {
    when: 'right after the first failing result',
    during: 'outage',
    isThere: ({ service }, asked) => service.asked() > asked,
  },
  {
    when: 'right after the result that makes it fire',
    during: 'outage',
    isThere: ({ service }, asked) => service.asked() > asked + 1,
  },
  {
    when: 'in group_wait',
    during: 'outage',
    isThere: async ({ agent }) => (await checkOf(agent(), 'gateway')).phase === 'firing',
  },
  {
    when: 'while the message is in flight',
    during: 'outage',
    answer: 'hang',
    isThere: ({ pagerduty }) => pagerduty.requests.length > 0,
  },
  {
    when: 'right after the answer to the message',
    during: 'outage',
    isThere: ({ pagerduty }) => pagerduty.accepted.length > 0,
  },
  {
    when: 'once the message is delivered',
    during: 'outage',
    isThere: async ({ agent }) => (await receiverOf(agent(), 'team')).lastSuccessAt !== null,
  },
  {
    when: 'right after the first good result',
    during: 'recovery',
    isThere: ({ service }, asked) => service.asked() > asked,
  },
  {
    when: 'right after the result that resolves it',
    during: 'recovery',
    isThere: async ({ agent }) => (await checkOf(agent(), 'gateway')).phase === 'inactive',
  },
  {
    when: 'while the resolve is in flight',
    during: 'recovery',
    answer: 'hang',
    isThere: ({ pagerduty }) => pagerduty.requests.length > 1,
  },
  {
    when: 'right after the answer to the resolve',
    during: 'recovery',
    isThere: ({ pagerduty }) => pagerduty.accepted.length > 1,
  },
];

describe.concurrent('killed and started again, it tells an outage and its end', () => {
  test.each(moments)('killed $when', async ({ during, answer, isThere }) => {
    await using scene = await startScene(gateway(), { group_wait: '500ms' });
    const { agent, service, pagerduty } = scene;
    const enter = async (part: Moment['during'], status: number): Promise<void> => {
      if (during === part && answer !== undefined) pagerduty.script(answer);
      const asked = service.asked();
      service.answer(status);
      if (during !== part) return;
      await eventually(() => isThere(scene, asked), 'the moment to be killed');
      await scene.crash();
    };
    await runsAgain(agent(), 'gateway', 1);
    await enter('outage', 503);
    await eventually(() => pagerduty.openIncidents().length === 1, 'the outage is told');
    await scene.delivered();
    await enter('recovery', 200);
    await eventually(() => pagerduty.openIncidents().length === 0, 'the end is told');
    await scene.delivered();
    await runsAgain(agent(), 'gateway', 3);
    const events = pagerduty.events();
    const actions = events.map(({ event_action }) => event_action);
    expect(new Set(events.map(({ dedup_key }) => dedup_key)).size).toBe(1);
    const wanted =
      during === 'outage' ? /^trigger( trigger)? resolve$/ : /^trigger resolve( resolve)?$/;
    expect(actions.join(' ')).toMatch(wanted);
  });
});

test('killed after every failure, it still counts them up to the alert', async () => {
  const debounce = { fail_after: 5, recover_after: 2, retry_interval: '100ms' };
  await using scene = await startScene(gateway({ debounce }));
  const { agent, service, pagerduty } = scene;
  await runsAgain(agent(), 'gateway', 1);
  service.answer(503);
  for (let failures = 1; failures < 5; failures += 1) {
    const hasFailed = async (): Promise<boolean> =>
      (await checkOf(agent(), 'gateway')).failures >= failures;
    await eventually(hasFailed, `failure ${failures}`);
    // Reading the history saves what is not saved yet; otherwise up to a second may be lost.
    await read(agent(), '/api/v1/checks/gateway');
    await scene.crash();
  }
  await eventually(() => pagerduty.events().length > 0, 'the outage is told');
  const { results } = await whyOf(agent(), 'gateway');
  expect(results.filter(({ status }) => status !== 'ok').length).toBeLessThanOrEqual(8);
});

test('killed right after the answer to a report, it has not forgotten the job', async () => {
  const backup = { name: 'backup', type: 'heartbeat', every: '1h' };
  await using scene = await startScene(() => [backup]);
  const { agent } = scene;
  expect((await agent().post('/ping/backup/3', 'disk full')).status).toBe(200);
  await scene.crash();
  await runsAgain(agent(), 'backup', 1);
  expect((await checkOf(agent(), 'backup')).latest?.summary).toMatch(
    /^the job failed with exit code 3 .* ago: disk full$/,
  );
});

test('killed while a reminder is due, it reminds once', async () => {
  const repeatMs = 5000;
  await using scene = await startScene(gateway(), { repeat_interval: `${repeatMs}ms` });
  const { agent, service, pagerduty } = scene;
  const startMs = performance.now();
  service.answer(503);
  await eventually(() => pagerduty.events().length === 1, 'the outage is told');
  // However slow the machine is: the first message, and one more for each interval that has passed.
  const expectNoneTwice = (): void => {
    const passed = Math.floor((performance.now() - startMs) / repeatMs);
    expect(pagerduty.events().length).toBeLessThanOrEqual(1 + passed);
  };
  // A message that was taken, but not yet recorded as taken, may be repeated after a kill.
  await scene.delivered();
  await scene.crash();
  await runsAgain(agent(), 'gateway', 2);
  expectNoneTwice();
  const before = pagerduty.events().length;
  await eventually(() => pagerduty.events().length > before, 'the reminder');
  expectNoneTwice();
  await scene.delivered();
  await scene.crash();
  await runsAgain(agent(), 'gateway', 2);
  expectNoneTwice();
  expect((await statusOf(agent())).agent.problems).toEqual([]);
});
