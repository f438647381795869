import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runCommand } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '..', '..');
const examples = globSync('docs/scenarios/*.yaml', { cwd: root });

const config = {
  agent: { name: 'web-1' },
  checks: [
    {
      name: 'gateway',
      type: 'tcp',
      target: '127.0.0.1:1',
      interval: '30s',
      debounce: { fail_after: 2 },
    },
  ],
  route: { receiver: 'team', group_by: ['host'], group_wait: '10s', group_interval: '1m' },
  receivers: [{ name: 'team', webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }],
};

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

async function play(content: string | object, ...args: string[]) {
  const text = typeof content === 'string' ? content : stringify(content);
  await writeFile(join(folder, 's.yaml'), text);
  const said = await runCommand(['test', ...args, 's.yaml'], { cwd: folder });
  return { ...said, stderr: said.stderr.replaceAll(`${folder}/`, '') };
}

function scenario(results: unknown, expect: unknown, more: object = {}): object {
  return { config, scenarios: [{ name: 'story', results, expect, ...more }] };
}

describe('the scenarios of the documentation', () => {
  test.each(examples)('%s goes as it says', async (file) => {
    const { code, stdout, stderr } = await runCommand(['test', file], { cwd: root });
    expect(stderr).toBe('');
    expect(stdout).toContain('all as expected');
    expect(code).toBe(0);
  });

  test('there are some', () => expect(examples.length).toBeGreaterThan(0));
});

describe('a scenario that goes otherwise', () => {
  test('ends with 1 and says what was missing, what was told instead, and when', async () => {
    const told = [{ at: '1m', receiver: 'team', status: 'firing', alerts: ['gateway'] }];
    const { code, stdout } = await play(
      scenario(
        { gateway: 'ok critical*3' },
        { notifications: told, phases: [{ at: '30s', check: 'gateway', phase: 'firing' }] },
      ),
    );
    expect(code).toBe(1);
    expect(stdout.replaceAll(`${folder}/`, '')).toMatchInlineSnapshot(`
      "s.yaml
        FAIL story (s.yaml:22)
               at 30s gateway is pending, expected firing (s.yaml:33)
               missing:    1m team firing gateway (s.yaml:27)
                 nearest:  1m10s team firing gateway because first notification; differs in at
               unexpected: 1m10s team firing gateway because first notification
             told in all:
               1m10s team firing gateway because first notification
      1 scenario, 1 not as expected
      "
    `);
  });

  test('says the same as JSON', async () => {
    const { code, stdout } = await play(
      scenario({ gateway: 'critical*2' }, { notifications: [] }),
      '--json',
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 1,
      scenarios: [
        expect.objectContaining({
          name: 'story',
          passed: false,
          differences: [{ kind: 'unexpected', told: expect.objectContaining({ atMs: 40_000 }) }],
        }),
      ],
    });
  });

  test('no message is expected twice by one that came once', async () => {
    const one = { status: 'firing' };
    const { code } = await play(scenario({ gateway: 'critical*2' }, { notifications: [one, one] }));
    expect(code).toBe(1);
  });
});

describe('what is played', () => {
  test('runs follow sooner while undecided, as the agent runs them', async () => {
    const debounce = { fail_after: 3, retry_interval: '5s' };
    const quick = { ...config, checks: [{ ...config.checks[0], debounce }] };
    const { code, stdout } = await play({
      config: quick,
      scenarios: [
        {
          name: 'story',
          results: { gateway: 'ok critical' },
          expect: { notifications: [{ at: '50s' }] },
        },
      ],
    });
    expect(stdout).toContain('all as expected');
    expect(code).toBe(0);
  });

  test('a time puts results where they belong, and _ is a run that says nothing', async () => {
    const { stdout } = await play(
      scenario(
        { gateway: 'ok 10m:critical _*9 critical ok' },
        { notifications: [{ at: '15m10s' }, { status: 'resolved' }] },
        { for: '20m' },
      ),
    );
    expect(stdout).toContain('all as expected');
  });

  test('a reload changes the configuration in the middle', async () => {
    const slower = { ...config, route: { ...config.route, repeat_interval: '10m' } };
    const { stdout } = await play(
      scenario(
        { gateway: 'critical' },
        {
          notifications: [
            { at: '40s', reason: 'first notification' },
            { reason: 'repeat interval elapsed' },
            { reason: 'repeat interval elapsed' },
          ],
        },
        { for: '25m', events: [{ at: '2m', reload: slower }] },
      ),
    );
    expect(stdout).toContain('all as expected');
  });

  test('a configuration is found beside the file, with the variables it needs', async () => {
    const receivers = [{ name: 'team', webhook_configs: [{ url: '${HOOK}' }] }];
    await writeFile(join(folder, 'agent.config.yaml'), stringify({ ...config, receivers }));
    const { code } = await play({
      config: 'agent.config.yaml',
      environment: { HOOK: 'http://127.0.0.1:9/' },
      scenarios: [{ name: 's', results: { gateway: 'ok' }, expect: { notifications: [] } }],
    });
    expect(code).toBe(0);
  });
});

