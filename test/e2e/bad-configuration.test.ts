import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { powerless, runTocsin } from '../support/agent.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Refusal {
  readonly code: number | null;
  /** What a person reads, without the name of the test's directory. */
  readonly lines: readonly string[];
}

/** What `tocsin validate` and `tocsin run` say of a file; both must say the same. */
async function refusal(content: string | Buffer): Promise<Refusal> {
  const directory = temporaryFolder();
  await writeFile(join(directory, 'agent.config.yaml'), content);
  const validated = await told(['validate'], directory);
  expect(await told(['run'], directory), 'run says what validate says').toEqual(validated);
  return validated;
}

async function told(args: readonly string[], directory: string, env = {}): Promise<Refusal> {
  const { code, stdout, stderr } = await runTocsin(args, { cwd: directory, env });
  expect(stdout).toBe('');
  return { code, lines: stderr.replaceAll(`${directory}/`, '').trimEnd().split('\n') };
}

const unusable = (...problems: string[]): Refusal => ({
  code: 78,
  lines: [
    ...problems,
    `tocsin: the configuration cannot be used: ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}`,
  ],
});

const web = '  - name: web\n    type: http\n    target: http://127.0.0.1/\n';

const refused: readonly (readonly [string, string | Buffer, ...string[]])[] = [
  [
    'an unknown key, with the one that was meant',
    `checks:\n${web}    intervall: 5s\n`,
    'agent.config.yaml:5:5: checks[0].intervall: unknown key "intervall", did you mean "interval"?',
  ],
  [
    'wrong types, all of them at once',
    `agent: { retention: soon }\nserver: 3\nchecks:\n${web}    interval: [1]\n`,
    'agent.config.yaml:1:21: agent.retention: expected a duration such as 30s, 2m or 1h30m, found "soon"',
    'agent.config.yaml:2:9: server: expected a map of settings of the server, found 3',
    'agent.config.yaml:7:15: checks[0].interval: expected a duration such as 30s, 2m or 1h30m, found a list',
  ],
  [
    'an unknown check type',
    'checks:\n  - name: web\n    type: htp\n',
    'agent.config.yaml:3:11: checks[0].type: unknown check type "htp", did you mean "http"?',
  ],
  [
    'an unknown receiver',
    'route: { receiver: oncal }\nreceivers:\n  - name: oncall\n',
    'agent.config.yaml:1:20: route.receiver: there is no receiver "oncal", did you mean "oncall"?',
  ],
  [
    'two checks of one name',
    `checks:\n${web}${web}`,
    'agent.config.yaml:5:11: checks[1].name: the name "web" is already taken on line 2',
  ],
  [
    'a doubled key',
    'agent: {}\nagent: {}\n',
    'agent.config.yaml:2:1: agent: the key agent is doubled, first on line 1',
  ],
  [
    'an empty file',
    '',
    'agent.config.yaml: is empty; write at least one section such as checks:, or remove the file',
  ],
  [
    'a file of comments only',
    '# later\n',
    'agent.config.yaml: is empty; write at least one section such as checks:, or remove the file',
  ],
  [
    'a binary file',
    Buffer.from('\x7fELF\x02\x01\x01\0\0\0', 'latin1'),
    'agent.config.yaml: is no text: line 1 holds a NUL byte',
  ],
  [
    'a text in another encoding',
    Buffer.from('agent:\n  name: M\xfcnchen\n', 'latin1'),
    'agent.config.yaml: is no UTF-8 text: line 2 holds other bytes',
  ],
  [
    'indentation by tabs',
    'checks:\n\t- a\n',
    'agent.config.yaml:2:1: is no valid YAML: tabs are not allowed as indentation',
  ],
  [
    'a variable of the environment that is not set',
    'notify:\n  slack: ${SLACK_WEBHOOK_URL}\n',
    'agent.config.yaml:2:10: notify.slack: the environment variable SLACK_WEBHOOK_URL is not set; set it or write ${SLACK_WEBHOOK_URL:-default}',
  ],
  [
    'a credential outside of systemd',
    'notify:\n  slack: ${credential:slack}\n',
    'agent.config.yaml:2:10: notify.slack: there is no credential slack: credentials/slack: no such file; put it into that file (mode 0600), or add LoadCredential=slack:/path to the unit',
  ],
  [
    'a secret file that is missing',
    'notify:\n  slack: ${file:/nowhere/slack}\n',
    'agent.config.yaml:2:10: notify.slack: /nowhere/slack: no such file',
  ],
  [
    'a secret file that is a device',
    'notify:\n  slack: ${file:/dev/zero}\n',
    'agent.config.yaml:2:10: notify.slack: /dev/zero: cannot be read (no regular file)',
  ],
];

