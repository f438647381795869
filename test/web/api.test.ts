import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { busyHost } from '../support/busy-host.ts';
import { ask } from '../support/ask.ts';
import { notOk } from '../../src/model/result.ts';
import {
  agentSnapshot,
  checkSnapshot,
  checkSpec,
  deliverySnapshot,
  httpRefused,
  recorded,
} from '../support/snapshot.ts';
import { startWeb, webCommands } from '../support/web.ts';

async function json(url: string): Promise<unknown> {
  const answer = await ask(url);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  return JSON.parse(answer.body) as unknown;
}

async function failure(url: string): Promise<readonly [number, unknown]> {
  const answer = await ask(url);
  return [answer.status, JSON.parse(answer.body)];
}

test('the status has the agent, its checks and its receivers', async () => {
  const { url } = await startWeb({ snapshot: busyHost });
  expect(await json(`${url}/api/v1/status`)).toMatchObject({
    apiVersion: 1,
    agent: { name: 'web-1', version: '0.1.0', ready: true, now: '2026-03-14T09:26:53.000Z' },
    checks: [
      { name: 'website', up: true, latest: { status: 'ok' } },
      {
        name: 'gateway',
        up: false,
        phase: 'firing',
        since: '2026-03-14T09:22:41.000Z',
        latest: { status: 'critical', reason: 'connect' },
      },
      { name: 'disk', up: true, phase: 'pending' },
      {},
      {},
      {},
      {},
      { name: 'certificates', up: null, latest: null, since: null },
    ],
    receivers: [
      { receiver: 'default', failing: null },
      { receiver: 'oncall' },
      { receiver: 'archive', pending: 2, failing: { at: '2026-03-14T09:26:22.000Z' } },
    ],
    groups: [{ receiver: 'default', nextFlushAt: '2026-03-14T09:27:15.000Z' }],
  });
});

test('the options of a check are never given away', async () => {
  const busy = busyHost();
  const checks = busy.checks.map((check) => ({
    ...check,
    spec: { ...check.spec, options: { password: 'opensesame' } },
  }));
  const { url } = await startWeb({ snapshot: () => ({ ...busy, checks }) });
  for (const path of ['/api/v1/status', '/api/v1/checks', '/']) {
    expect((await ask(url + path)).body).not.toContain('opensesame');
  }
});

test('the history of a check is given up to a limit', async () => {
  const asked: [string, number][] = [];
  const commands = webCommands({
    history(check, limit) {
      asked.push([check, limit]);
      return check === 'a/b' ? recorded(check, [httpRefused()]) : undefined;
    },
  });
  const { url } = await startWeb({ commands });
  expect(await json(`${url}/api/v1/checks/a%2Fb?limit=3`)).toMatchObject({
    check: 'a/b',
    results: [{ status: 'critical', reason: 'connect', startedAt: '2026-03-14T09:26:41.000Z' }],
  });
  expect(await failure(`${url}/api/v1/checks/none`)).toStrictEqual([
    404,
    { apiVersion: 1, error: 'no check is called none' },
  ]);
  expect(asked).toStrictEqual([
    ['a/b', 3],
    ['none', 50],
  ]);
});

test.each(['0', '1001', '-1', 'ten', ''])('the limit %j is refused', async (limit) => {
  const { url } = await startWeb();
  const [status, answer] = await failure(`${url}/api/v1/notifications?limit=${limit}`);
  expect(status).toBe(400);
  expect(answer).toMatchObject({ error: 'limit is a whole number from 1 to 1000' });
});

const delivery = deliverySnapshot('d1', 'gateway', [
  { kind: 'passing', reason: 'timeout', detail: 'no answer in 10s' },
  { kind: 'delivered', detail: '200 ok' },
]);

test('the notifications come with the answer to every attempt', async () => {
  const { url } = await startWeb({ commands: webCommands({ deliveries: () => [delivery] }) });
  expect(await json(`${url}/api/v1/notifications`)).toMatchObject({
    notifications: [
      {
        id: 'd1',
        state: 'delivered',
        status: 'firing',
        alerts: [{ labels: { alertname: 'gateway' } }],
        attempts: [
          { number: 1, outcome: 'passing', reason: 'timeout', detail: 'no answer in 10s' },
          { number: 2, outcome: 'delivered', detail: '200 ok' },
        ],
      },
    ],
  });
});