describe('a file that cannot be played', () => {
  test('ends with 78 and every problem with line, column and what would be right', async () => {
    const { code, stderr } = await play(`config:
  checks:
    - { name: gateway, type: tcp, target: "127.0.0.1:1", intervall: 30s }
scenarios:
  - name: story
    results: { gateway: ok }
    expect: { notifications: [] }
`);
    expect(code).toBe(78);
    expect(stderr).toMatchInlineSnapshot(`
      "s.yaml:3:58: config.checks[0].intervall: unknown key "intervall", did you mean "interval"?
      tocsin: the scenarios cannot be played: 1 problem
      "
    `);
  });

  test('names what is wrong in scenarios', async () => {
    const { code, stderr } = await play(
      `config:\n${stringify(config).replaceAll(/^/gm, '  ')}
scenarios:
  - name: story
    results:
      gatway: ok
      gateway: ok*2 broken*3
    events:
      - { at: 5m }
      - { at: 5m, silence: { matchers: ['alertname=~"("'], for: 1h } }
      - { at: soon, acknowledge: gateway }
    expect:
      notifications:
        - { at: 1m, receiver: tim, reason: because }
      phases:
        - { at: 1m, check: gate, phase: firing }
  - name: again
    results: { gateway: [ok*10, 1m:critical, "10m:ok*x"] }
`.replaceAll(/^ +\n/gm, ''),
    );
    expect(code).toBe(78);
    expect(stderr).toMatchInlineSnapshot(`
      "s.yaml:24:7: scenarios[0].results.gatway: the configuration has no check "gatway", did you mean "gateway"?
      s.yaml:25:16: scenarios[0].results.gateway: expected results such as "ok*5 critical*3 10m:ok _*2", found "broken*3": a result is ok, warning, critical, unknown or _
      s.yaml:27:9: scenarios[0].events[0]: expected one of silence, acknowledge, post and reload, found none of them
      s.yaml:28:41: scenarios[0].events[1].silence.matchers[0]: the matcher "alertname=~\\"(\\"" cannot be used: "(" is no valid regular expression (missing closing ))
      s.yaml:29:15: scenarios[0].events[2].at: expected a duration such as 30s, 2m or 1h30m, found "soon"
      s.yaml:32:31: scenarios[0].expect.notifications[0].receiver: the configuration has no receiver "tim", expected team
      s.yaml:32:44: scenarios[0].expect.notifications[0].reason: expected first notification, new alerts added, all alerts resolved, some alerts resolved, repeat interval elapsed, acknowledged, escalated, report or test, found "because"
      s.yaml:34:28: scenarios[0].expect.phases[0].check: the configuration has no check "gate", expected gateway or tocsin
      s.yaml:35:5: scenarios[1]: the key expect is missing: what ought to be told, or phases
      s.yaml:36:25: scenarios[1].results.gateway: the result at 60s comes after one at 270s
      s.yaml:36:46: scenarios[1].results.gateway[2]: expected a number from 1 to 100000 after * in "10m:ok*x"
      tocsin: the scenarios cannot be played: 11 problems
      "
    `);
  });

  test('is told when it is missing, and a call without a file is a wrong call', async () => {
    const missing = await runCommand(['test', 'nowhere.yaml'], { cwd: folder });
    expect(missing.code).toBe(78);
    expect(missing.stderr).toContain('nowhere.yaml: no such file');
    expect((await runCommand(['test'], { cwd: folder })).code).toBe(64);
  });
});
