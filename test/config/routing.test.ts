import { expect, test } from 'vitest';
import type { Labels } from '../../src/model/labels.ts';
import type { Config } from '../../src/model/config.ts';
import { formatMatcher } from '../../src/model/matcher-syntax.ts';
import type { Route } from '../../src/model/route.ts';
import { matchRoutes } from '../../src/routing/route-tree.ts';
import { configOf, problemsOf } from '../support/config.ts';

const minute = 60_000;

const told = (route: Route, labels: Labels): string[] =>
  matchRoutes(route, labels).map((matched) => matched.route.receiver);

test('the long form has the defaults of Alertmanager', async () => {
  const { route, receivers } = await configOf('route: { receiver: a }\nreceivers: [{ name: a }]');
  expect(route).toEqual({
    receiver: 'a',
    groupBy: [],
    repeatFactor: 1,
    repeatIntervalMaxMs: Infinity,
    escalate: [],
    groupWaitMs: 30_000,
    groupIntervalMs: 5 * minute,
    repeatIntervalMs: 240 * minute,
    matchers: [],
    continue: false,
    muteTimeIntervals: [],
    activeTimeIntervals: [],
    routes: [],
  });
  expect(receivers).toEqual([{ name: 'a', integrations: [] }]);
});

test('the long form hands settings down to the routes below, all but continue and matchers', async () => {
  const { route } = await configOf(`
route:
  receiver: a
  group_by: ['...']
  group_wait: 0s
  routes:
    - matchers: [team="x"]
      continue: true
      repeat_interval: 1h
      routes:
        - { receiver: b, group_by: [], group_wait: 1s }
        - { group_by: [host] }
receivers: [{ name: a }, { name: b }]
`);
  const [team] = route.routes;
  expect(team).toMatchObject({ receiver: 'a', groupBy: ['...'], groupWaitMs: 0, continue: true });
  expect(team?.routes).toMatchObject([
    { receiver: 'b', groupBy: [], groupWaitMs: 1000, repeatIntervalMs: 60 * minute },
    { receiver: 'a', groupBy: ['host'], groupWaitMs: 0, continue: false, matchers: [] },
  ]);
});

test('escalation and growing reminders are handed down, and may be taken back', async () => {
  const { route } = await configOf(`
route:
  receiver: a
  repeat_factor: 1.5
  repeat_interval_max: 1d
  escalate: [{ after: 15m, receiver: b }, { after: 1h, receiver: a }]
  routes:
    - { repeat_interval: 1h }
    - { escalate: [], repeat_factor: 1 }
receivers: [{ name: a }, { name: b }]
`);
  const steps = [
    { afterMs: 15 * minute, receiver: 'b' },
    { afterMs: 60 * minute, receiver: 'a' },
  ];
  const day = 24 * 60 * minute;
  expect(route).toMatchObject({ repeatFactor: 1.5, repeatIntervalMaxMs: day, escalate: steps });
  expect(route.routes).toMatchObject([
    { repeatFactor: 1.5, repeatIntervalMaxMs: day, escalate: steps },
    { repeatFactor: 1, repeatIntervalMaxMs: day, escalate: [] },
  ]);
});

test('what is wrong with escalation and reminders is told by line', async () => {
  expect(
    await problemsOf(`route:
  receiver: a
  repeat_factor: 0.5
  routes:
    - escalate: [{ after: 15m, receiver: b }, { after: 15m, receiver: a }]
    - escalate: [{ after: 0s, receiver: a }, { receiver: a }, { after: 1m, receiver: a, x: 1 }]
    - repeat_interval_max: 1h
    - { repeat_factor: .inf, escalate: a }
receivers: [{ name: a }]
`),
  ).toEqual([
    '3:18: route.repeat_factor: expected a number of at least 1, found 0.5',
    '5:42: route.routes[0].escalate[0].receiver: there is no receiver "b", did you mean "a"?',
    '5:56: route.routes[0].escalate[1].after: expected more than the 15m of the step before it, found 15m',
    '6:27: route.routes[1].escalate[0].after: expected a duration above zero, such as 30s, found "0s"',
    '6:46: route.routes[1].escalate[1].after: the key after is missing',
    '6:89: route.routes[1].escalate[2].x: unknown key "x", expected after or receiver',
    '7:28: route.routes[2].repeat_interval_max: expected a repeat_interval_max of at least the repeat_interval of 4h, found 1h',
    '8:24: route.routes[3].repeat_factor: expected a number of at least 1, found .inf',
    '8:40: route.routes[3].escalate: expected a list of steps such as { after: 15m, receiver: oncall }, found "a"',
  ]);
});

test('reminders that cannot come as often as they are asked for are warned of', async () => {
  const { warnings } = await configOf(`
route:
  receiver: a
  repeat_interval: 10m
  routes:
    - { repeat_interval: 1m }
    - group_interval: 1h
      routes: [{ group_wait: 1s }, { repeat_interval: 2h }]
receivers: [{ name: a }]
`);
  expect(warnings.map(({ line, path, message }) => [line, path, message])).toEqual([
    [
      6,
      'route.routes[0].repeat_interval',
      'a repeat_interval of 1m is below the group_interval of 5m: reminders come every 5m',
    ],
    [
      7,
      'route.routes[1].group_interval',
      'a repeat_interval of 10m is below the group_interval of 1h: reminders come every 1h',
    ],
  ]);
});

