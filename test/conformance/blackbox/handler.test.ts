import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../support/ask.ts';
import { selfSigned } from '../../support/tls-authority.ts';
import { blackboxYaml } from './kit/contest.ts';
import { answering, serving, watching } from './kit/http.ts';
import { probePath, startPair, type Pair } from './kit/pair.ts';
import { readPage, sampleOf } from './kit/page.ts';
import { servingTlsSocket } from './kit/tcp.ts';

const ip4 = { preferred_ip_protocol: 'ip4' };
const ownHost = { ...ip4, headers: { Host: 'other.example.com' } };
const sameHost = { ...ip4, headers: { Host: 'web.example.com' } };
const modules = {
  http_2xx: { prober: 'http', http: ip4 },
  own_host: { prober: 'http', http: ownHost },
  same_host: { prober: 'http', http: sameHost },
  secret: { prober: 'http', http: { bearer_token: 'open-sesame' } },
  needs_tls: { prober: 'http', http: { ...ip4, fail_if_not_ssl: true } },
  login: { prober: 'http', http: { basic_auth: { username: 'ali', password: 'open-sesame' } } },
  tls: { prober: 'tcp', tcp: { ...ip4, tls: true, tls_config: { insecure_skip_verify: true } } },
};

let pair: Pair;
beforeAll(async () => {
  const text = blackboxYaml(modules);
  pair = await startPair({ modules: text, oracleModules: text });
});
afterAll(async () => pair?.[Symbol.asyncDispose]());

/** The status and the text of both answers to a probe. */
async function probed(
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly statuses: readonly number[]; readonly bodies: readonly string[] }> {
  const answers = await pair.ask(probePath(query), { headers });
  return { statuses: answers.map(({ status }) => status), bodies: answers.map(({ body }) => body) };
}

function everywhere<T>(value: T): readonly T[] {
  return pair.oracle === undefined ? [value] : [value, value];
}

describe('timeouts', () => {
  test('BB-H01 a server that is slower than the scrape is a failed probe, not a failed scrape', async () => {
    await using slow = await serving(() => {})();
    const { statuses, bodies } = await probed(
      { target: slow.target },
      { 'X-Prometheus-Scrape-Timeout-Seconds': '1' },
    );
    expect(statuses).toEqual(everywhere(200));
    const [ours = ''] = bodies;
    for (const body of bodies) {
      const page = readPage(200, body);
      expect(sampleOf(page, 'probe_success')).toBe(0);
      expect(sampleOf(page, 'probe_duration_seconds')).toBeGreaterThan(0.45);
      expect(sampleOf(page, 'probe_duration_seconds')).toBeLessThan(1);
    }
    expect(sampleOf(readPage(200, ours), 'probe_timeout_seconds')).toBe(0.5);
  });

  test.each(['abc', '1s', '0.5.1'])('BB-H22 a timeout of %s is an error', async (text) => {
    const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': text };
    const { statuses } = await probed({ target: '127.0.0.1:9' }, headers);
    expect(statuses).toEqual(everywhere(500));
  });
});

describe('secrets', () => {
  test('BB-H02 they are hidden in the log of a probe after a reload', async () => {
    const reloads = await pair.ask('/-/reload', { method: 'POST' });
    expect(reloads.map(({ status, body }) => [status, body])).toEqual(everywhere([200, '']));
    const target = '127.0.0.1:9';
    const { bodies } = await probed({ module: 'secret', target, debug: 'true' });
    const { body: log } = await pair.agent.get(`/logs?target=${target}&module=secret`);
    for (const body of [...bodies, log]) {
      expect(body).toContain('<secret>');
      expect(body).not.toContain('open-sesame');
    }
  });

  test('BB-H03 they are hidden in what debug=true says of a module', async () => {
    const { bodies } = await probed({ module: 'login', target: '127.0.0.1:9', debug: 'true' });
    for (const body of bodies) {
      expect(body).toContain('username: ali');
      expect(body).toContain('password: <secret>');
      expect(body).not.toContain('open-sesame');
    }
  });
});

test('BB-H04 debug lines of the log are there if the level is debug, and only then', async () => {
  await using server = await answering({ body: 'ok' })();
  const logOf = async (): Promise<string> => {
    const path = probePath({ target: server.target, debug: 'true' });
    return (await pair.agent.get(path)).body.split('\n\n\n')[0] ?? '';
  };
  expect(await logOf()).not.toContain('level=debug');
  const settings = { modules_file: 'blackbox.yml' };
  await pair.agent.rewrite({ ...settings, server: { probe: { log_level: 'debug' } } });
  expect((await pair.agent.post('/-/reload')).status).toBe(200);
  const log = await logOf();
  await pair.agent.rewrite(settings);
  expect((await pair.agent.post('/-/reload')).status).toBe(200);
  expect(log).toContain('level=debug');
});

