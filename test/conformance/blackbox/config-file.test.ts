import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startAgent, type TestAgent } from '../../support/agent.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runTocsin } from '../../support/tocsin.ts';
import { blackboxYaml } from './kit/contest.ts';
import { startPair, type Pair } from './kit/pair.ts';

/** A module of every prober, with what is secret. */
const good = {
  http_2xx: { prober: 'http', timeout: '5s', http: {} },
  http_post: {
    prober: 'http',
    timeout: '5s',
    http: {
      method: 'POST',
      basic_auth: { username: 'ali', password: 'open-sesame' },
      body_size_limit: '1MB',
    },
  },
  http_token: { prober: 'http', http: { authorization: { credentials: 'open-sesame' } } },
  http_origin: {
    prober: 'http',
    http: {
      headers: { Origin: 'example.com' },
      fail_if_header_not_matches: [
        {
          header: 'Access-Control-Allow-Origin',
          regexp: '(\\*|example\\.com)',
          allow_missing: false,
        },
      ],
    },
  },
  tcp_connect: { prober: 'tcp', timeout: '5s' },
  pop3s_banner: {
    prober: 'tcp',
    tcp: {
      query_response: [{ expect: '^+OK' }],
      tls: true,
      tls_config: { insecure_skip_verify: false },
    },
  },
  smtp_starttls: {
    prober: 'tcp',
    tcp: {
      query_response: [
        { expect: '^220 ' },
        { send: 'EHLO prober\r' },
        { expect: '^250-STARTTLS' },
        { send: 'STARTTLS\r' },
        { expect: '^220' },
        { starttls: true },
      ],
    },
  },
  irc_banner: {
    prober: 'tcp',
    tcp: { query_response: [{ expect: 'PING :([^ ]+)', send: 'PONG ${1}' }] },
  },
  icmp_test: { prober: 'icmp', icmp: { preferred_ip_protocol: 'ip4' } },
  dns_test: {
    prober: 'dns',
    dns: {
      query_name: 'example.com',
      ip_protocol_fallback: false,
      validate_answer_rrs: { fail_if_matches_regexp: ['test'] },
    },
  },
  grpc_health: { prober: 'grpc', grpc: { service: 'example' } },
};

const later = {
  grpc_metadata: { prober: 'grpc', grpc: { metadata: { key: ['one', 'two'] } } },
  http_headers: {
    prober: 'http',
    http: { http_headers: { 'X-Token': { secrets: ['open-sesame'] } } },
  },
  websocket_test: {
    prober: 'websocket',
    websocket: {
      http_config: {
        tls_config: { insecure_skip_verify: true },
        basic_auth: { username: 'ali', password: 'open-sesame' },
      },
      headers: { 'X-Token': { secrets: ['open-sesame'] } },
    },
  },
};

describe('a good file', () => {
  let pair: Pair;
  beforeAll(async () => {
    const modules = blackboxYaml({ ...good, ...later });
    pair = await startPair({ modules, oracleModules: blackboxYaml(good) });
  });
  afterAll(async () => pair?.[Symbol.asyncDispose]());

  test('BB-C01 it is loaded, and every module is there', async () => {
    const validated = await pair.agent.cli('validate');
    expect(validated).toMatchObject({ code: 0, stderr: '' });
    for (const { status, headers, body } of await pair.ask('/config')) {
      expect(status).toBe(200);
      expect(headers['content-type']).toMatch(/^text\/plain/);
      const { modules } = parse(body) as { modules: Record<string, object> };
      expect(Object.keys(modules)).toEqual(Object.keys(modules).toSorted());
      expect(modules).toMatchObject({
        http_post: {
          prober: 'http',
          timeout: '5s',
          http: { method: 'POST', basic_auth: { username: 'ali', password: '<secret>' } },
        },
        irc_banner: { tcp: { query_response: [{ expect: 'PING :([^ ]+)', send: 'PONG ${1}' }] } },
        dns_test: { dns: { query_name: 'example.com' } },
      });
      expect(Object.keys(modules)).toEqual(expect.arrayContaining(Object.keys(good)));
    }
  });

  test('BB-C21 no secret is shown', async () => {
    for (const { body } of await pair.ask('/config')) {
      expect(body).toContain('<secret>');
      expect(body).not.toContain('open-sesame');
    }
  });

  test('BB-C24 a module for WebSockets reads back as it was written', async () => {
    const { body } = await pair.agent.get('/config');
    const { modules } = parse(body) as { modules: Record<string, object> };
    expect(modules['websocket_test']).toMatchObject({
      prober: 'websocket',
      websocket: {
        http_config: {
          tls_config: { insecure_skip_verify: true },
          basic_auth: { username: 'ali', password: '<secret>' },
        },
        headers: { 'X-Token': { secrets: ['<secret>'] } },
      },
    });
  });
});

