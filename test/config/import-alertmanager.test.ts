import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { formatProblem, importAlertmanager } from '../../src/config/load.ts';
import type { Config } from '../../src/model/config.ts';
import type { Labels } from '../../src/model/labels.ts';
import { Secret } from '../../src/model/secret.ts';
import { matchRoutes } from '../../src/routing/route-tree.ts';
import { amtool, hasAmtool, refusals } from '../conformance/alertmanager/kit/amtool.ts';
import { runCommand } from '../support/command-line.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';
import { diceOf } from '../support/random-case.ts';

const folder = join(import.meta.dirname, '../support/alertmanager');
const samples = (await readdir(folder)).filter((name) => name.endsWith('.yml'));
const textOf = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

/** Files that hold something of every kind that this version does not do. */
const partly = new Set(['everything.yml']);
/** Files that hold `$` in ways that mean something else when pasted, or what amtool 0.25 is too old for. */
const dollars = new Set(['office.yml', 'odd-matchers.yml']);
const newerThanAmtool = new Set(['proxies.yml']);

/** Routing and receivers with secrets revealed and functions left out. */
function facts({ route, receivers, inhibitRules, resolveTimeoutMs }: Config): unknown {
  return JSON.parse(
    JSON.stringify(
      { route, receivers, inhibitRules, resolveTimeoutMs },
      function reveal(this: Record<string, unknown>, key, value) {
        const raw = this[key];
        return raw instanceof Secret ? raw.reveal() : (value as unknown);
      },
    ),
  );
}

async function imported(text: string, file = 'alertmanager.yml') {
  const directory = await directoryWith({ [file]: text });
  const result = await importAlertmanager(join(directory, file), tables);
  const problems = result.problems.map((problem) =>
    formatProblem(problem).replaceAll(`${directory}/`, ''),
  );
  const other = await directoryWith({ 'agent.config.yaml': result.text ?? '' });
  const loaded = await loadDirectory(other, { tables });
  return { ...result, problems, loaded, directory };
}

const words = {
  service: ['web', 'api', 'files', 'database'],
  severity: ['critical', 'warning', 'info', 'page', 'ticket'],
  owner: ['team-X', 'team-Y'],
  zone: ['eu-1', 'asia-1'],
  team: ['billing', 'orders'],
  kind: ['all', 'old', 'pushover', 'token', 'tls'],
  env: ['prod'],
  region: ['eu', 'us'],
  foo: ['bar'],
  b: ['c d'],
  e: ['f', 'g'],
  x: ['1'],
  path: ['/api/v12/users', '/api/v1/'],
  price: ['$12', '12'],
  cost: ['$$5 ${HOME}', '$5'],
} as const;

/** Some labels of which the samples speak. */
function randomLabels(seed: number): Labels {
  const dice = diceOf(seed);
  return Object.fromEntries(
    dice.some(Object.entries(words), 0.5).map(([name, values]) => [name, dice.pick(values)]),
  );
}

describe('an alertmanager.yml', () => {
  test.skipIf(!hasAmtool)('is one to amtool', async () => {
    const known = samples.filter((name) => !newerThanAmtool.has(name));
    expect(samples.length).toBeGreaterThan(5);
    expect(await refusals(await Promise.all(known.map(textOf)))).toEqual(
      known.map(() => undefined),
    );
  });

  test.each(samples)('%s works when pasted in, or is refused by line', async (name) => {
    const directory = await directoryWith({ 'agent.config.yaml': await textOf(name) });
    const { config, problems } = await loadDirectory(directory, { tables });
    expect(config === undefined).toBe(partly.has(name) || dollars.has(name));
    for (const problem of problems) expect(problem).toMatch(/^agent\.config\.yaml:\d+:\d+: \S+: /);
  });

  test.each(samples.filter((name) => !partly.has(name)))('%s is imported whole', async (name) => {
    const { loaded, problems, directory } = await imported(await textOf(name), 'agent.config.yaml');
    expect(problems).toEqual([]);
    expect(loaded.problems).toEqual([]);
    if (dollars.has(name) || loaded.config === undefined) return;
    const pasted = await loadDirectory(directory, { tables });
    expect(pasted.config && facts(pasted.config)).toEqual(facts(loaded.config));
  });

  test.skipIf(!hasAmtool).each(samples.filter((name) => !newerThanAmtool.has(name)))(
    '%s tells the same receivers once it is imported',
    async (name) => {
      const { loaded } = await imported(await textOf(name));
      const route = loaded.config?.route;
      expect(route).toBeDefined();
      const told = new Set<string>();
      for (let seed = 0; seed < 25; seed += 1) {
        const labels = randomLabels(seed);
        const args = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
        const file = `--config.file=${join(folder, name)}`;
        const { stdout } = await amtool(['config', 'routes', 'test', file, ...args]);
        const receivers = route && matchRoutes(route, labels).map((found) => found.route.receiver);
        expect([labels, receivers?.join(',')]).toEqual([labels, stdout.trim()]);
        told.add(stdout);
      }
      expect(told.size).toBeGreaterThan(1);
    },
  );
});

