import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { directoryWith } from '../support/config.ts';
import { normalised } from '../support/normalised.ts';
import { startService, type Service } from '../support/service.ts';
import { runTocsin, type Output } from '../support/tocsin.ts';

/** Commands that need no running agent. */
let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service[Symbol.asyncDispose]());

function plugin(name: string, code: number, says: string): object {
  return { name, type: 'command', command: ['/bin/sh', '-c', `echo '${says}'; exit ${code}`] };
}

/** Runs a command in a directory with this configuration. */
async function run(
  words: readonly string[],
  config: object | string = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Output> {
  const text = typeof config === 'string' ? config : stringify(config);
  const cwd = await directoryWith({ 'agent.config.yaml': text });
  const output = await runTocsin(words, { cwd, env });
  const short = (said: string): string => normalised(said.replaceAll(`${cwd}/`, ''));
  return { ...output, stdout: short(output.stdout), stderr: short(output.stderr) };
}

test('version says which one it is, to people and to programs', async () => {
  expect((await run(['version'])).stdout).toMatch(/^tocsin \d+\.\d+\.\d+ \(node 24\.\d+\.\d+\)\n$/);
  expect(JSON.parse((await run(['version', '--json'])).stdout)).toEqual({
    apiVersion: 1,
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    node: expect.stringMatching(/^24\./),
  });
});

test('help lists every command', async () => {
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "tocsin 0.1.0: watches this host and tells people when something broke

      run  the agent, in the foreground; SIGTERM drains, SIGHUP reloads
      init  looks at this host and writes a configuration for what it finds
      check  runs checks once, a line each, worst first
      validate  reads the configuration and lists every problem
      reload  the running agent takes its configuration anew, or tells every problem and goes on as it was
      status  checks, alerts, receivers and outbox of the running agent
      healthcheck  whether the agent lives, whatever its checks found: for containers
      doctor  what is wrong with tocsin itself, and what to do about it
      grants  the rights beyond its sandbox that the checks of a configuration need
      why  what happened to a check or an alert, what was sent or kept back, and what comes next
      alerts  what fires, and what is kept back and why
      ack  takes on a firing alert: no more reminders and no escalation
      silence add  keeps alerts from being told for a time, or around a command
      silence list  silences that are pending or active
      silence expire  ends silences now
      notify test  sends a marked test to a receiver, or to all, and prints the answer
      routes show  prints route and receivers in the long form
      routes test  prints the receivers an alert with these labels would reach
      test  plays scenarios: results over time in, expected notifications out
      replay  recorded results through another configuration, beside what was sent
      watchdog  runs a service under Type=notify and WatchdogSec= that knows nothing of systemd
      import blackbox  writes the modules of a blackbox.yml as a section of the configuration
      import alertmanager  writes an alertmanager.yml as sections of the configuration
      schema  prints the JSON Schema of the configuration file
      completions  prints what a shell needs to complete these commands
      version  prints the version

    "tocsin COMMAND --help" says more about one.
    "
  `);
});

test('schema prints a whole JSON Schema into a pipe', async () => {
  const { code, stdout } = await run(['schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ properties: { checks: {}, notify: {}, route: {} } });
});

describe('validate', () => {
  test('says that all is well', async () => {
    const { code, stdout } = await run(['validate'], { checks: ['https://example.com/'] });
    expect({ code, stdout }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stdout": "agent.config.yaml: 2 checks, 1 receiver, no problems
      ",
      }
    `);
  });

  test('names every problem by line, and exits with 78', async () => {
    const config = ['checks:', '  - {name: a, type: htpp}', '  - {name: a, type: tcp, port: 80}'];
    const { code, stdout, stderr } = await run(['validate'], config.join('\n'));
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatchInlineSnapshot(`
      "agent.config.yaml:2:21: checks[0].type: unknown check type "htpp", did you mean "http"?
      agent.config.yaml:3:5: checks[1].target: the key target is missing
      agent.config.yaml:3:12: checks[1].name: the name "a" is already taken on line 2
      agent.config.yaml:3:26: checks[1].port: unknown key "port", expected name, type, interval, schedule, tz, timeout, start_period, severity, labels, annotations, depends_on, expect, outside, debounce, enabled, target, latency, certificate or tcp
      tocsin: the configuration cannot be used: 4 problems
      "
    `);
    const { stdout: json } = await run(['validate', '--json'], config.join('\n'));
    expect(JSON.parse(json)).toMatchObject({ apiVersion: 1, ok: false });
  });
});