test('matchers that are read in another way than they seem to be are warned of', async () => {
  const { warnings } = await configOf(String.raw`
route:
  receiver: a
  routes:
    - matchers: ['foo=~[a-z]{2}', 'foo="bar"', 'x="\d"', '{a="1",b="2"}', '{', 'c=']
    - matchers: ['foo=~"\bx\tb"']
    - matchers: ['foo=~"\bweb\b"']
receivers: [{ name: a }]
`);
  expect(warnings.map(({ path, message }) => `${path} ${message}`)).toEqual([
    String.raw`route.routes[0].matchers[0] the matcher "foo=~[a-z]{2}" is read as {foo=~"[a-z]{2"}, without the brace at its end`,
    'route.routes[0].matchers[4] the matcher "{" is read as {}, without the brace at its end',
    expect.stringMatching(/^route.routes\[1\].matchers\[0\] .* is read in the older dialect, as /),
    expect.stringMatching(/^route.routes\[2\].matchers\[0\] .* is read in the older dialect, as /),
  ]);
});

test('the long form takes every way to write matchers, and all of them must hold', async () => {
  const { route } = await configOf(`
route:
  receiver: a
  routes:
    - receiver: b
      matchers: ['{ z="1", y!~"no.*" }', 'x != "3"']
      match: { service: web }
      match_re: { env: prod|test }
    - receiver: c
      matchers: '{severity="info"}'
receivers: [{ name: a }, { name: b }, { name: c }]
`);
  expect(route.routes.map(({ matchers }) => matchers.map(formatMatcher))).toEqual([
    ['env=~"^(?:prod|test)$"', 'service="web"', 'x!="3"', 'y!~"no.*"', 'z="1"'],
    ['severity="info"'],
  ]);
  const labels = { env: 'prod', service: 'web', z: '1' };
  expect(told(route, labels)).toEqual(['b']);
  expect(told(route, { ...labels, env: 'production' })).toEqual(['a']);
  expect(told(route, { ...labels, y: 'none' })).toEqual(['a']);
  expect(told(route, { severity: 'info' })).toEqual(['c']);
});

test('the long form fills the defaults of global into blocks that lack them', async () => {
  const { receivers } = await configOf(`
global:
  resolve_timeout: 5m
  slack_api_url: https://hooks.example.com/global
  pagerduty_url: https://events.example.com/global
  smtp_from: tocsin@example.com
  smtp_smarthost: smtp.example.com:25
  smtp_auth_password: global-password
  smtp_require_tls: false
route: { receiver: a }
receivers:
  - name: a
    slack_configs:
      - {}
      - { api_url: https://hooks.example.com/own }
      - { api_url_file: /run/hook, send_resolved: true }
    pagerduty_configs: [{ routing_key: key-of-a }]
    email_configs:
      - { to: a@example.com }
      - { to: b@example.com, from: own@example.com, auth_password_file: /run/pw, require_tls: true }
`);
  const shown = receivers[0]?.integrations.map(({ integration, index, sendResolved, options }) => {
    const pairs = Object.entries(options as Record<string, unknown>);
    const plain = pairs.map(([key, value]) => [
      key,
      typeof value === 'object' ? (value as { reveal(): string }).reveal() : value,
    ]);
    return [`${integration}[${index}] ${sendResolved}`, Object.fromEntries(plain)];
  });
  expect(shown).toEqual([
    ['slack[0] false', { api_url: 'https://hooks.example.com/global' }],
    ['slack[1] false', { api_url: 'https://hooks.example.com/own' }],
    ['slack[2] true', { api_url_file: '/run/hook' }],
    [
      'pagerduty[0] true',
      { routing_key: 'key-of-a', url: 'https://events.example.com/global', incident: 'group' },
    ],
    [
      'email[0] false',
      {
        to: 'a@example.com',
        from: 'tocsin@example.com',
        smarthost: 'smtp.example.com:25',
        auth_password: 'global-password',
        require_tls: false,
      },
    ],
    [
      'email[1] false',
      {
        to: 'b@example.com',
        from: 'own@example.com',
        smarthost: 'smtp.example.com:25',
        auth_password_file: '/run/pw',
        require_tls: true,
      },
    ],
  ]);
});

test('the long form is printed as it was written, with secrets masked', async () => {
  const { longForm } = await configOf(`
receivers: [{ name: a, slack_configs: [{ api_url: https://hooks.example.com/x, channel: "#ops" }] }]
route: { receiver: a, routes: [{ matchers: [severity=~"warning|critical"] }] }
`);
  expect(longForm).toBe(`route:
  receiver: a
  routes:
    - matchers:
        - severity=~"warning|critical"
receivers:
  - name: a
    slack_configs:
      - api_url: <secret>
        channel: "#ops"
`);
});

