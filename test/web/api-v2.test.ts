import { expect, test } from 'vitest';
import { alertWorld, type AlertWorld } from '../support/alert-world.ts';
import { ask, type Answer } from '../support/ask.ts';
import { startWeb } from '../support/web.ts';

const config = `
agent: { name: web-1 }
global: { resolve_timeout: 5m }
route:
  receiver: team
  group_by: [job]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 4h
  routes:
    - { matchers: [severity="critical"], receiver: pager, continue: true, group_by: [] }
    - { matchers: [job=~".+"], receiver: team }
receivers:
  - { name: team, webhook_configs: [{ url: 'http://u:opensesame@127.0.0.1:9/' }] }
  - { name: pager, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }
  - { name: nobody }
inhibit_rules:
  - { source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [job] }
`;

interface Api {
  readonly world: AlertWorld;
  readonly url: string;
  readonly get: (path: string) => Promise<Answer>;
  /** The parsed body of an answer of 200. */
  readonly read: (path: string) => Promise<unknown>;
  readonly send: (path: string, body: unknown, method?: string) => Promise<Answer>;
}

async function startApi(): Promise<Api> {
  const world = await alertWorld(config);
  const { url } = await startWeb({ commands: world.commands, clock: world.clock });
  const base = `${url}/api/v2`;
  const get = (path: string): Promise<Answer> => ask(base + path);
  return {
    world,
    url: base,
    get,
    async read(path) {
      const { status, body } = await get(path);
      expect([path, status, body]).toEqual([path, 200, body]);
      return JSON.parse(body) as unknown;
    },
    send: (path, body, method = 'POST') =>
      ask(base + path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

const down = { alertname: 'down', job: 'api', severity: 'critical' };
const slow = { alertname: 'slow', job: 'api', severity: 'warning' };

test('an alert that was posted can be read again, in every field as Alertmanager gives it', async () => {
  const { send, read, world } = await startApi();
  const posted = await send('/alerts', [
    {
      labels: { ...down, empty: '' },
      annotations: { summary: 'it is down' },
      startsAt: '2025-01-15T13:59:58.5+02:00',
      generatorURL: 'http://prometheus.example/graph?g0.expr=up',
    },
  ]);
  expect([posted.status, posted.body]).toEqual([200, '']);
  expect(posted.headers['cache-control']).toBe('no-store');
  await world.until(2);
  expect(await read('/alerts')).toStrictEqual([
    {
      annotations: { summary: 'it is down' },
      endsAt: '2025-01-15T12:05:00.000Z',
      fingerprint: 'f5c9adf28eb727cb',
      receivers: [{ name: 'pager' }, { name: 'team' }],
      startsAt: '2025-01-15T11:59:58.500Z',
      status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: 'active' },
      updatedAt: '2025-01-15T12:00:00.000Z',
      generatorURL: 'http://prometheus.example/graph?g0.expr=up',
      labels: down,
    },
  ]);
});

test('alerts are listed by fingerprint, and groups by their labels and then by receiver', async () => {
  const { send, read, world } = await startApi();
  const jobs = ['d', 'b', 'a', 'c', 'e'];
  await send(
    '/alerts',
    jobs.map((job) => ({ labels: { ...down, job } })),
  );
  await world.until(2);
  const alerts = (await read('/alerts')) as { fingerprint: string }[];
  const prints = alerts.map(({ fingerprint }) => fingerprint);
  expect(prints).toEqual(prints.toSorted());
  const groups = (await read('/alerts/groups')) as { labels: object; receiver: object }[];
  expect(groups.map(({ labels, receiver }) => [labels, receiver])).toEqual([
    [{}, { name: 'pager' }],
    ...jobs.toSorted().map((job) => [{ job }, { name: 'team' }]),
  ]);
});

test.each([
  ['', ['down', 'slow', 'other']],
  ['?active=false', ['slow', 'other']],
  ['?silenced=false', ['down', 'slow']],
  ['?inhibited=false', ['down', 'other']],
  ['?silenced=false&inhibited=false', ['down']],
  ['?active=false&silenced=false', ['slow']],
  ['?unprocessed=false', ['down', 'slow', 'other']],
  ['?muted=false', ['down', 'slow', 'other']],
  ['?active=nonsense', ['slow', 'other']],
  ['?filter=job%3D%22api%22&filter=severity!%3Dwarning', ['down']],
  ['?filter=%7Bjob%3D~%22a.*%22%2Cseverity%3D%22warning%22%7D', ['slow']],
  ['?filter=constructor%3D%22%22', ['down', 'slow', 'other']],
  ['?receiver=pager', ['down']],
  ['?receiver=page', []],
  ['?receiver=page.|x', ['down']],
  ['?receiver=.*', ['down', 'slow', 'other']],
])('the alerts with %s are %o', async (query, names) => {
  const { send, read, world } = await startApi();
  await send('/alerts', [{ labels: down }, { labels: slow }, { labels: { alertname: 'other' } }]);
  await send('/silences', silence([{ name: 'alertname', value: 'other', isRegex: false }]));
  await world.until(2);
  const namesOf = (alerts: unknown): string[] =>
    (alerts as { labels: { alertname: string } }[]).map(({ labels }) => labels.alertname);
  expect(namesOf(await read(`/alerts${query}`)).toSorted()).toEqual([...names].toSorted());
  const groups = (await read(`/alerts/groups${query}`)) as { alerts: unknown[] }[];
  const inGroups = new Set(groups.flatMap(({ alerts }) => namesOf(alerts)));
  expect([...inGroups].toSorted()).toEqual([...names].toSorted());
});

test('what keeps an alert back is named', async () => {
  const { send, read, world } = await startApi();
  await send('/alerts', [{ labels: down }, { labels: slow }]);
  const { silenceID } = JSON.parse(
    (await send('/silences', silence([{ name: 'job', value: 'a.+', isRegex: true }]))).body,
  ) as { silenceID: string };
  await world.until(2);
  expect(await read('/alerts?filter=severity%3Dwarning')).toMatchObject([
    {
      status: {
        state: 'suppressed',
        silencedBy: [silenceID],
        inhibitedBy: ['f5c9adf28eb727cb'],
        mutedBy: [],
      },
    },
  ]);
});

test.each([
  ['?filter=a', '"bad matcher format: a"'],
  ['?filter=%7Ba', '"bad matcher format: {a"'],
  ['?filter=a%3D~%5B', '"bad matcher format: a=~["'],
  ['?receiver=%5B', /^"failed to parse receiver param: /],
])(
  'a query that cannot be read, %s, is 400 with a reason as a JSON string',
  async (query, body) => {
    const { get } = await startApi();
    for (const path of ['/alerts', '/alerts/groups']) {
      const answer = await get(path + query);
      expect(answer.status).toBe(400);
      expect(answer.body.trim()).toMatch(body);
    }
  },
);

test('posts that cannot be read are refused as Alertmanager refuses them, and leave nothing behind', async () => {
  const { url, send, world } = await startApi();
  const refused: [unknown, number, unknown][] = [
    ['', 422, { code: 602 }],
    ['[{', 400, { code: 400 }],
    ['{}', 400, { code: 400 }],
    ['[null]', 400, { code: 400 }],
    [[{}], 422, { code: 602, message: '0.labels in body is required' }],
    [[{ labels: { a: 1 } }], 400, { code: 400 }],
    [[{ labels: ['a'] }], 400, { code: 400 }],
    [[{ labels: down }, { labels: slow, annotations: { a: null } }], 400, { code: 400 }],
    [[{ labels: down, startsAt: 'yesterday' }], 400, { code: 400 }],
    [[{ labels: down, endsAt: '2025-13-01T00:00:00Z' }], 400, { code: 400 }],
  ];
  for (const [body, status, expected] of refused) {
    const answer = await send('/alerts', body);
    expect([body, answer.status]).toEqual([body, status]);
    expect(JSON.parse(answer.body)).toMatchObject(expected as object);
  }
  for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded']) {
    const headers = type === undefined ? {} : { 'content-type': type };
    const answer = await ask(`${url}/alerts`, { method: 'POST', headers, body: '[]' });
    expect(answer.status).toBe(415);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 415 });
  }
  expect(world.commands.alerts()).toEqual([]);
  expect(await send('/alerts', '[]')).toMatchObject({ status: 200, body: '' });
  expect(await send('/alerts', 'null')).toMatchObject({ status: 200, body: '' });
});

