import { describe, expect, test } from 'vitest';
import { configOf } from '../support/config.ts';

const firstOf = async (text: string) => {
  const [check] = (await configOf(text)).checks;
  if (check === undefined) throw new Error('no check');
  return check;
};

test('a check of two words has every built-in default', async () => {
  expect(await firstOf('checks: [{ type: memory }]')).toEqual({
    name: 'memory',
    type: 'memory',
    schedule: { kind: 'interval', intervalMs: 30_000 },
    timeoutMs: 10_000,
    startPeriodMs: 0,
    severity: 'critical',
    labels: {},
    annotations: {},
    dependsOn: [],
    expect: 'up',
    debounce: {
      failAfter: { kind: 'consecutive', failures: 3 },
      forMs: 0,
      recoverAfter: 2,
      keepFiringForMs: 0,
      flap: { window: 20, high: 0.5, low: 0.25 },
    },
    options: {},
  });
});

test('a check says everything itself', async () => {
  const text = `
checks:
  - name: gateway
    type: http
    target: http://127.0.0.1:18789/health
    schedule: "*/2 * * * *"
    tz: Europe/Berlin
    timeout: 90s
    start_period: 40s
    severity: warning
    labels: { service: gate, port: 8080, live: true }
    annotations: { summary: down }
    depends_on: [uplink, uplink]
    expect: down
    debounce:
      window: 3/5
      for: 2m
      recover_after: 4
      keep_firing_for: 5m
      retry_interval: 5s
      flap: { window: 10, high: 0.6, low: 0.1 }
    http: { method: POST, valid_status_codes: [200, 204] }
  - { name: uplink, type: memory }
`;
  expect(await firstOf(text)).toEqual({
    name: 'gateway',
    type: 'http',
    target: 'http://127.0.0.1:18789/health',
    schedule: { kind: 'cron', expression: '*/2 * * * *', timeZone: 'Europe/Berlin' },
    timeoutMs: 90_000,
    startPeriodMs: 40_000,
    severity: 'warning',
    labels: { service: 'gate', port: '8080', live: 'true' },
    annotations: { summary: 'down' },
    dependsOn: ['uplink'],
    expect: 'down',
    debounce: {
      failAfter: { kind: 'window', failures: 3, of: 5 },
      forMs: 120_000,
      recoverAfter: 4,
      keepFiringForMs: 300_000,
      retryIntervalMs: 5000,
      flap: { window: 10, high: 0.6, low: 0.1 },
    },
    options: {
      target: 'http://127.0.0.1:18789/health',
      http: { method: 'POST', valid_status_codes: [200, 204] },
    },
  });
});

test('a check that is a string is an http check', async () => {
  expect(await firstOf('checks: ["https://u:p@example.com/health?deep=1"]')).toMatchObject({
    name: 'example.com/health',
    type: 'http',
    target: 'https://u:xxxxx@example.com/health?deep=1',
    options: { target: 'https://u:p@example.com/health?deep=1' },
  });
});

test('a check keeps the keys its type has of its own from meaning the shared ones', async () => {
  const check = await firstOf(`
defaults: { interval: 1h }
checks: [{ type: heartbeat, schedule: "0 3 * * *", tz: Europe/Berlin }]
`);
  expect(check.schedule).toEqual({ kind: 'interval', intervalMs: 15_000 });
  expect(check.options).toEqual({ schedule: '0 3 * * *', tz: 'Europe/Berlin' });
});

test('a check that is switched off is left out, and so is a dependency on it', async () => {
  const { checks } = await configOf(`
checks:
  - { name: a, type: memory, depends_on: [b, c] }
  - { name: b, type: load, enabled: false }
  - { name: c, type: load }
`);
  expect(checks.map(({ name }) => name)).toEqual(['a', 'c', 'tocsin']);
  expect(checks[0]?.dependsOn).toEqual(['c']);
});

describe('the name of a check without one', () => {
  test.each([
    ['"https://example.com/"', 'example.com'],
    ['"http://[::1]:8080/a(b?c#d"', '::1:8080/a-b'],
    ['{ type: http, target: example.com }', 'example.com'],
    ['{ type: tcp, target: "127.0.0.1:22" }', 'tcp 127.0.0.1:22'],
    ['{ type: disk }', 'disk'],
  ])('of %s is %s', async (check, name) => {
    expect((await firstOf(`checks: [${check}]`)).name).toBe(name);
  });

  test('is numbered where it is taken, and never takes a name that was written', async () => {
    const { checks } = await configOf(
      'checks: [{ type: disk }, { type: disk }, { name: disk 2, type: load }, { name: tocsin, type: cpu }]',
    );
    expect(checks.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'disk: disk',
      'disk 3: disk',
      'disk 2: load',
      'tocsin: cpu',
      'tocsin 2: agent',
    ]);
  });
});

