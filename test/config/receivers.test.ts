import { describe, expect, test } from 'vitest';
import type { HttpConfig } from '../../src/notify/http-config.ts';
import { tables } from '../../src/app/load.ts';
import type { Config } from '../../src/model/config.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';

const route = 'route: { receiver: team }\n';

async function load(text: string) {
  const directory = await directoryWith({ 'agent.config.yaml': text });
  return loadDirectory(directory, { tables });
}

async function configOf(text: string): Promise<Config> {
  const { config, problems } = await load(text);
  if (config === undefined) throw new Error(problems.join('\n'));
  return config;
}

/** Line and message of each problem. */
async function problemsOf(text: string): Promise<(readonly [number, string])[]> {
  const { problems } = await load(text);
  return problems.map((problem) => {
    const [, line, message = ''] = /^[^:]+:(\d+):\d+: [^:]+: (.*)$/.exec(problem) ?? [];
    return [Number(line), message];
  });
}

describe('http_config', () => {
  test('of global holds for every block that has none, and is not mixed with one that has', async () => {
    const { receivers } = await configOf(`${route}
global: { http_config: { proxy_url: 'http://proxy.example:3128', follow_redirects: false } }
receivers:
  - name: team
    slack_configs: [{ api_url: 'https://hooks.example/a' }]
    pagerduty_configs: [{ routing_key: key }]
    webhook_configs:
      - { url: 'https://hooks.example/b' }
      - { url: 'https://hooks.example/c', http_config: { enable_http2: false } }
`);
    const configs = receivers[0]?.integrations.map(
      ({ options }) => (options as { readonly http_config: HttpConfig }).http_config,
    );
    expect(configs?.map((http) => [http.proxy_url?.reveal(), http.follow_redirects])).toEqual([
      ['http://proxy.example:3128', false],
      ['http://proxy.example:3128', false],
      ['http://proxy.example:3128', false],
      [undefined, true],
    ]);
  });

  test.for([
    [
      '{ http_headers: { X-Team: { values: [ops] } } }',
      'http_headers is not supported by this version',
    ],
    [
      '{ basic_auth: { username: me }, bearer_token: t0ken }',
      'expected at most one of basic_auth, authorization, oauth2, bearer_token and bearer_token_file, found a map',
    ],
    [
      '{ proxy_url: "socks5://proxy:1080" }',
      'expected the URL of a proxy, http:// or https:// (SOCKS is not supported), found "<secret>"',
    ],
    ['{ no_proxy: "10.0.0.0/8" }', 'expected no_proxy together with proxy_url, found a map'],
    ['{ tls_config: { ca: a, ca_file: b } }', 'expected either ca or ca_file, found a map'],
    [
      '{ follow_redirect: true }',
      'unknown key "follow_redirect", did you mean "follow_redirects"?',
    ],
  ])('%s is refused by line', async ([block, message]) => {
    const problems = await problemsOf(`${route}receivers:
  - name: team
    webhook_configs:
      - url: https://hooks.example/b
        http_config: ${block}
`);
    expect(problems).toEqual([[6, message]]);
  });

  test('a timeout that no attempt has is refused', async () => {
    const problems = await problemsOf(`${route}receivers:
  - { name: team, slack_configs: [{ api_url: 'https://hooks.example/a', timeout: 30s }] }
`);
    const message =
      'expected at most 10s: an attempt that takes longer is given up and repeated, found "30s"';
    expect(problems).toEqual([[3, message]]);
  });
});