test('bad alerts are named in a JSON string, and the good ones among them are taken', async () => {
  const { send, world } = await startApi();
  const answer = await send('/alerts', [
    { labels: {} },
    { labels: down, startsAt: '2030-01-01T00:00:00Z', endsAt: '2029-01-01T00:00:00Z' },
    {
      labels: slow,
      startsAt: '0001-01-01T00:00:00.000Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'javascript:alert(1)',
    },
  ]);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body)).toBe(
    'at least one label pair required; start time must be before end time',
  );
  expect(world.commands.alerts().map(({ alert }) => [alert.labels, alert.generatorURL])).toEqual([
    [slow, ''],
  ]);
});

test('alerts that cannot be saved are answered with 500, so that they are sent again', async () => {
  const { send, world } = await startApi();
  world.disk.full = true;
  const answer = await send('/alerts', [{ labels: down }]);
  expect([answer.status, JSON.parse(answer.body)]).toEqual([
    500,
    'the alerts are taken, but cannot be saved',
  ]);
});

test('a body beyond the limit is refused', async () => {
  const { send } = await startApi();
  expect(await send('/alerts', ' '.repeat(1024 * 1024 + 1))).toMatchObject({ status: 413 });
});

function silence(matchers: readonly object[], changes: object = {}): object {
  return {
    matchers,
    startsAt: '2025-01-15T11:00:00Z',
    endsAt: '2025-01-15T14:00:00Z',
    createdBy: 'me',
    comment: 'maintenance',
    ...changes,
  };
}