describe('check', () => {
  const config = {
    checks: [
      plugin('fine', 0, 'all is well'),
      plugin('full', 1, 'nearly full | used=91%;90;95'),
      plugin('broken', 2, 'broken pipe'),
      plugin('odd', 3, 'cannot look'),
    ],
  };

  test('prints a line each, worst first', async () => {
    const { code, stdout } = await run(['check'], config);
    expect(code).toBe(2);
    expect(stdout).toMatchInlineSnapshot(`
      "critical  broken  <time>  broken pipe
      warning  full  <time>  nearly full
      unknown  odd  <time>  cannot look
      ok  fine  <time>  all is well
      "
    `);
  });

  test.each([
    ['fine', 0],
    ['full', 1],
    ['broken', 2],
    ['odd', 3],
  ])('exits for %s with %d', async (name, code) => {
    expect((await run(['check', name], config)).code).toBe(code);
  });

  test('prints JSON for programs', async () => {
    const { stdout } = await run(['check', '--json', 'full'], config);
    expect(JSON.parse(stdout)).toMatchObject({
      apiVersion: 1,
      results: [
        {
          check: 'full',
          status: 'warning',
          reason: 'command',
          summary: 'nearly full',
          values: [{ metric: 'used', value: 91, unit: '%', warning: '90', critical: '95' }],
        },
      ],
    });
  });

  test('shows phases, log and effective options when asked to', async () => {
    const { stdout } = await run(['check', '--verbose'], {
      checks: [{ name: 'gateway', type: 'http', target: service.url }],
    });
    expect(stdout).toMatch(
      /^gateway: ok\n {2}HTTP 200 from http:\/\/<address>\/health in <time>\n/,
    );
    expect(stdout).toMatch(/^ {2}took <time>: .*connect <time>.*$/m);
    expect(stdout).toMatch(/^ {2}\| connected to <address>$/m);
    expect(stdout).toMatch(/^ {4}timeoutMs: 10000$/m);
  });

  test('knows a name that nobody configured for a slip', async () => {
    expect(await run(['check', 'tocsin'], config)).toMatchObject({ code: 64 });
    const { code, stderr } = await run(['check', 'fin'], config);
    expect({ code, stderr }).toMatchInlineSnapshot(`
      {
        "code": 64,
        "stderr": "tocsin: no check named fin to run; there are fine, full, broken, odd
      usage: tocsin check [-c FILE] [--verbose] [--json] [CHECK…]
      ",
      }
    `);
  });
});

describe('routes', () => {
  const config = {
    notify: {
      slack: 'http://127.0.0.1:9/services/T0/B0/abcdefgh',
      pagerduty: 'R0123456789012345678901234567890',
    },
  };

  test('test prints who would be told', async () => {
    const ask = (...labels: string[]) => run(['routes', 'test', ...labels], config);
    expect(await ask('severity=critical')).toMatchObject({
      code: 0,
      stdout: 'pagerduty,default\n',
    });
    expect(await ask('severity="warning"', 'env=test')).toMatchObject({ stdout: 'default\n' });
    expect(await ask('severity')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('"severity" is not label=value'),
    });
  });

  test('show prints the long form, without secrets', async () => {
    const { code, stdout } = await run(['routes', 'show'], config);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "route:
        receiver: default
        group_by:
          - host
        group_wait: <time>
        group_interval: <time>
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
            - api_url: <secret>
              send_resolved: true
        - name: pagerduty
          pagerduty_configs:
            - routing_key: <secret>
              send_resolved: true
              incident: alert
      "
    `);
  });
});

test.each([
  [['frobnicate'], 'no command "frobnicate"'],
  [['check', '--frob'], "Unknown option '--frob'"],
  [['why'], 'the name of a check or an alert is missing'],
  [['run', '--log-level', 'loud'], '--log-level is one of error, warn, info, debug'],
  [[], ''],
])('a wrong call such as %j exits with 64', async (words, says) => {
  const { code, stderr } = await run(words);
  expect(code).toBe(64);
  expect(stderr).toContain(says);
});

test.each([[['status']], [['why', 'tocsin']], [['notify', 'test']]])(
  '%j exits with 69 when the agent is not running',
  async (words) => {
    const { code, stderr } = await run(words, {
      agent: { data_dir: './state' },
      server: { listen: '127.0.0.1:9' },
    });
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /^tocsin: the agent is not running: nobody answers at \S+ or <address>\n$/,
    );
  },
);

test('a broken configuration stops every command that reads it, with 78', async () => {
  for (const words of [['run'], ['check'], ['status'], ['why', 'a'], ['routes', 'show']]) {
    const { code, stderr } = await run(words, 'cheks: []\n');
    expect(code, words.join(' ')).toBe(78);
    expect(stderr).toContain('agent.config.yaml:1:1: ');
  }
});