/* blackbox_exporter compares a checksum of its file; tocsin reads its files anew at each reload. */
describe('a file of modules that is read again', () => {
  const one = blackboxYaml({ one: { prober: 'tcp' } });

  let agent: TestAgent;
  let file = '';
  beforeAll(async () => {
    agent = await startAgent({
      config: { modules_file: 'blackbox.yml' },
      files: { 'blackbox.yml': one },
    });
    file = join(agent.directory, 'blackbox.yml');
  });
  afterAll(async () => agent?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await rm(file, { recursive: true, force: true });
    await writeFile(file, one);
    expect((await agent.post('/-/reload')).status).toBe(200);
  });

  const knows = async (module: string): Promise<boolean> =>
    (await agent.get(`/probe?module=${module}&target=127.0.0.1:9`)).status === 200;

  test('BB-C25 without a change a reload does nothing, a module that is added is there after it', async () => {
    expect(await agent.post('/-/reload')).toMatchObject({ status: 200, body: '' });
    expect([await knows('one'), await knows('two')]).toEqual([true, false]);
    await writeFile(file, `${one}  two:\n    prober: tcp\n`);
    expect([await knows('one'), await knows('two')]).toEqual([true, false]);
    expect(await agent.post('/-/reload')).toMatchObject({ status: 200, body: '' });
    expect([await knows('one'), await knows('two')]).toEqual([true, true]);
    expect(await agent.metrics()).toContain(
      '\nblackbox_exporter_config_last_reload_successful 1\n',
    );
  });

  test('BB-C25 what replaces the file takes the place of all that was in it', async () => {
    await writeFile(file, blackboxYaml({ two: { prober: 'tcp' } }));
    expect(await agent.post('/-/reload')).toMatchObject({ status: 200, body: '' });
    expect([await knows('one'), await knows('two')]).toEqual([false, true]);
  });

  test('BB-C25 a file that is emptied is refused or empty, and never what it was unnoticed', async () => {
    await writeFile(file, '');
    const { status } = await agent.post('/-/reload');
    expect([status, await knows('one')]).toEqual(status === 500 ? [500, true] : [200, false]);
  });

  test.each(['missing', 'a directory', 'unreadable YAML'])(
    'BB-C25 a file that is %s leaves the old modules in place and says so',
    async (fault) => {
      await rm(file);
      if (fault === 'a directory') await mkdir(file);
      if (fault === 'unreadable YAML') await writeFile(file, 'modules: [');
      const { status, body } = await agent.post('/-/reload');
      expect(status).toBe(500);
      expect(body).toContain('blackbox.yml');
      expect(await knows('one')).toBe(true);
      const metrics = await agent.metrics();
      expect(metrics).toContain('\nblackbox_exporter_config_last_reload_successful 0\n');
    },
  );
});

/* tocsin has no external URL; what it is told of itself is the address to listen at. */
test('BB-C26 the address to listen at, in the place of an external URL, is accepted without quotes only', async () => {
  const directory = temporaryFolder();
  const file = join(directory, 'agent.config.yaml');
  const code = async (listen: string): Promise<number | null> => {
    await writeFile(file, JSON.stringify({ server: { listen } }));
    const output = await runTocsin(['validate', '-c', file], { cwd: directory });
    if (output.code !== 0)
      expect(output.stderr).toMatch(/agent\.config\.yaml:1:\d+: server\.listen: /);
    return output.code;
  };
  for (const fine of ['a--b.example.com:9115', ':9115'])
    expect([fine, await code(fine)]).toEqual([fine, 0]);
  for (const wrong of ['"127.0.0.1:9115', '127.0.0.1:9115"', "'[::1]:9115'"])
    expect([wrong, await code(wrong)]).toEqual([wrong, 78]);
});