const everything = [{ name: 'alertname', value: '.+', isRegex: true, isEqual: true }];

test('a silence lives from its creation over a change to its end', async () => {
  const { send, read, get, world } = await startApi();
  const created = await send('/silences', silence(everything));
  expect(created.status).toBe(200);
  const { silenceID: id } = JSON.parse(created.body) as { silenceID: string };
  const shown = {
    id,
    status: { state: 'active' },
    updatedAt: '2025-01-15T12:00:00.000Z',
    comment: 'maintenance',
    createdBy: 'me',
    endsAt: '2025-01-15T14:00:00.000Z',
    matchers: [{ isEqual: true, isRegex: true, name: 'alertname', value: '.+' }],
    startsAt: '2025-01-15T12:00:00.000Z',
  };
  expect(await read(`/silence/${id}`)).toStrictEqual(shown);
  expect(await read('/silences')).toStrictEqual([shown]);
  await world.until(10);
  const changes = { id, startsAt: shown.startsAt, endsAt: '2025-01-15T13:00:00Z' };
  const changed = await send('/silences', silence(everything, changes));
  expect(JSON.parse(changed.body)).toEqual({ silenceID: id });
  expect(await read(`/silence/${id}`)).toMatchObject({ endsAt: '2025-01-15T13:00:00.000Z' });
  expect(await send(`/silence/${id}`, '', 'DELETE')).toMatchObject({ status: 200, body: '' });
  expect(await read(`/silence/${id}`)).toMatchObject({
    status: { state: 'expired' },
    endsAt: '2025-01-15T12:00:10.000Z',
  });
  const again = await send(`/silence/${id}`, '', 'DELETE');
  expect([again.status, JSON.parse(again.body)]).toEqual([500, `silence ${id} already expired`]);
  expect(await get('/silences?expired=false')).toMatchObject({ body: '[]\n' });
});