test('defaults stand behind what a check says, map by map', async () => {
  const { checks } = await configOf(`
defaults:
  interval: 1m
  timeout: 20s
  severity: info
  labels: { env: production, tier: one }
  annotations: { runbook_url: "https://example.com" }
  depends_on: [uplink]
  debounce: { fail_after: 5, for: 1m, flap: { high: 0.9 } }
checks:
  - { name: uplink, type: memory }
  - name: own
    type: load
    interval: 10s
    severity: warning
    labels: { tier: two }
    depends_on: []
    debounce: { window: 2/4, flap: false }
`);
  const [uplink, own, agent] = checks;
  expect(uplink).toMatchObject({
    schedule: { intervalMs: 60_000 },
    timeoutMs: 20_000,
    severity: 'info',
    labels: { env: 'production', tier: 'one' },
    dependsOn: [],
    debounce: {
      failAfter: { kind: 'consecutive', failures: 5 },
      forMs: 60_000,
      flap: { window: 20, high: 0.9, low: 0.25 },
    },
  });
  expect(own).toMatchObject({
    schedule: { intervalMs: 10_000 },
    timeoutMs: 10_000,
    severity: 'warning',
    labels: { env: 'production', tier: 'two' },
    annotations: { runbook_url: 'https://example.com' },
    dependsOn: [],
    debounce: { failAfter: { kind: 'window', failures: 2, of: 4 }, forMs: 60_000 },
  });
  expect(own?.debounce).not.toHaveProperty('flap');
  expect(agent).toMatchObject({ name: 'tocsin', severity: 'critical', dependsOn: [] });
});

test('defaults give way as a whole where a check says its time in the other way', async () => {
  const { checks } = await configOf(`
defaults: { schedule: "0 * * * *", tz: Europe/Berlin, debounce: { window: 3/5 } }
checks:
  - { type: memory }
  - { type: load, interval: 5s, debounce: { fail_after: 1 } }
`);
  expect(checks.map(({ schedule }) => schedule)).toEqual([
    { kind: 'cron', expression: '0 * * * *', timeZone: 'Europe/Berlin' },
    { kind: 'interval', intervalMs: 5000 },
    { kind: 'interval', intervalMs: 30_000 },
  ]);
  expect(checks[1]?.timeoutMs).toBe(5000);
  expect(checks[1]?.debounce.failAfter).toEqual({ kind: 'consecutive', failures: 1 });
});

test('defaults are judged once, however many checks inherit them', async () => {
  await expect(
    configOf(
      'defaults: { depends_on: [nobody], timeout: never }\nchecks: [{ type: cpu }, { type: load }]',
    ),
  ).rejects.toThrow(/^agent\.config\.yaml:1:44: defaults\.timeout: expected a duration[^\n]+$/);
  await expect(
    configOf('defaults: { depends_on: [nobody] }\nchecks: [{ type: cpu }, { type: load }]'),
  ).rejects.toThrow(
    /^agent\.config\.yaml:1:26: defaults\.depends_on\[0\]: there is no check "nobody"$/,
  );
});

describe('the check of the agent itself', () => {
  test('can be configured instead, and switched off', async () => {
    const own = await configOf('checks: [{ name: self, type: agent, severity: info }]');
    expect(own.checks.map(({ name, severity }) => [name, severity])).toEqual([['self', 'info']]);
    const none = await configOf('checks: [{ type: agent, enabled: false }]');
    expect(none.checks).toEqual([]);
  });

  test('can be depended on without being configured', async () => {
    const { checks } = await configOf('checks: [{ type: memory, depends_on: [tocsin] }]');
    expect(checks[0]?.dependsOn).toEqual(['tocsin']);
  });
});

test('anchors and merge keys of YAML share what checks have in common', async () => {
  const { checks } = await configOf(`
checks:
  - &base { name: a, type: memory, interval: 5s, labels: { x: "1" } }
  - { <<: *base, name: b, labels: { y: "2" } }
  - { <<: [{ name: c, severity: info }, *base] }
`);
  expect(checks.slice(0, 3)).toMatchObject([
    { name: 'a', labels: { x: '1' } },
    { name: 'b', schedule: { intervalMs: 5000 }, labels: { y: '2' } },
    { name: 'c', severity: 'info', schedule: { intervalMs: 5000 }, labels: { x: '1' } },
  ]);
});
