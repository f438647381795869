import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/model/config.ts';
import type { Secret } from '../../src/model/secret.ts';
import { configOf, directoryWith, loadDirectory, problemsOf } from '../support/config.ts';

const http = (keys: string): string => `checks: [{ type: http, target: x, http: { ${keys} } }]\n`;

interface HttpOptions {
  readonly target: string;
  readonly http: {
    readonly bearer_token: Secret;
    readonly headers: Record<string, string>;
    readonly valid_status_codes: readonly number[];
  };
}

const optionsOf = (config: Config | undefined): HttpOptions =>
  config?.checks[0]?.options as HttpOptions;

const revealed = (config: Config): string[] => config.secrets.map((secret) => secret.reveal());

describe('a reference', () => {
  test('is replaced inside a text, as often as it is there', async () => {
    const text = http(
      'headers: { a: "x ${ONE} y ${TWO:-two} z ${ONE}", b: "${EMPTY:-fallback}", c: "${EMPTY}" }',
    );
    const config = await configOf(text, { ONE: '1', EMPTY: '' });
    expect(optionsOf(config).http.headers).toEqual({ a: 'x 1 y two z 1', b: 'fallback', c: '' });
  });

  test('is not seen in a doubled dollar, nor in a lone one', async () => {
    const config = await configOf(http('headers: { a: "$${ONE} $$ $x ^y$" }'));
    expect(optionsOf(config).http.headers).toEqual({ a: '${ONE} $ $x ^y$' });
  });

  test('is read as a number where only a number fits', async () => {
    const config = await configOf(http('valid_status_codes: ["${CODE}"]'), { CODE: '204' });
    expect(optionsOf(config).http.valid_status_codes).toEqual([204]);
  });

  test('to a file gives its content without the last newline, again at each reveal', async () => {
    const directory = await directoryWith({ token: 'first secret\n' });
    const file = join(directory, 'token');
    await writeFile(join(directory, 'agent.config.yaml'), http(`bearer_token: "\${file:${file}}"`));
    const { config } = await loadDirectory(directory);
    const token = optionsOf(config).http.bearer_token;
    expect(token.reveal()).toBe('first secret');
    expect(token.reference).toBe(`\${file:${file}}`);
    await writeFile(file, 'second secret\r\n');
    expect(token.reveal()).toBe('second secret');
    expect(config?.secrets.map((secret) => secret.reveal())).toContain('second secret');
  });

  test('to a credential reads what systemd laid down', async () => {
    const directory = await directoryWith({
      'credentials/slack': 'https://example.com/hook',
      'agent.config.yaml': 'notify: { slack: "${credential:slack}" }',
    });
    const environment = { CREDENTIALS_DIRECTORY: join(directory, 'credentials') };
    const { config } = await loadDirectory(directory, { environment });
    const options = config?.receivers[0]?.integrations[0]?.options as { api_url: Secret };
    expect(options.api_url.reveal()).toBe('https://example.com/hook');
  });

  test('to a credential reads the folder beside the configuration where systemd laid none down', async () => {
    const directory = await directoryWith({
      'credentials/slack': 'https://example.com/hook',
      'agent.config.yaml': 'notify: { slack: "${credential:slack}" }',
    });
    const { config } = await loadDirectory(directory, { environment: {} });
    const options = config?.receivers[0]?.integrations[0]?.options as { api_url: Secret };
    expect(options.api_url.reveal()).toBe('https://example.com/hook');
  });

  test('to the environment is read at load and kept', async () => {
    const environment: Record<string, string> = { TOKEN: 'abcdef' };
    const config = await configOf(http('bearer_token: "${TOKEN}"'), environment);
    environment['TOKEN'] = 'changed';
    expect(optionsOf(config).http.bearer_token.reveal()).toBe('abcdef');
  });
});

