import { describe, expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { defaultModules } from '../../src/config/load.ts';
import type { Config } from '../../src/model/config.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';

type Files = Readonly<Record<string, string>>;

async function loadFiles(files: Files, environment: Readonly<Record<string, string>> = {}) {
  const directory = await directoryWith(files);
  return loadDirectory(directory, { tables, environment });
}

/** The configuration of these files; throws with all problems if there are any. */
async function configOf(files: Files, environment?: Readonly<Record<string, string>>) {
  const { config, problems } = await loadFiles(files, environment);
  if (config === undefined) throw new Error(problems.join('\n'));
  return config;
}

const inline = (text: string): Files => ({ 'agent.config.yaml': text });
const fromFile = (text: string): Files => ({
  'agent.config.yaml': 'modules_file: blackbox.yml\n',
  'blackbox.yml': text,
});

/** The options of a check or module as plain data: secrets masked, expressions as their source. */
const plain = (options: unknown): unknown => JSON.parse(JSON.stringify(options));
const moduleOf = (config: Config, name: string) => config.modules.get(name);
const optionsOf = (config: Config, check: string) =>
  plain(config.checks.find(({ name }) => name === check)?.options);

describe('modules_file', () => {
  test('takes a file of blackbox_exporter as it is', async () => {
    const config = await configOf(
      fromFile(`
modules:
  web: { prober: http, timeout: 1m30s, http: { valid_status_codes: [200, 404], follow_redirects: no } }
  banner:
    prober: tcp
    timeout: 0.5s
    tcp:
      query_response:
        - { expect: '^SSH-2.0-(.*)$', send: 'you are \${1} of $HOME' }
        - send: !!binary AAAACATSFi8=
  zone: { prober: dns, dns: { query_name: example.com, transport_protocol: sctp, valid_rcodes: [WHAT] } }
  root: { prober: dns }
`),
    );
    expect([...config.modules.keys()]).toEqual(['web', 'banner', 'zone', 'root']);
    expect(moduleOf(config, 'web')).toMatchObject({ prober: 'http', timeoutMs: 90_000 });
    expect(plain(moduleOf(config, 'web')?.options)).toMatchObject({
      valid_status_codes: [200, 404],
      follow_redirects: false,
    });
    const steps = moduleOf(config, 'banner')?.options as { query_response: { send: unknown }[] };
    expect(moduleOf(config, 'banner')?.timeoutMs).toBe(500);
    expect(steps.query_response[0]?.send).toBe('you are ${1} of $HOME');
    const bytes = steps.query_response[1]?.send as Uint8Array;
    expect([...bytes]).toEqual([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]);
    expect(plain(moduleOf(config, 'zone')?.options)).toMatchObject({ valid_rcodes: ['WHAT'] });
    expect(plain(moduleOf(config, 'root')?.options)).toMatchObject({ query_name: '.' });
    expect(config.files.map((file) => file.replace(/.*\//, ''))).toEqual([
      'agent.config.yaml',
      'blackbox.yml',
    ]);
  });

  test('is strict, with the line of its own file in every problem', async () => {
    const { problems } = await loadFiles(
      fromFile(`modules:
  web:
    prober: http
    http:
      fail_if_body_matches_regexp: [':[']
      metod: POST
  dns: { prober: dns, dns: { query_name: a, query_type: X } }
  odd: { prober: carrier-pigeon }
  none: {}
  late: { prober: icmp, timeout: 2d, icmp: { ttl: 256 } }
  bare: { prober: icmp, timeout: 5 }
extra: 1
`),
    );
    expect(problems).toEqual([
      'blackbox.yml:5:37: modules.web.http.fail_if_body_matches_regexp[0]: expected a valid regular expression (missing closing ]: `[`), found ":["',
      'blackbox.yml:6:7: modules.web.http.metod: unknown key "metod", did you mean "method"?',
      expect.stringMatching(
        /^blackbox\.yml:7:57: modules\.dns\.dns\.query_type: expected .*found "X"/,
      ),
      'blackbox.yml:8:18: modules.odd.prober: expected http, tcp, icmp, dns, grpc, unix or websocket, found "carrier-pigeon"',
      'blackbox.yml:9:9: modules.none.prober: the key prober is missing',
      'blackbox.yml:10:34: modules.late.timeout: expected a duration of hours, minutes and seconds, such as 1m30s or 500ms, found "2d"',
      'blackbox.yml:10:51: modules.late.icmp.ttl: expected a number of hops from 0 to 255, found 256',
      'blackbox.yml:11:34: modules.bare.timeout: expected a duration of hours, minutes and seconds, such as 1m30s or 500ms, found 5',
      'blackbox.yml:12:1: extra: unknown key "extra", expected modules',
    ]);
  });

  test('may name several files, and a module may be defined once', async () => {
    const { problems } = await loadFiles({
      'agent.config.yaml':
        'modules: { a: { prober: icmp } }\nmodules_file: [one.yml, two.yml, no.yml]\n',
      'one.yml': 'modules: { b: { prober: icmp } }\n',
      'two.yml': 'modules: { a: { prober: tcp }, b: { prober: tcp } }\n',
    });
    expect(problems).toEqual([
      'agent.config.yaml:2:15: modules_file: no.yml no such file',
      expect.stringMatching(
        /^two\.yml:1:15: modules\.a: the module "a" is already defined in .*agent\.config\.yaml:1$/,
      ),
      expect.stringMatching(
        /^two\.yml:1:35: modules\.b: the module "b" is already defined in .*one\.yml:1$/,
      ),
    ]);
  });
});

describe('modules', () => {
  test('may take secrets from elsewhere, which never show', async () => {
    const config = await configOf(
      inline(`
modules:
  login: { prober: http, http: { basic_auth: { username: u, password: '\${PASSWORD}' } } }
  page: { prober: http, http: { fail_if_body_not_matches_regexp: ['^\\$\${1}$'] } }
`),
      { PASSWORD: 'correct horse' },
    );
    const login = moduleOf(config, 'login')?.options;
    expect(JSON.stringify(login)).not.toContain('correct horse');
    expect(config.secrets.map((secret) => secret.reveal())).toContain('correct horse');
    expect(plain(moduleOf(config, 'page')?.options)).toMatchObject({
      fail_if_body_not_matches_regexp: ['^\\$${1}$'],
    });
  });

  test('that ship with blackbox_exporter are always there', async () => {
    const shipped = await defaultModules(tables);
    expect([...shipped.keys()]).toEqual([
      'http_2xx',
      'http_post_2xx',
      'tcp_connect',
      'pop3s_banner',
      'grpc',
      'grpc_plain',
      'ssh_banner',
      'ssh_banner_extract',
      'irc_banner',
      'icmp',
      'icmp_ttl5',
      'websocket',
      'postgresql',
    ]);
  });
});

describe('a check by a module', () => {
  const modules = `
modules:
  api:
    prober: http
    timeout: 3s
    http:
      method: POST
      body_file: /srv/ping.json
      headers: { Host: api.example.com, Accept: text/plain }
      bearer_token: abcdefgh
      valid_status_codes: [200, 202]
`;

  test('has the options of the module but for its own', async () => {
    const config = await configOf(
      inline(`${modules}
checks:
  - name: one
    module: api
    target: http://127.0.0.1:1/
  - name: two
    module: api
    type: http
    target: http://127.0.0.1:2/
    timeout: 1s
    http:
      body: '{}'
      headers: { host: other.example.com }
      basic_auth: { username: u, password: p }
      valid_status_codes: [204]
`),
    );
    expect(optionsOf(config, 'one')).toMatchObject({
      http: { method: 'POST', body_file: '/srv/ping.json', bearer_token: '<secret>' },
    });
    expect(config.checks.map(({ type, timeoutMs }) => [type, timeoutMs]).slice(0, 2)).toEqual([
      ['http', 3000],
      ['http', 1000],
    ]);
    const { http } = optionsOf(config, 'two') as { http: Record<string, unknown> };
    expect(http).toMatchObject({
      method: 'POST',
      body: '{}',
      headers: { host: 'other.example.com', Accept: 'text/plain' },
      valid_status_codes: [204],
    });
    expect(http).not.toHaveProperty('body_file');
    expect(http).not.toHaveProperty('bearer_token');
    expect(http['headers']).not.toHaveProperty('Host');
  });

  test('may take one that is always there, and what a dns module lacks', async () => {
    const config = await configOf(
      inline(`
modules: { lookup: { prober: dns, dns: { query_name: example.com, query_type: A } } }
checks:
  - { name: ssh, module: ssh_banner, target: '127.0.0.1:22' }
  - { name: dns, module: lookup, target: 127.0.0.53, dns: { query_name: example.org } }
`),
    );
    expect(optionsOf(config, 'ssh')).toMatchObject({
      tcp: { query_response: [{ expect: '^SSH-2.0-' }, {}] },
    });
    expect(optionsOf(config, 'dns')).toMatchObject({
      dns: { query_name: 'example.org', query_type: 'A' },
    });
  });

  test('whose module does not exist, or is of another type, is refused', async () => {
    const { problems } = await loadFiles(
      inline(`${modules}
checks:
  - { module: apj, target: 'http://127.0.0.1/' }
  - { module: api, type: tcp, target: '127.0.0.1:1' }
  - { module: api, target: 'http://127.0.0.1/', http: { methd: GET } }
`),
    );
    expect(problems.map((problem) => problem.replace(/^agent\.config\.yaml:\d+:/, ''))).toEqual([
      '15: checks[0].module: there is no module "apj", did you mean "api"?',
      '26: checks[1].type: the module "api" is one of type http',
      '57: checks[2].http.methd: unknown key "methd", did you mean "method"?',
    ]);
  });

  test('is not blamed for a file of modules that cannot be read', async () => {
    const { problems } = await loadFiles(
      inline('modules_file: gone.yml\nchecks: [{ module: x, target: y }]\n'),
    );
    expect(problems).toEqual(['agent.config.yaml:1:15: modules_file: gone.yml no such file']);
  });
});