test('why tells of one check what led to its state', async () => {
  const busy = busyHost();
  const commands = webCommands({
    why(name) {
      const check = busy.checks.find((one) => one.spec.name === name);
      if (check === undefined) return undefined;
      return {
        check,
        alerts: [],
        results: check.recent,
        groups: busy.groups,
        deliveries: [delivery],
        suppressed: [],
        outlook: [],
      };
    },
  });
  const { url } = await startWeb({ commands });
  expect(await json(`${url}/api/v1/why/gateway`)).toMatchObject({
    check: {
      name: 'gateway',
      rule: 'Firing since 3 failures in a row; 2 successes in a row end it.',
    },
    groups: [{ alerts: [{ alertname: 'gateway' }] }],
    notifications: [{ id: 'd1' }],
  });
  expect(await ask(`${url}/api/v1/why/none`)).toMatchObject({ status: 404 });
});

test('a test of the receivers gives every answer', async () => {
  const commands = webCommands({
    testReceiver: async (receiver) =>
      receiver === 'none'
        ? undefined
        : [
            {
              receiver: receiver ?? 'all',
              integration: 'slack',
              index: 0,
              outcome: { kind: 'permanent', reason: 'not_found', detail: '404 no_service' },
            },
          ],
  });
  const { url } = await startWeb({ commands });
  const post = async (query: string): Promise<unknown> =>
    JSON.parse((await ask(`${url}/api/v1/receivers/test${query}`, { method: 'POST' })).body);
  expect(await post('')).toMatchObject({ results: [{ receiver: 'all', outcome: 'permanent' }] });
  expect(await post('?receiver=ops')).toMatchObject({ results: [{ receiver: 'ops' }] });
  expect(await post('?receiver=none')).toMatchObject({ error: 'no receiver is called none' });
  expect(await ask(`${url}/api/v1/receivers/test`)).toMatchObject({ status: 405 });
});

test('a test of the routes takes labels and gives receivers', async () => {
  const commands = webCommands({
    routesTest: (labels) => (labels['severity'] === 'critical' ? ['oncall', 'default'] : []),
  });
  const { url } = await startWeb({ commands });
  expect(await json(`${url}/api/v1/routes/test?severity=critical&host=web-1`)).toStrictEqual({
    apiVersion: 1,
    receivers: ['oncall', 'default'],
  });
});

test('the health of a check is 200 or 503 by its debounced state, or by the last result', async () => {
  const { url } = await startWeb({ snapshot: busyHost });
  const health = async (path: string): Promise<readonly [number, unknown]> =>
    failure(`${url}/health/${path}`);
  expect(await health('website')).toMatchObject([200, { check: 'website', status: 'up' }]);
  expect(await health('gateway')).toMatchObject([503, { status: 'down', phase: 'firing' }]);
  expect(await health('disk')).toMatchObject([200, { status: 'up', phase: 'pending' }]);
  expect(await health('disk?raw')).toMatchObject([200, { status: 'warning' }]);
  expect(await health('gateway?raw')).toMatchObject([503, { status: 'critical' }]);
  expect(await health('uplink?raw')).toMatchObject([503, { status: 'unknown' }]);
  expect(await health('certificates')).toMatchObject([503, { status: 'pending' }]);
  expect(await health('nightly%2Fbackup')).toMatchObject([200, { check: 'nightly/backup' }]);
  expect(await health('none')).toMatchObject([404, {}]);
  const ailing = await startWeb({
    snapshot: () =>
      agentSnapshot({
        checks: [
          checkSnapshot(
            checkSpec('gateways', 'group'),
            [notOk('warning', 'threshold', '2 of 3 up; down: gw-1, no spare left')],
            { phase: 'firing', up: true },
          ),
        ],
      }),
  });
  // What only warns still serves: no balancer may take it out for that.
  expect(await failure(`${ailing.url}/health/gateways`)).toMatchObject([
    200,
    { status: 'up', phase: 'firing' },
  ]);
  expect(await ask(`${url}/health/website`, { method: 'HEAD' })).toMatchObject({
    status: 200,
    body: '',
  });
});

test('every path of the API is described', async () => {
  const page = readFileSync('docs/api.md', 'utf8');
  for (const path of ['status', 'checks', 'checks/NAME', 'notifications', 'why/NAME']) {
    expect(page).toContain(`GET /api/v1/${path}\``);
  }
  expect(page).toContain('POST /api/v1/receivers/test');
  expect(page).toContain('GET /api/v1/routes/test');
});