describe('a reference that leads nowhere', () => {
  test('is told with what to do', async () => {
    const directory = await directoryWith({
      'credentials/other': '',
      folder: '',
      'agent.config.yaml': [
        'checks:',
        '  - type: http',
        '    target: ${NOPE}',
        '    http:',
        '      bearer_token: "${file:/nowhere/token}"',
        '      headers:',
        '        a: "${credential:slack}"',
        '        b: "${bad-name}"',
        '        c: "${open"',
        '        d: "${file:relative}"',
        '        e: "${A:-${B}}"',
        '        f: "${file:/dev}"',
      ].join('\n'),
    });
    const forms =
      '${ENV_NAME}, ${ENV_NAME:-default}, ${file:/path} or ${credential:NAME}, and $${ for a literal ${';
    const credentials = join(directory, 'credentials');
    const environment = { CREDENTIALS_DIRECTORY: credentials };
    expect((await loadDirectory(directory, { environment })).problems).toEqual(
      [
        '3:13: checks[0].target: the environment variable NOPE is not set; set it or write ${NOPE:-default}',
        '5:21: checks[0].http.bearer_token: /nowhere/token: no such file',
        '7:12: checks[0].http.headers.a: credentials/slack: no such file',
        `8:12: checks[0].http.headers.b: \${bad-name} is no reference; expected ${forms}`,
        `9:12: checks[0].http.headers.c: \${open is no reference; expected ${forms}`,
        '10:12: checks[0].http.headers.d: the path in ${file:relative} must start with /',
        `11:12: checks[0].http.headers.e: \${A:-\${B} is no reference; expected ${forms}`,
        '12:12: checks[0].http.headers.f: /dev: cannot be read (no regular file)',
      ].map((problem) => `agent.config.yaml:${problem}`),
    );
  });

  test('to a credential outside of systemd says how to give one', async () => {
    expect(await problemsOf('notify: { slack: "${credential:slack}" }')).toEqual([
      '1:18: notify.slack: there is no credential slack: credentials/slack: no such file; put it into that file (mode 0600), or add LoadCredential=slack:/path to the unit',
    ]);
  });
});

const text = `
agent: { heartbeat: { url: "\${BEAT_URL}" } }
notify:
  slack: https://hooks.example.com/literal-hook
  pagerduty: 0123456789
checks:
  - https://user:url-password@example.com/
  - type: http
    target: x
    http: { bearer_token: "Bearer \${PART}", headers: { h: "\${API_TOKEN} \${PLAIN}" } }
  - { type: heartbeat, every: 1h, token: literal-token, enabled: false }
`;
const environment = {
  BEAT_URL: 'https://beat.example.com/id',
  PART: 'part-of-it',
  API_TOKEN: 'api-token-value',
  PLAIN: 'plain-value',
};
const values = [
  'https://beat.example.com/id',
  'https://hooks.example.com/literal-hook',
  '0123456789',
  'url-password',
  'Bearer part-of-it',
  'api-token-value',
  'literal-token',
];

test('a secret is known to whoever searches output for secrets', async () => {
  const config = await configOf(text, environment);
  expect(revealed(config).toSorted()).toEqual(values.toSorted());
});

test('a secret is nowhere in the configuration as it can be printed', async () => {
  const { secrets, checks, ...config } = await configOf(text, environment);
  const specs = checks.map((check) => ({ ...check, options: undefined }));
  const printed = [
    JSON.stringify([config, specs]),
    inspect([config, specs, secrets], { depth: 20 }),
  ];
  for (const value of values) for (const output of printed) expect(output).not.toContain(value);
});

test('a secret is masked in the YAML for /config, where references stay as written', async () => {
  const { masked } = await configOf(text, environment);
  expect(masked).toBe(`agent:
  heartbeat:
    url: \${BEAT_URL}
notify:
  slack: <secret>
  pagerduty: <secret>
checks:
  - https://user:xxxxx@example.com/
  - type: http
    target: x
    http:
      bearer_token: <secret>
      headers:
        h: \${API_TOKEN} \${PLAIN}
  - type: heartbeat
    every: 1h
    token: <secret>
    enabled: false
`);
});

test('a secret is never in a problem, be it literal or referred to', async () => {
  const problems = await problemsOf(
    [
      'notify:',
      '  slack: { api_url: [literal-one], channel: { literal: two } }',
      '  pagerduty: ""',
      'checks:',
      '  - { type: http, target: x, interval: "${API_TOKEN}" }',
      '  - { type: http, target: x, interval: "https://u:literal-three@x" }',
      '  - { type: cpu, depends_on: ["a ${API_TOKEN}"] }',
    ].join('\n'),
    { API_TOKEN: 'api-token-value' },
  );
  expect(problems).toEqual([
    '2:21: notify.slack.api_url: expected a text, best written as ${ENV_NAME} or ${file:/path}, found a list',
    '2:45: notify.slack.channel: expected a text, found a map',
    '3:14: notify.pagerduty: expected a text that is not empty, found an empty one',
    '5:40: checks[0].interval: expected a duration such as 30s, 2m or 1h30m, found "${API_TOKEN}"',
    '6:40: checks[1].interval: expected a duration such as 30s, 2m or 1h30m, found "https://u:xxxxx@x"',
    '7:5: checks[2]: there is no check "a <secret>"',
  ]);
});

test('a secret of nothing but digits keeps its leading zero', async () => {
  const config = await configOf('notify: { pagerduty: 0012 }');
  expect(revealed(config)).toEqual(['0012']);
});