describe('tocsin import alertmanager', () => {
  test('keeps comments, secrets and dollars', async () => {
    const { text, loaded } = await imported(await textOf('office.yml'));
    expect(text).toContain('# The same thing twice is once too often.');
    const [everybody] = loaded.config?.receivers ?? [];
    const options = everybody?.integrations[0]?.options as { auth_password?: Secret } | undefined;
    expect(options?.auth_password?.reveal()).toBe('pa$$word-${not-a-reference}');
  });

  test('finds files where Alertmanager found them', async () => {
    const { loaded, directory } = await imported(await textOf('proxies.yml'));
    const [, token] = loaded.config?.receivers ?? [];
    expect(token?.integrations[0]?.options).toMatchObject({
      url_file: join(directory, 'secrets/token-url'),
    });
  });

  test('leaves out by line what it cannot do, and no more than belongs together', async () => {
    const { text, problems, loaded, routes, receivers } = await imported(`# ours
global: { opsgenie_api_key: secret-key-0123, resolve_timeout: 1m }
templates: ['*.tmpl']
route:
  receiver: chat
  routes:
    - { matchers: [a="1"], receiver: chat, labels: { x: y } }
    - { matchers: ['a=~"("'], receiver: pager }
    - { matchers: [a="2"], receiver: chat, mute_time_intervals: [odd] }
time_intervals:
  - { name: even, time_intervals: [{ months: [2] }] }
  - { name: odd, time_intervals: [{ months: [13] }] }
inhibit_rules:
  - { source_matchers: [a], target_matchers: [b="1"] }
  - { source_matchers: [a="1"], target_matchers: [b="1"] }
receivers:
  - name: chat
    discord_configs: [{ webhook_url: 'https://example.org/secret' }]
    webhook_configs: [{ url: 'http://127.0.0.1:1/' }, { max_alerts: 3 }]
  - name: pager
`);
    const places = problems.map((problem) => problem.split(': ').slice(0, 2).join(' '));
    expect(places).toEqual([
      'alertmanager.yml:2:11 global.opsgenie_api_key',
      'alertmanager.yml:3:1 templates',
      'alertmanager.yml:7:44 route.routes[0].labels',
      'alertmanager.yml:8:20 route.routes[1].matchers[0]',
      'alertmanager.yml:9:66 route.routes[2].mute_time_intervals[0]',
      'alertmanager.yml:12:46 time_intervals[1].time_intervals[0].months[0]',
      'alertmanager.yml:14:25 inhibit_rules[0].source_matchers[0]',
      'alertmanager.yml:18:5 receivers[0].discord_configs',
      'alertmanager.yml:19:55 receivers[0].webhook_configs[1]',
    ]);
    expect(problems.join()).not.toContain('secret');
    expect(text?.replaceAll(/(?<=[[{]) | (?=[\]}])/g, '')).toBe(`# ours
global: {resolve_timeout: 1m}
route:
  receiver: chat
  routes:
    - {matchers: [a="1"], receiver: chat}
time_intervals:
  - {name: even, time_intervals: [{months: [2]}]}
inhibit_rules:
  - {source_matchers: [a="1"], target_matchers: [b="1"]}
receivers:
  - name: chat
    webhook_configs: [{url: 'http://127.0.0.1:1/'}]
  - name: pager
`);
    expect(loaded.problems).toEqual([]);
    expect([routes, receivers]).toEqual([2, 2]);
  });

  test.each([
    ['route: {a: [', /^alertmanager\.yml:1:\d+: is no valid YAML/],
    ['receivers: [{ name: a }]', /the section route is missing/],
    ['route: { receiver: b }\nreceivers: [{ name: a }]', /there is no receiver "b"/],
    ['route: { receiver: a }\nroute: { receiver: a }', /the key route is doubled/],
    ['- a', /expected a map of sections such as route:, found a list/],
  ])('has nothing to write for %j', async (text, expected) => {
    const result = await imported(text);
    expect(result.text).toBeUndefined();
    expect(result.problems.join('\n')).toMatch(expected);
  });

  test('the command writes what can be read again, and says by its code whether it is all', async () => {
    const run = (name: string) => runCommand(['import', 'alertmanager', name], { cwd: folder });
    const whole = await run('hours.yml');
    expect(whole.code).toBe(0);
    expect(whole.stderr).toBe('tocsin: 4 routes, 2 receivers\n');
    const part = await run('everything.yml');
    expect(part.code).toBe(1);
    expect(part.stderr).toContain(`${folder}/everything.yml:7:1: templates: `);
    expect(part.stderr).toMatch(
      /tocsin: 4 routes, 4 receivers; what is named above was left out\n$/,
    );
    expect(await run('missing.yml')).toMatchObject({ code: 78, stdout: '' });
    for (const { stdout } of [whole, part]) {
      const other = await directoryWith({ 'agent.config.yaml': stdout });
      expect(await runCommand(['validate'], { cwd: other })).toMatchObject({ code: 0, stderr: '' });
    }
  });
});