describe('the parameter hostname', () => {
  const hostname = 'web.example.com';

  test('BB-H17 it is the host that the server is asked for', async () => {
    for (const module of ['http_2xx', 'same_host']) {
      await using server = await watching((requests) =>
        expect(requests.map(({ headers }) => headers.host)).toEqual(everywhere(hostname)),
      )();
      const { statuses, bodies } = await probed({ module, target: server.target, hostname });
      server.verify?.();
      expect(statuses).toEqual(everywhere(200));
      for (const body of bodies) expect(sampleOf(readPage(200, body), 'probe_success')).toBe(1);
    }
  });

  test('BB-H18 it may not contradict the host of the module', async () => {
    await using server = await answering({ body: 'ok' })();
    const { statuses } = await probed({ module: 'own_host', target: server.target, hostname });
    expect(statuses).toEqual(everywhere(400));
  });

  test('BB-H19 it is the name of the server in TLS over tcp', async () => {
    const names: (string | false)[] = [];
    const certificate = selfSigned('/CN=web');
    await using server = await servingTlsSocket({
      ...certificate,
      SNICallback: (name, answer) => {
        names.push(name);
        answer(null);
      },
    })();
    const query = { module: 'tls', target: server.target, hostname, debug: 'true' };
    const { status, body } = await pair.agent.get(probePath(query));
    expect(status).toBe(200);
    expect(body).toContain(`server_name: ${hostname}`);
    expect(names).toEqual([hostname]);
  });
});

describe('encoded targets', () => {
  test.each([
    ['a plain URL', (base: string) => base],
    [
      'a colon before the port that was encoded twice',
      (base: string) => base.replace(/:(\d+)$/, '%3A$1'),
    ],
    ['a colon in the path that was encoded twice', (base: string) => `${base}/api/v1%3Alatest`],
    ['a whole URL that was encoded twice', (base: string) => encodeURIComponent(`${base}/path`)],
  ])('BB-H20 %s is understood', async (_what, encoded) => {
    const seen: (string | undefined)[] = [];
    await using server = await serving((request, response) => {
      seen.push(request.url);
      response.end('ok');
    })();
    const answer = await pair.agent.get(probePath({ target: encoded(server.target) }));
    expect(sampleOf(readPage(answer.status, answer.body), 'probe_success')).toBe(1);
    expect(seen[0]).not.toContain('%3A');
  });
});

describe('parameters that are missing or wrong', () => {
  test('BB-H21 no target is an error of who asks', async () => {
    expect((await probed({})).statuses).toEqual(everywhere(400));
    expect((await probed({ module: 'http_2xx', target: '' })).statuses).toEqual(everywhere(400));
  });

  test('BB-H21 a module that does not exist is one too, is counted, and is said before a missing target', async () => {
    const count = async (): Promise<readonly (string | undefined)[]> =>
      (await pair.ask('/metrics')).map(
        ({ body }) => /^blackbox_module_unknown_total (\S+)$/m.exec(body)?.[1],
      );
    expect(await count()).toEqual(everywhere('0'));
    const { statuses, bodies } = await probed({ module: 'nothing' });
    expect(statuses).toEqual(everywhere(400));
    for (const body of bodies) expect(body).toMatch(/^Unknown module "nothing"/);
    expect(await count()).toEqual(everywhere('1'));
  });

  test('BB-H24 an empty module is http_2xx', async () => {
    await using server = await answering({ body: 'ok' })();
    for (const query of [{ module: '' }, {}] as Readonly<Record<string, string>>[]) {
      const { statuses, bodies } = await probed({ ...query, target: server.target });
      expect(statuses).toEqual(everywhere(200));
      for (const body of bodies)
        expect(sampleOf(readPage(200, body), 'probe_http_status_code')).toBe(200);
    }
  });
});

describe('the reason in the log', () => {
  const query = { module: 'needs_tls', debug: 'true' };
  const reason = 'answered over a plain connection, wanted TLS';

  test('BB-T35 the lack of TLS is said where it decided', async () => {
    await using server = await answering({ body: 'ok' })();
    const { body } = await pair.agent.get(probePath({ ...query, target: server.target }));
    expect(body).toContain('probe_success 0');
    expect(body).toContain(reason);
  });

  test('BB-T35 the lack of TLS is not said where nobody wanted it', async () => {
    await using server = await answering({ body: 'ok' })();
    const plain = { module: 'http_2xx', debug: 'true', target: server.target };
    const { body } = await pair.agent.get(probePath(plain));
    expect(body).toContain('probe_success 1');
    expect(body).not.toContain(reason);
  });

  test('BB-T35 the lack of TLS is not said where no answer came', async () => {
    await using server = await serving((request) => void request.socket.destroy())();
    const { body } = await pair.agent.get(probePath({ ...query, target: server.target }));
    expect(body).toContain('probe_success 0');
    expect(body).not.toContain(reason);
  });
});

describe('debug', () => {
  test('BB-H23 true gives three blocks of plain text', async () => {
    await using server = await answering({ body: 'ok' })();
    const answers = await pair.ask(probePath({ target: server.target, debug: 'true' }));
    for (const { status, headers, body } of answers) {
      expect(status).toBe(200);
      expect(headers['content-type']).toMatch(/^text\/plain(?!; version)/);
      expect(body).toMatch(
        /^Logs for the probe:\n[^]+\n\n\nMetrics that would have been returned:\n[^]+probe_success 1\n[^]*\n\n\nModule configuration:\nprober: http\n/,
      );
    }
  });

  test.each(['1', 'TRUE', ''])('BB-H23 %s gives the metrics', async (debug) => {
    await using server = await answering({ body: 'ok' })();
    const answers = await pair.ask(probePath({ target: server.target, debug }));
    for (const { headers, body } of answers) {
      expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(body).toMatch(/^# HELP probe_/);
    }
  });

  test('BB-H23 true in the body of a request is not looked at', async () => {
    await using server = await answering({ body: 'ok' })();
    const path = probePath({ target: server.target });
    const { status, body } = await ask(pair.agent.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'debug=true',
    });
    expect(status).toBe(200);
    expect(body).toMatch(/^# HELP probe_/);
  });
});