test('active silences come first, pending ones next, expired ones last, each by its time', async () => {
  const { send, read } = await startApi();
  const put = async (comment: string, changes: object): Promise<string> => {
    const answer = await send('/silences', silence(everything, { comment, ...changes }));
    return (JSON.parse(answer.body) as { silenceID: string }).silenceID;
  };
  const ended = await put('ended', {});
  await put('active late', { endsAt: '2025-01-15T16:00:00Z' });
  await put('pending late', { startsAt: '2025-01-15T13:30:00Z' });
  await put('active', {});
  await put('pending', { startsAt: '2025-01-15T13:00:00Z' });
  await send(`/silence/${ended}`, '', 'DELETE');
  const comments = async (query: string): Promise<string[]> =>
    ((await read(`/silences${query}`)) as { comment: string }[]).map(({ comment }) => comment);
  expect(await comments('')).toEqual(['active', 'active late', 'pending', 'pending late', 'ended']);
  expect(await comments('?active=false&pending=false')).toEqual(['ended']);
  expect(await comments('?filter=alertname%3D.%2B')).toHaveLength(5);
  expect(await comments('?filter=alertname%3Dx')).toEqual([]);
  expect(await comments('?filter=job%3Dx')).toEqual([]);
});

test('silences that cannot be are refused as Alertmanager refuses them', async () => {
  const { send, get, url } = await startApi();
  const unknown = '8e6d1b5c-5f3c-4b1c-a4dc-3e9b3a3d6a11';
  const refused: [object | string, number, unknown][] = [
    ['', 422, { code: 602, message: 'silence in body is required' }],
    ['[]', 400, { code: 400 }],
    [{}, 422, { code: 602, message: 'comment in body is required' }],
    [silence([]), 422, { code: 612 }],
    [
      silence([{ name: 'a', value: 'b' }]),
      422,
      { message: 'matchers.0.isRegex in body is required' },
    ],
    [silence([{ name: 'a', value: 1, isRegex: false }]), 400, { code: 400 }],
    [silence(everything, { startsAt: 'now' }), 400, { code: 400 }],
    [silence(everything, { id: unknown }), 404, 'silence not found'],
    [silence(everything, { endsAt: '2025-01-15T11:30:00Z' }), 400, /^silence invalid: /],
    [silence([{ name: 'a', value: '', isRegex: false }]), 400, /^silence invalid: at least one/],
    [silence([{ name: 'a', value: '[', isRegex: true }]), 400, /invalid label matcher 0: /],
  ];
  for (const [body, status, expected] of refused) {
    const answer = await send('/silences', body);
    expect([body, answer.status]).toEqual([body, status]);
    const told: unknown = JSON.parse(answer.body);
    if (expected instanceof RegExp) expect(told).toMatch(expected);
    else if (typeof expected === 'string') expect(told).toBe(expected);
    else expect(told).toMatchObject(expected as object);
  }
  expect(await get(`/silence/${unknown}`)).toMatchObject({ status: 404, body: '' });
  expect(await get('/silence/x')).toMatchObject({ status: 422 });
  expect(await ask(`${url}/silence/${unknown}`, { method: 'DELETE' })).toMatchObject({
    status: 404,
    body: '"silence not found"\n',
  });
  expect(await ask(`${url}/silence/x`, { method: 'DELETE' })).toMatchObject({ status: 422 });
});

test('the status and the receivers give nothing secret away', async () => {
  const { read } = await startApi();
  expect(await read('/receivers')).toEqual([
    { name: 'team' },
    { name: 'pager' },
    { name: 'nobody' },
  ]);
  const status = await read('/status');
  expect(status).toMatchObject({
    cluster: { status: 'disabled', peers: [] },
    versionInfo: { version: '0.1.0', branch: 'tocsin' },
  });
  expect(JSON.stringify(status)).toContain('severity=\\"critical\\"');
  expect(JSON.stringify(status)).not.toContain('opensesame');
});

test('whoever may not change anything can neither post nor silence, but may read', async () => {
  const { url } = await startApi();
  const forwarded = { 'x-forwarded-for': '203.0.113.7', 'content-type': 'application/json' };
  const as = (method: string, path: string, body = '[]') =>
    ask(url + path, { method, headers: forwarded, ...(method === 'POST' ? { body } : {}) });
  expect(await as('POST', '/alerts')).toMatchObject({ status: 403 });
  expect(await as('POST', '/silences', '{}')).toMatchObject({ status: 403 });
  expect(await as('DELETE', '/silence/8e6d1b5c-5f3c-4b1c-a4dc-3e9b3a3d6a11')).toMatchObject({
    status: 403,
  });
  expect(await as('GET', '/alerts')).toMatchObject({ status: 200 });
});
