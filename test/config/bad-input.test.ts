import { describe, expect, test } from 'vitest';
import { checkTypeNames } from '../../src/model/check.ts';
import { problemsOf } from '../support/config.ts';

const types = `${checkTypeNames.slice(0, -1).join(', ')} or ${checkTypeNames.at(-1)}`;

interface Case {
  readonly name: string;
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

const keys: readonly Case[] = [
  {
    name: 'unknown keys anywhere, with the nearest known one',
    lines: [
      'checks:',
      '  - type: http',
      '    target: x',
      '    timout: 3s',
      '    http: { metod: GET, valid_status_code: [] }',
      'server:',
      '  lisen: 3',
      'foo: 1',
    ],
    problems: [
      '4:5: checks[0].timout: unknown key "timout", did you mean "timeout"?',
      '5:13: checks[0].http.metod: unknown key "metod", did you mean "method"?',
      '5:25: checks[0].http.valid_status_code: unknown key "valid_status_code", did you mean "valid_status_codes"?',
      '7:3: server.lisen: unknown key "lisen", did you mean "listen"?',
      '8:1: foo: unknown key "foo", expected agent, server, defaults, notify, global, route, receivers, inhibit_rules, time_intervals, mute_time_intervals, checks, modules or modules_file',
    ],
  },
  {
    name: 'values of the wrong type',
    lines: [
      'checks:',
      '  - type: http',
      '    target: [a]',
      '    interval: 30',
      '    labels: [a]',
      '    http: 3',
      '  - type: http',
      '    target: { a: b }',
      '    enabled: perhaps',
      '    severity: criticl',
      '    http: { method: PUT, valid_status_codes: [200, a] }',
      'agent: 3',
    ],
    problems: [
      '3:13: checks[0].target: expected a text, found a list',
      '4:15: checks[0].interval: expected a duration such as 30s, 2m or 1h30m, found 30',
      '5:13: checks[0].labels: expected a map of label names to values, found a list',
      '6:11: checks[0].http: expected a map, found 3',
      '8:13: checks[1].target: expected a text, found a map',
      '9:14: checks[1].enabled: expected true or false, found "perhaps"',
      '10:15: checks[1].severity: expected info, warning or critical, found "criticl", did you mean "critical"?',
      '11:21: checks[1].http.method: expected GET or POST, found "PUT"',
      '11:52: checks[1].http.valid_status_codes[1]: expected a whole number, found "a"',
      '12:8: agent: expected a map of settings of the agent, found 3',
    ],
  },
  {
    name: 'keys that are missing, empty or doubled',
    lines: [
      'checks:',
      '  - type: http',
      '  - type: http',
      '    target:',
      '  - target: x',
      '  - type: memory',
      '    interval: 3s',
      '    interval: 4s',
      '  - 5',
      '  -',
      'checks: []',
    ],
    problems: [
      '2:5: checks[0].target: the key target is missing',
      '3:5: checks[1].target: the key target is missing',
      `5:5: checks[2]: the key type is missing, expected ${types}`,
      '8:5: checks[3].interval: the key interval is doubled, first on line 7',
      '9:5: checks[4]: expected a URL, or a map of keys of a check, found 5',
      '10:4: checks[5]: expected a URL, or a map of keys of a check, found nothing',
      '11:1: checks: the key checks is doubled, first on line 1',
    ],
  },
  {
    name: 'check types that are misspelt or unknown',
    lines: [
      'checks:',
      '  - type: htp',
      '    target: x',
      '  - type: nonsense',
      '  - type: http',
      '    target: x',
      '    module: http_2x',
      'modules_file: x',
    ],
    problems: [
      '2:11: checks[0].type: unknown check type "htp", did you mean "http"?',
      `4:11: checks[1].type: unknown check type "nonsense", expected ${types}`,
      '8:15: modules_file: x no such file',
    ],
  },
];

const checks: readonly Case[] = [
  {
    name: 'names that are taken or no names',
    lines: [
      'checks:',
      '  - { name: a, type: memory }',
      '  - { name: a, type: load }',
      '  - { name: "a,b", type: load }',
    ],
    problems: [
      '3:13: checks[1].name: the name "a" is already taken on line 2',
      '4:13: checks[2].name: expected a name of up to 100 letters, digits, spaces and . _ - : /, found "a,b"',
    ],
  },
  {
    name: 'dependencies that lead nowhere or in a circle',
    lines: [
      'checks:',
      '  - { name: alpha, type: memory, depends_on: [beta] }',
      '  - { name: beta, type: memory, depends_on: [gamma] }',
      '  - { name: gamma, type: memory, depends_on: [alpha] }',
      '  - { name: delta, type: memory, depends_on: [delta, gama] }',
      '  - { name: one, type: group, of: [alpha, two] }',
      '  - { name: two, type: group, of: [one, alhpa] }',
      '  - { name: off, type: load, enabled: false }',
      '  - { name: three, type: group, of: [off] }',
    ],
    problems: [
      '2:5: checks[0]: depends on itself: alpha → beta → gamma → alpha',
      '5:5: checks[3]: depends on itself: delta → delta',
      '5:54: checks[3].depends_on[1]: there is no check "gama", did you mean "gamma"?',
      '6:5: checks[4]: refers to itself: one → two → one',
      '7:41: checks[5].of[1]: there is no check "alhpa", did you mean "alpha"?',
      '9:38: checks[7].of[0]: the check "off" is switched off',
    ],
  },
  {
    name: 'times that do not fit together',
    lines: [
      'defaults:',
      '  interval: 1m',
      '  schedule: "0 * * * *"',
      '  timeout: 2m',
      'checks:',
      '  - { type: cpu, interval: 3s, schedule: "* * * * *" }',
      '  - { type: cpu, interval: 5s, timeout: 6s }',
      '  - { type: cpu, schedule: "61 * * * *", tz: Europe/Atlantis }',
      '  - { type: cpu, schedule: "* * *" }',
      '  - { type: cpu, tz: Europe/Berlin }',
      '  - { type: cpu, interval: 0s, start_period: soon }',
      '  - { type: heartbeat }',
    ],
    problems: [
      '3:13: defaults.schedule: expected either interval or schedule, found both',
      '4:12: defaults.timeout: expected at most the interval of 1m, found 2m',
      '6:42: checks[0].schedule: expected either interval or schedule, found both',
      '7:41: checks[1].timeout: expected at most the interval of 5s, found 6s',
      '8:28: checks[2].schedule: expected a cron expression such as "*/5 * * * *", found "61 * * * *" (61 is a invalid expression for minute)',
      '8:46: checks[2].tz: expected a time zone such as Europe/Berlin, found "Europe/Atlantis"',
      '9:28: checks[3].schedule: expected a cron expression such as "*/5 * * * *", found "* * *" (expected 5 or 6 fields but got 3)',
      '10:22: checks[4].tz: expected tz only together with schedule',
      '11:28: checks[5].interval: expected a duration above zero, such as 30s, found "0s"',
      '11:46: checks[5].start_period: expected a duration such as 30s, 2m or 1h30m, found "soon"',
      '12:5: checks[6]: every or schedule is missing',
    ],
  },
  {
    name: 'debounce windows and flap shares that make no sense',
    lines: [
      'checks:',
      '  - { type: cpu, debounce: { window: 5/3 } }',
      '  - { type: cpu, debounce: { window: three of five } }',
      '  - { type: cpu, debounce: { window: 3/5, fail_after: 2 } }',
      '  - { type: cpu, debounce: { fail_after: 0, flap: { high: 2 } } }',
      '  - { type: cpu, debounce: { flap: { high: 0.2, low: 0.4 } } }',
    ],
    problems: [
      '2:38: checks[0].debounce.window: expected a share such as 3/5: so many failures of the last so many, at most 100, found "5/3"',
      '3:38: checks[1].debounce.window: expected a share such as 3/5: so many failures of the last so many, at most 100, found "three of five"',
      '4:38: checks[2].debounce.window: expected either fail_after or window, not both, found "3/5"',
      '5:42: checks[3].debounce.fail_after: expected a whole number of at least 1, found 0',
      '5:59: checks[3].debounce.flap.high: expected a share of changes from 0 to 1, found 2',
      '6:54: checks[4].debounce.flap.low: expected a share not above high, found 0.4',
    ],
  },
  {
    name: 'a regular expression that does not compile',
    lines: [
      'checks:',
      '  - { type: http, target: x, http: { fail_if_body_matches_regexp: ["("] } }',
    ],
    problems: [
      '2:68: checks[0].http.fail_if_body_matches_regexp[0]: expected a valid regular expression (Unterminated group), found "("',
    ],
  },
  {
    name: 'an address to listen at without a port, and a heartbeat without a URL',
    lines: ['server: { listen: localhost }', 'agent: { heartbeat: {} }'],
    problems: [
      '1:19: server.listen: expected an address and a port such as 127.0.0.1:9860, [::1]:9860 or :9860, found "localhost"',
      '2:21: agent.heartbeat.url: the key url is missing',
    ],
  },
];

const routing: readonly Case[] = [
  {
    name: 'routes and receivers that do not fit together',
    lines: [
      'route:',
      '  receiver: a',
      '  routes:',
      '    - { receiver: opss, group_wait: 3 }',
      '    - matchers: [\'severity=~"("\']',
      '    - match_re: { a: "(" }',
      "    - group_by: ['...', a]",
      '    - group_by: [a, a]',
      '    - matchers: [nope]',
      '      routes: 3',
      '    - { group_interval: 0s, repeat_interval: 0s }',
      'receivers:',
      '  - name: ops',
      '  - name: ops',
      '    slack_configs: [{}]',
    ],
    problems: [
      '2:13: route.receiver: there is no receiver "a"',
      '4:19: route.routes[0].receiver: there is no receiver "opss", did you mean "ops"?',
      '4:37: route.routes[0].group_wait: expected a duration such as 30s, 2m or 1h30m, found 3',
      '5:18: route.routes[1].matchers[0]: the matcher "severity=~\\"(\\"" cannot be used: "(" is no valid regular expression (missing closing ))',
      '6:22: route.routes[2].match_re.a: expected a label value, "(" is no valid regular expression (missing closing ))',
      "7:17: route.routes[3].group_by: '...' means all labels, expected it alone",
      '8:17: route.routes[4].group_by: "a" is doubled',
      '9:18: route.routes[5].matchers[0]: the matcher "nope" is not a matcher such as severity="critical" or service=~"web|api"',
      '10:15: route.routes[5].routes: expected a list of routes',
      '11:25: route.routes[6].group_interval: expected a duration above zero, such as 30s, found "0s"',
      '11:46: route.routes[6].repeat_interval: expected a duration above zero, such as 30s, found "0s"',
      '14:11: receivers[1].name: the receiver "ops" is already defined on line 13',
      '15:21: receivers[1].slack_configs[0]: api_url or api_url_file is missing',
    ],
  },
  {
    name: 'a first route that does not take everything',
    lines: ['route:', '  continue: true', '  matchers: [a=b]', 'receivers: [{ name: a }]'],
    problems: [
      '2:3: route: the key receiver is missing: the first route takes what no other one does',
      '2:13: route.continue: the first route takes every alert, expected it without continue',
      '3:13: route.matchers: the first route takes every alert, expected it without matchers',
    ],
  },
  {
    name: 'receivers without a route',
    lines: ['receivers: [{ name: a }]'],
    problems: ['1:12: receivers: the section route is missing'],
  },
  {
    name: 'the short form beside the long one',
    lines: [
      'notify: { slack: https://example.com }',
      'route: { receiver: a }',
      'receivers: [{ name: a }]',
    ],
    problems: ['1:9: notify: expected either notify, or route and receivers, found both'],
  },
  {
    name: 'what Alertmanager knows and this version does not',
    lines: [
      'route:',
      '  receiver: a',
      '  routes:',
      '    - { labels: {} }',
      'receivers:',
      '  - name: a',
      '    discord_configs: []',
      '    pushover_configs: []',
      '    webhook_configs: [{ url: "http://x" }]',
      'templates: []',
      'global: { opsgenie_api_url: x }',
    ],
    problems: [
      '4:9: route.routes[0].labels: labels is not supported by this version',
      '7:5: receivers[0].discord_configs: discord_configs is not supported by this version',
      '8:5: receivers[0].pushover_configs: pushover_configs is not supported by this version',
      '10:1: templates: templates is not supported by this version',
      '11:11: global.opsgenie_api_url: opsgenie_api_url is not supported by this version',
    ],
  },
];

const bomb = ['a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]'].concat(
  ['b', 'c', 'd', 'e'].map((name, position) => {
    const alias = `*${'abcd'[position]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => alias).join(', ')}]`;
  }),
);

const syntax: readonly Case[] = [
  {
    name: 'a list that is not closed',
    lines: ['checks:', '  - type: [a', '  b: c'],
    problems: [
      '3:3: is no valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
      '3:3: is no valid YAML: all mapping items must start at the same column',
    ],
  },
  {
    name: 'tabs',
    lines: ['checks:', '\t- a'],
    problems: ['2:1: is no valid YAML: tabs are not allowed as indentation'],
  },
  {
    name: 'two documents',
    lines: ['agent: {}', '---', 'server: {}'],
    problems: ['2:1: holds several documents, expected one'],
  },
  {
    name: 'an unknown tag',
    lines: ['checks: !foo []'],
    problems: ['1:9: is no valid YAML: unresolved tag: !foo'],
  },
  { name: 'a list', lines: ['- a'], problems: ['1:1: expected a map of sections such as checks:'] },
  {
    name: 'a sentence',
    lines: ['hello'],
    problems: ['1:1: expected a map of sections such as checks:'],
  },
  {
    name: 'a key that is no text',
    lines: ['agent:', '  ? [a]', '  : b'],
    problems: ['2:5: agent: a key must be a plain text'],
  },
  {
    name: 'aliases of nothing and of themselves',
    lines: ['agent: *a', 'checks: &x [*x]'],
    problems: [
      '1:8: agent: there is no anchor &a before the alias *a',
      '2:13: checks[0]: the alias *x stands inside the value it repeats',
      '2:13: checks[0]: expected a URL, or a map of keys of a check, found nothing',
    ],
  },
  {
    name: 'aliases that multiply',
    lines: [`agent:`, ...bomb.map((line) => `  ${line}`)],
    problems: [
      ...['a', 'b', 'c', 'd', 'e'].map(
        (key, position) =>
          `${position + 2}:3: agent.${key}: unknown key "${key}", expected name, labels, data_dir, retention, stalled_after, evidence, connectivity or heartbeat`,
      ),
      '6:10: agent.e[0]: aliases make the file longer than 10000 values',
    ],
  },
  {
    name: 'a tower of brackets',
    lines: [`checks: ${'['.repeat(100_000)}`],
    problems: ['is nested too deeply'],
  },
  {
    name: 'only comments',
    lines: ['# nothing', ''],
    problems: ['is empty; write at least one section such as checks:, or remove the file'],
  },
];

describe.each([
  ['keys and values', keys],
  ['checks', checks],
  ['routing', routing],
  ['syntax', syntax],
])('bad %s', (_, cases) => {
  test.each(cases)('$name', async ({ lines, problems }) => {
    const found = await problemsOf(`${lines.join('\n')}\n`);
    expect(found.map((problem) => problem.trim())).toEqual(problems);
  });
});