const all = `
notify:
  slack: \${SLACK_WEBHOOK_URL}
  pagerduty: some-routing-key
  email:
    - { to: ops@example.com, from: tocsin@example.com, smarthost: "smtp.example.com:587" }
    - { to: boss@example.com, from: tocsin@example.com, smarthost: "smtp.example.com:587", send_resolved: false }
  webhook: { url: https://example.com/hook, timeout: 3s }
`;
const environment = { SLACK_WEBHOOK_URL: 'https://hooks.example.com/x' };

test('the short form stands for this long form', async () => {
  const { longForm } = await configOf(all, environment);
  expect(longForm).toBe(`route:
  receiver: default
  group_by:
    - host
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 4h
  routes:
    - receiver: pagerduty
      matchers:
        - severity="critical"
      continue: true
    - receiver: default
receivers:
  - name: default
    slack_configs:
      - api_url: \${SLACK_WEBHOOK_URL}
        send_resolved: true
    email_configs:
      - to: ops@example.com
        from: tocsin@example.com
        smarthost: smtp.example.com:587
        send_resolved: true
      - to: boss@example.com
        from: tocsin@example.com
        smarthost: smtp.example.com:587
        send_resolved: false
    webhook_configs:
      - url: <secret>
        timeout: 3s
        send_resolved: true
  - name: pagerduty
    pagerduty_configs:
      - routing_key: <secret>
        send_resolved: true
        incident: alert
`);
});

test('the short form reads as the long form it is printed as', async () => {
  const short = await configOf(all, environment);
  const long = await configOf(short.longForm, environment);
  const plain = (route: Route): unknown =>
    JSON.parse(JSON.stringify(route, (key, value) => (key === 'matches' ? undefined : value)));
  expect(plain(long.route)).toEqual(plain(short.route));
  expect(JSON.stringify(long.receivers)).toBe(JSON.stringify(short.receivers));
});

test('the short form tells everybody of everything, but PagerDuty only of what is critical', async () => {
  const { route, receivers } = await configOf(all, environment);
  expect(told(route, { severity: 'critical' })).toEqual(['pagerduty', 'default']);
  expect(told(route, { severity: 'warning' })).toEqual(['default']);
  const kinds = receivers.map(({ integrations }) => integrations.map((each) => each.integration));
  expect(kinds).toEqual([['slack', 'email', 'email', 'webhook'], ['pagerduty']]);
  expect(receivers[1]?.integrations[0]).toMatchObject({ splitsAlerts: true, sendResolved: true });
});

test('the short form works with PagerDuty alone', async () => {
  const { route, receivers } = await configOf('notify: { pagerduty: some-routing-key }');
  expect(told(route, { severity: 'critical' })).toEqual(['pagerduty', 'default']);
  expect(receivers.map(({ name, integrations }) => [name, integrations.length])).toEqual([
    ['default', 0],
    ['pagerduty', 1],
  ]);
});

test('the short form is one route without PagerDuty, and takes defaults from global', async () => {
  const { route, receivers } = await configOf(`
global: { smtp_from: a@example.com, smtp_smarthost: "smtp.example.com:25" }
notify: { email: ops@example.com }
`);
  expect(route.routes).toEqual([]);
  expect(receivers[0]?.integrations[0]?.options).toEqual({
    to: 'ops@example.com',
    from: 'a@example.com',
    smarthost: 'smtp.example.com:25',
    require_tls: true,
  });
});

test.each(['notify: {}', 'notify:', 'agent: {}'])(
  'the short form that says nothing prints to the terminal: %s',
  async (text) => {
    const { route, receivers } = await configOf(text);
    expect(told(route, {})).toEqual(['terminal']);
    expect(receivers[0]?.integrations[0]?.integration).toBe('terminal');
  },
);

test('routes show prints everything that belongs to routing, so that it reads the same', async () => {
  const text = `
route:
  receiver: a
  escalate: [{ after: 15m, receiver: b }]
  repeat_factor: 2
  repeat_interval_max: 1d
  routes: [{ mute_time_intervals: [x, y], active_time_intervals: [x], match_re: { c: d.* } }]
receivers: [{ name: a }, { name: b }]
inhibit_rules: [{ source_matchers: [a="1"], target_match: { b: "2" }, equal: [c] }]
time_intervals: [{ name: x, time_intervals: [{ weekdays: ["monday:friday"], location: Asia/Tokyo }] }]
mute_time_intervals: [{ name: y, time_intervals: [{ times: [{ start_time: 09:00, end_time: 17:00 }] }] }]
`;
  const written = await configOf(text);
  for (const part of ['escalate:', 'repeat_factor: 2', 'mute_time_intervals:', 'inhibit_rules:']) {
    expect(written.longForm).toContain(part);
  }
  const again = await configOf(written.longForm);
  const facts = ({ route, inhibitRules }: Config): string =>
    JSON.stringify({ route, inhibitRules });
  expect(facts(again)).toBe(facts(written));
  expect(again.longForm).toBe(written.longForm);
});
