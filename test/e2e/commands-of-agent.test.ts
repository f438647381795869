import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { reaches, receiverOf, runsAgain } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { normalised } from '../support/normalised.ts';
import { startSlackServer, type SlackServer } from '../support/slack-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { executable } from '../support/tocsin.ts';

/** Commands that ask a running agent, which has one check that fails and one that does not. */
const open = new AsyncDisposableStack();
let agent: TestAgent;
let slack: SlackServer;

beforeAll(async () => {
  slack = open.use(await startSlackServer());
  const checks = [
    { name: 'fine', type: 'command', command: ['/bin/echo', 'all is well'] },
    { name: 'broken', type: 'command', command: ['/bin/sh', '-c', 'echo "broken pipe"; exit 2'] },
  ];
  const team = { slack_configs: [{ api_url: slack.url }] };
  agent = open.use(await startAgent({ config: teamConfig(checks, team) }));
  await reaches(agent, 'broken', 'firing');
  const isTold = async (): Promise<boolean> =>
    (await receiverOf(agent, 'team')).lastSuccessAt !== null;
  await eventually(isTold, 'Slack is told');
  await runsAgain(agent, 'broken', 1);
});

afterAll(() => open.disposeAsync());

describe('status', () => {
  test('shows checks, worst first, and receivers', async () => {
    const { code, stdout } = await agent.cli('status');
    expect(code).toBe(2);
    expect(normalised(stdout)).toMatchInlineSnapshot(`
      "web-1: tocsin 0.1.0, up <time>

      critical  broken  firing <time>  broken pipe
      ok  fine  all is well
      ok  tocsin  the agent is sound: runs start <time> late at most

      to team  slack  last delivered <time> ago
      "
    `);
  });

  test('gives JSON to programs', async () => {
    const { stdout } = await agent.cli('status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ apiVersion: 1, agent: { name: 'web-1' } });
  });

  test('is in colour on a terminal, but not under NO_COLOR', ({ skip }) => {
    const { error } = spawnSync('script', ['--version'], { stdio: 'ignore' });
    skip(error !== undefined, 'the program script is missing');
    const onTerminal = (extra: Record<string, string>): string =>
      spawnSync(
        'script',
        ['-qec', `"${executable}" status -c "${agent.configFile}"`, '/dev/null'],
        {
          encoding: 'utf8',
          env: { PATH: process.env['PATH'] ?? '', HOME: agent.directory, ...extra },
        },
      ).stdout;
    expect(onTerminal({})).toContain('\u001b[31mcritical\u001b[0m');
    const plain = onTerminal({ NO_COLOR: '1' });
    expect(plain).toContain('critical');
    expect(plain).not.toContain('\u001b[');
  });
});

describe('why', () => {
  test('tells what happened, what was sent, and what comes next', async () => {
    const { code, stdout } = await agent.cli('why', 'broken');
    expect(code).toBe(2);
    const lines = normalised(stdout)
      .replaceAll(/\d+ (failures|runs|missed)/g, '<n> $1')
      .replaceAll(/\b[0-9a-f]{16}\b/g, '<fingerprint>')
      .split('\n');
    // One line stands for all results that read the same.
    expect([...new Set(lines)].join('\n')).toMatchInlineSnapshot(`
      "broken (command /bin/sh): firing since <date>
        broken pipe
        rule: firing: still failing
        counts: <n> failures and 0 successes in a row, <n> runs, <n> missed
      alert broken critical <fingerprint> since <date>
        told to: team
      last results
        <date>  critical  <time>  broken pipe
      sent
        <date> firing to team (slack): first notification, delivered
          attempt 1 <date> delivered: ok
      next
        run: <date>
        <date>  reminder to team  if nothing changes
      "
    `);
  });

  test('knows a name that the agent does not have for a slip', async () => {
    const { code, stderr } = await agent.cli('why', 'brokn');
    expect({ code, stderr }).toMatchInlineSnapshot(`
      {
        "code": 64,
        "stderr": "tocsin: the agent knows no check and no alert called brokn; it has fine, broken, tocsin
      ",
      }
    `);
  });
});

describe('notify test', () => {
  test('sends a marked message through the real path and prints the answer', async () => {
    const before = slack.messages().length;
    const { code, stdout } = await agent.cli('notify', 'test', 'team');
    expect({ code, stdout }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stdout": "delivered  team  slack  ok
      ",
      }
    `);
    expect(slack.messages()).toHaveLength(before + 1);
    expect(slack.messages().at(-1)?.text).toMatchInlineSnapshot(
      `"TEST, nothing is wrong: tocsin on web-1 reaches you"`,
    );
  });

  test('says what the receiver refused, and exits with 2', async () => {
    slack.script({ status: 403, body: 'invalid_token' });
    const { code, stdout } = await agent.cli('notify', 'test');
    expect({ code, stdout }).toMatchInlineSnapshot(`
      {
        "code": 2,
        "stdout": "permanent  team  slack  HTTP 403: invalid_token
      ",
      }
    `);
  });

  test('knows a name that is no receiver for a slip', async () => {
    const { code, stderr } = await agent.cli('notify', 'test', 'nobody');
    expect({ code, stderr }).toMatchInlineSnapshot(`
      {
        "code": 64,
        "stderr": "tocsin: no receiver called nobody; there are team
      ",
      }
    `);
  });
});