describe('a configuration that cannot be used is refused with exit code 78', () => {
  test.for(refused)('for %s', async ([, content, ...problems]) => {
    expect(await refusal(content)).toEqual(unusable(...problems));
  });
});

test('a secret file that may not be read is refused, and who must be allowed is said', async () => {
  const directory = temporaryFolder();
  const secret = join(directory, 'slack');
  await writeFile(secret, 'https://hooks.example/services/T/B/X', { mode: 0o000 });
  await writeFile(join(directory, 'agent.config.yaml'), `notify:\n  slack: \${file:${secret}}\n`);
  await chmod(directory, 0o755);
  const { code, stderr } = await runTocsin(['validate'], { cwd: directory, ...powerless });
  expect(code).toBe(78);
  expect(stderr).toContain(
    `notify.slack: ${secret}: permission denied; the user who runs tocsin must be allowed to read it`,
  );
});

test('a file that -c or TOCSIN_CONFIG names and nobody has is refused, not replaced by defaults', async () => {
  const directory = temporaryFolder();
  const missing = unusable('nowhere.yaml: no such file');
  expect(await told(['validate', '-c', 'nowhere.yaml'], directory)).toEqual(missing);
  expect(await told(['run', '-c', 'nowhere.yaml'], directory)).toEqual(missing);
  expect(await told(['check', '-c', 'nowhere.yaml'], directory)).toEqual(missing);
  const named = { TOCSIN_CONFIG: 'nowhere.yaml' };
  expect(await told(['validate'], directory, named)).toEqual(missing);
});

test('a directory or a device in place of the file is refused', async () => {
  const directory = temporaryFolder();
  await mkdir(join(directory, 'folder'));
  expect(await told(['run', '-c', 'folder'], directory)).toEqual(
    unusable('folder: is a directory, expected a file'),
  );
  expect(await told(['run', '-c', '/dev/zero'], directory)).toEqual(
    unusable('/dev/zero: is a device, expected a file'),
  );
});

test('validate --json lists the problems for a machine', async () => {
  const directory = temporaryFolder();
  await writeFile(join(directory, 'agent.config.yaml'), 'agnt: {}\n');
  const { code, stdout } = await runTocsin(['validate', '--json'], { cwd: directory });
  expect(code).toBe(78);
  expect(JSON.parse(stdout)).toEqual({
    apiVersion: 1,
    ok: false,
    problems: [
      `${directory}/agent.config.yaml:1:1: agnt: unknown key "agnt", did you mean "agent"?`,
    ],
    warnings: [],
  });
});

test('what is wrong in a fragment is told with the name of the fragment', async () => {
  const directory = temporaryFolder();
  await mkdir(join(directory, 'conf.d'));
  await writeFile(join(directory, 'agent.config.yaml'), `checks:\n${web}`);
  await writeFile(join(directory, 'conf.d', 'more.yaml'), `checks:\n${web}agent: 1\n`);
  expect(await told(['validate'], directory)).toEqual(
    unusable(
      'conf.d/more.yaml:2:11: checks[0].name: the name "web" is already taken in agent.config.yaml:2',
      'conf.d/more.yaml:5:8: agent: expected a map of settings of the agent, found 1',
    ),
  );
});
