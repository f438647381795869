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

describe('alertmanager_configs', () => {
  test('of a pair are two receivers, each told on its own', async () => {
    const config = await configOf(`${route}receivers:
  - name: team
    alertmanager_configs:
      - { urls: ['http://a:9093', 'http://user:open-sesame@b:9093'], timeout: 3s }
      - { static_configs: [{ targets: ['c:9093'] }], send_resolved: false }
`);
    expect(
      config.receivers[0]?.integrations.map(({ integration, index, sendResolved, options }) => {
        const { urls, timeout } = options as { urls: { reveal(): string }[]; timeout?: number };
        return [integration, index, sendResolved, urls.map((url) => url.reveal()), timeout];
      }),
    ).toEqual([
      ['alertmanager', 0, true, ['http://a:9093'], 3000],
      ['alertmanager', 1, true, ['http://user:open-sesame@b:9093'], 3000],
      ['alertmanager', 2, false, ['http://c:9093'], undefined],
    ]);
    expect(config.masked + config.longForm).not.toContain('open-sesame');
  });

  test('have a short form', async () => {
    for (const written of ['http://a:9093', '[http://a:9093]', '{ urls: http://a:9093 }']) {
      const { receivers } = await configOf(`notify: { alertmanager: ${written} }`);
      expect(receivers).toMatchObject([
        { name: 'default', integrations: [{ integration: 'alertmanager', refreshMs: 300_000 }] },
      ]);
    }
  });

  test.for([
    ['{}', /^exactly one of urls and static_configs/],
    ['{ urls: ["some-host:9093"] }', /^expected the base URL of an Alertmanager/],
    ['{ urls: [] }', /^expected the base URL of an Alertmanager/],
    ['{ static_configs: [{ targets: ["http://a"] }] }', /^expected a target of host and port/],
    ['{ static_configs: [{ targets: [a], labels: { a: b } }] }', /^labels is not supported/],
    ['{ kubernetes_sd_configs: [] }', /^unknown key "kubernetes_sd_configs"/],
  ] as const)('%s is refused by line', async ([block, message]) => {
    const problems = await problemsOf(`${route}receivers:
  - name: team
    alertmanager_configs:
      - ${block}
`);
    expect(problems).toMatchObject([[5, expect.stringMatching(message)]]);
  });
});

describe('slack_configs', () => {
  test('of a block say how Slack is reached, whatever global says', async () => {
    const config = await configOf(`${route}
global: { slack_app_token: xoxb-from-global, slack_app_url: 'https://relay.example/chat.postMessage' }
receivers:
  - name: team
    slack_configs:
      - { channel: '#ops' }
      - { api_url: 'https://hooks.example/a' }
`);
    const [bot, hook] = (config.receivers[0]?.integrations ?? []).map(({ options }) => options);
    expect(bot).toMatchObject({ app_url: 'https://relay.example/chat.postMessage' });
    expect((bot as { app_token: { reveal(): string } }).app_token.reveal()).toBe(
      'xoxb-from-global',
    );
    expect(hook).not.toHaveProperty('app_token');
    expect(config.masked + config.longForm).not.toContain('xoxb');
  });

  test.for([
    [`title: '{{ .CommonLabels.team }}'`, /^expected a text without templates/],
    [`actions: []`, /^actions is not supported/],
    [`fields: []`, /^fields is not supported/],
    [`title_link: 'https://example.com'`, /^title_link is not supported/],
    [`link_names: true`, /^expected false: what a check prints must not/],
  ] as const)('with %s are refused by line', async ([key, message]) => {
    const problems = await problemsOf(`${route}receivers:
  - name: team
    slack_configs:
      - api_url: https://hooks.example/a
        ${key}
`);
    expect(problems).toMatchObject([[6, expect.stringMatching(message)]]);
  });
});

describe('email_configs', () => {
  test('take their defaults from global, logins included', async () => {
    const config = await configOf(`${route}
global: { smtp_from: a@example.com, smtp_smarthost: 'mail.example.com:587', smtp_auth_username: u, smtp_auth_secret: swordfish }
receivers: [{ name: team, email_configs: [{ to: ops@example.com, threading: { enabled: false } }] }]
`);
    expect(config.receivers[0]?.integrations).toMatchObject([
      { options: { from: 'a@example.com', auth_username: 'u', threading: { enabled: false } } },
    ]);
    expect(config.masked + config.longForm).not.toContain('swordfish');
  });

  test.for([
    [`html: '{{ template "email.default.html" . }}'`, /^html is not supported/],
    [`text: plain`, /^text is not supported/],
    [`headers: { Subject: '{{ .Status }}' }`, /^expected a text without templates/],
    [`headers: { Content-Type: text/plain }`, /^expected another header/],
    [`headers: { 'X Team': ops }`, /^expected a header name/],
    [`headers: { x-team: a, X-Team: b }`, /^each header once, whatever its case/],
    [`threading: { thread_by_date: weekly }`, /^expected none or daily/],
  ] as const)('with %s are refused by line', async ([key, message]) => {
    const problems = await problemsOf(`${route}receivers:
  - name: team
    email_configs:
      - to: ops@example.com
        from: a@example.com
        smarthost: mail.example.com:587
        ${key}
`);
    expect(problems.map(([, text]) => text)).toMatchObject([expect.stringMatching(message)]);
  });
});
