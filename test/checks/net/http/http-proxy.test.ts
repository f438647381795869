import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Gate } from '../../../../src/checks/net/gate.ts';
import { proxyAnswerBytesMax } from '../../../../src/model/limits.ts';
import { eventually } from '../../../support/eventually.ts';
import { startHttpServer, startHttpsServer } from '../../../support/http-server.ts';
import { familyNames, metric, phasesIn } from '../../../support/probe-context.ts';
import { runHttp } from '../../../support/probe-http.ts';
import { startProxy } from '../../../support/proxy-server.ts';
import { closedPort, startTcpServer } from '../../../support/tcp-server.ts';
import { createAuthority } from '../../../support/tls-authority.ts';

const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const sound = authority.issue({ names: 'DNS:shop.example,DNS:localhost,IP:127.0.0.1' });
const trusting = { tls_config: { ca: authority.ca } };
const hello = (_request: unknown, response: { end(text: string): void }): void =>
  response.end('hello');
const duration = 'probe_http_duration_seconds';
const allPhases = ['resolve', 'connect', 'tls', 'processing', 'transfer'];
const onIpv4 = { preferred_ip_protocol: 'ip4' } as const;

const variables = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];
const before = new Map(variables.map((name) => [name, process.env[name]]));
function setVariables(values: Readonly<Record<string, string>>): void {
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, values);
}
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe('the phase resolve', () => {
  test.each([
    ['BB-T93', true, 'none', true],
    ['BB-T94', false, 'none', true],
    ['BB-T95', false, 'url', true],
    ['BB-T96', false, 'environment', true],
    ['BB-T97', true, 'url', false],
    ['BB-T98', true, 'environment', false],
  ])('%s skip %s, proxy from %s: there is one: %s', async (_id, skip, from, isThere) => {
    await using server = await startHttpServer(hello);
    await using proxy = await startProxy();
    setVariables({ HTTP_PROXY: proxy.url });
    const outcome = await runHttp(server.url, {
      skip_resolve_phase_with_proxy: skip,
      ...(from === 'url' ? { proxy_url: proxy.url } : {}),
      ...(from === 'environment' ? { proxy_from_environment: true } : {}),
    });
    expect(outcome.status).toBe('ok');
    expect(phasesIn(outcome, duration)).toEqual(isThere ? allPhases : allPhases.slice(1));
    const ofLookup = familyNames(outcome).filter((name) => /_ip_|_dns_/.test(name));
    expect(ofLookup).toHaveLength(isThere ? 3 : 0);
    // This host is exempt from the proxies of the environment.
    expect(proxy.asked).toHaveLength(from === 'url' ? 1 : 0);
  });
});

describe('a plain request', () => {
  test('names the host that was asked for, says who asks, and hides the password', async () => {
    await using server = await startHttpServer(hello);
    await using proxy = await startProxy({ authorization: `Basic ${btoa('user:p@ss')}` });
    const withUser = proxy.url.replace('//', '//user:p%40ss@');
    const target = `http://localhost:${server.port}/a?b`;
    const outcome = await runHttp(target, { ...onIpv4, proxy_url: withUser });
    expect(outcome.status).toBe('ok');
    const [asked] = proxy.asked;
    expect(asked).toMatchObject({ method: 'GET', target });
    expect(asked?.headers).toMatchObject({ host: `localhost:${server.port}`, connection: 'close' });
    expect(JSON.stringify(outcome)).not.toMatch(/p%40ss|p@ss/);
    // What looking up the proxy takes is no part of it.
    const lookupSeconds = metric(outcome, 'probe_dns_lookup_time_seconds');
    expect(metric(outcome, duration, { phase: 'resolve' })).toBe(lookupSeconds);
  });

  test('is left to the proxy whole where that looks up the name', async () => {
    await using server = await startHttpServer(hello);
    await using proxy = await startProxy({ everything: '127.0.0.1' });
    const options = { proxy_url: proxy.url, skip_resolve_phase_with_proxy: true };
    const outcome = await runHttp(`http://nowhere.invalid:${server.port}/`, options);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_status_code')).toBe(200);
  });

  test('is denied by the proxy with a status of its own, told apart from the target', async () => {
    await using server = await startHttpServer(hello);
    await using proxy = await startProxy({ authorization: 'Basic something' });
    const outcome = await runHttp(server.url, { proxy_url: proxy.url });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'auth' });
    expect(outcome.summary).toBe(
      `the proxy ${proxy.url} wants other credentials: HTTP 407, wanted 200–299`,
    );
    expect(metric(outcome, 'probe_http_status_code')).toBe(407);
  });

  test('goes through a proxy that speaks TLS', async () => {
    await using server = await startHttpServer(hello);
    await using proxy = await startProxy({ tls: sound });
    const outcome = await runHttp(server.url, { ...trusting, proxy_url: proxy.url });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_ssl')).toBe(0);
    expect(metric(outcome, duration, { phase: 'tls' })).toBe(0);
    expect(outcome.families.some(({ name }) => name.startsWith('probe_certificate'))).toBe(false);
  });

  test('follows a redirect through the proxy', async () => {
    await using server = await startHttpServer((request, response) =>
      request.url === '/'
        ? response.writeHead(302, { Location: `http://other.invalid:${server.port}/next` }).end()
        : response.end('arrived'),
    );
    await using proxy = await startProxy({ everything: '127.0.0.1' });
    const outcome = await runHttp(server.url, { proxy_url: proxy.url });
    expect(outcome.status).toBe('ok');
    expect(proxy.asked.map(({ target }) => target)).toEqual([
      `${server.url}/`,
      `http://other.invalid:${server.port}/next`,
    ]);
  });
});

describe('a request over TLS', () => {
  test('goes through a tunnel to the address, with the headers for the proxy only', async () => {
    const seen: unknown[] = [];
    await using server = await startHttpsServer(sound, (request, response) => {
      seen.push(request.headers.host, request.url, request.headers['x-key']);
      response.end('hello');
    });
    await using proxy = await startProxy();
    const outcome = await runHttp(`https://localhost:${server.port}/a`, {
      ...trusting,
      ...onIpv4,
      proxy_url: proxy.url,
      proxy_connect_header: { 'X-Key': ['one', 'two'] },
    });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_ssl')).toBe(1);
    expect(metric(outcome, duration, { phase: 'tls' })).toBeGreaterThan(0);
    expect(metric(outcome, duration, { phase: 'connect' })).toBeGreaterThan(0);
    expect(seen).toEqual([`localhost:${server.port}`, '/a', undefined]);
    const [asked] = proxy.asked;
    const place = `127.0.0.1:${server.port}`;
    expect(asked).toMatchObject({ method: 'CONNECT', target: place, headers: { host: place } });
    expect(asked?.rawHeaders).toEqual(expect.arrayContaining(['X-Key', 'one', 'X-Key', 'two']));
  });

  test('goes through a tunnel in TLS to a name that only the proxy knows', async () => {
    await using server = await startHttpsServer(sound, hello);
    await using proxy = await startProxy({ tls: sound, everything: '127.0.0.1' });
    const outcome = await runHttp(`https://shop.example:${server.port}/`, {
      ...trusting,
      proxy_url: proxy.url,
      skip_resolve_phase_with_proxy: true,
    });
    expect(outcome.status).toBe('ok');
    expect(proxy.asked[0]?.target).toBe(`shop.example:${server.port}`);
    await eventually(() => proxy.open.size === 0 && server.open.size === 0, 'all is closed');
  });

  test('forces its server name on the target only', async () => {
    await using server = await startHttpsServer(authority.issue({ names: 'DNS:a.example' }), hello);
    await using proxy = await startProxy({ tls: authority.issue({ names: 'IP:127.0.0.1' }) });
    const outcome = await runHttp(server.url, {
      tls_config: { ca: authority.ca, server_name: 'a.example' },
      proxy_url: proxy.url,
    });
    expect(outcome.summary).toMatch(/^HTTP 200/);
  });

  test('fails for the certificate of the target, not of the proxy', async () => {
    await using server = await startHttpsServer(authority.issue({ days: -2 }), hello);
    await using proxy = await startProxy();
    const outcome = await runHttp(server.url, { ...trusting, proxy_url: proxy.url });
    expect(outcome.reason).toBe('tls');
    expect(outcome.summary).toMatch(/expired on/);
    expect(outcome.summary).not.toContain('proxy');
  });

  test.each([
    ['407 Proxy Authentication Required', 'auth', /wants other credentials: HTTP 407 Proxy Auth/],
    [
      '403 Forbidden',
      'protocol',
      /opens no tunnel to 127\.0\.0\.1:\d+: HTTP 403 Forbidden, wanted/,
    ],
    ['502 Bad Gateway', 'protocol', /HTTP 502 Bad Gateway/],
  ])('is refused a tunnel with %s', async (status, reason, sentence) => {
    await using proxy = await startTcpServer((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`));
    });
    const options = { proxy_url: `http://user:hidden@127.0.0.1:${proxy.port}` };
    const outcome = await runHttp('https://127.0.0.1:9/', options);
    expect(outcome).toMatchObject({ status: 'critical', reason });
    expect(outcome.summary).toMatch(sentence);
    expect(outcome.summary).toContain(`the proxy http://127.0.0.1:${proxy.port}`);
    expect(JSON.stringify(outcome)).not.toContain('hidden');
    expect(metric(outcome, 'probe_http_status_code')).toBe(0);
    expect(outcome.phases.slice(1).map((phase) => phase.ms)).toEqual([0, 0, 0, 0]);
    await eventually(() => proxy.open.size === 0, 'the connection is closed');
  });
});

describe('a proxy that misbehaves', () => {
  const through = (port: number) => ({ proxy_url: `http://127.0.0.1:${port}` });

  test('by not being there is no refused connection of the target', async () => {
    const port = await closedPort();
    const outcome = await runHttp('http://127.0.0.1:9/', through(port));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'connect' });
    expect(outcome.summary).toBe(
      `the proxy http://127.0.0.1:${port}: connect to 127.0.0.1:${port} refused`,
    );
    expect(phasesIn(outcome, duration)).toEqual(allPhases);
    expect(metric(outcome, duration, { phase: 'connect' })).toBe(0);
  });

  test('by having a name that does not resolve', async () => {
    const options = { proxy_url: 'http://proxy.invalid:3128' };
    const outcome = await runHttp('http://127.0.0.1:9/', options);
    expect(outcome.reason).toBe('connect');
    expect(outcome.summary).toContain('the proxy http://proxy.invalid:3128: cannot resolve');
  });

  test.each([
    [
      'an answer that never ends',
      `X: ${'y'.repeat(1000)}\r\n`.repeat(proxyAnswerBytesMax / 500),
      /is longer than \d+ bytes/,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', /opens no tunnel/],
  ])('with %s', async (_what, text, sentence) => {
    await using proxy = await startTcpServer((socket) => {
      socket.once('data', () =>
        socket.write(text.startsWith('X') ? `HTTP/1.1 200 OK\r\n${text}` : text),
      );
    });
    const outcome = await runHttp('https://127.0.0.1:9/', through(proxy.port));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toMatch(sentence);
    await eventually(() => proxy.open.size === 0, 'the connection is closed');
  });

  test('by speaking before the handshake', async () => {
    await using proxy = await startTcpServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nsurprise'));
    });
    const outcome = await runHttp('https://127.0.0.1:9/', through(proxy.port));
    expect(outcome.summary).toContain('spoke before it was asked');
  });

  test('by never answering', async () => {
    await using proxy = await startTcpServer((socket) => void socket.resume());
    const outcome = await runHttp('https://127.0.0.1:9/', through(proxy.port), 300);
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toContain(`waiting for the proxy http://127.0.0.1:${proxy.port}`);
    await eventually(() => proxy.open.size === 0, 'the connection is closed');
  });
});

describe('the gate', () => {
  /** Admits every address, and of the names only those that end in `.example`. */
  const gate: Gate = {
    refusal: (_host, { ip }) => (ip === '127.0.0.3' ? `${ip} may not be probed` : undefined),
    refusalOfPath: () => 'no paths',
    refusalOfName: (host) => (host.endsWith('.example') ? undefined : `${host} may not be probed`),
    opened: () => {},
  };

  test.each([
    ['http://inside.invalid/', {}],
    ['https://inside.invalid/', {}],
    ['https://127.0.0.3/', {}],
    ['http://127.0.0.3/', {}],
    // What the Host header says is what the proxy connects to.
    ['http://shop.example/', { headers: { Host: 'inside.invalid' } }],
    ['http://shop.example/', { headers: { Host: '127.0.0.3' } }],
  ])('is asked about %s with %j, which only the proxy would look up', async (target, options) => {
    await using proxy = await startProxy({ everything: '127.0.0.1' });
    const outcome = await runHttp(
      target,
      { ...options, proxy_url: proxy.url, skip_resolve_phase_with_proxy: true },
      { gate },
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'permission' });
    expect(outcome.summary).toMatch(/may not be probed/);
    expect(proxy.asked).toEqual([]);
  });

  test('is asked about where a redirect leads the proxy, and not about the proxy', async () => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(302, { Location: 'http://inside.invalid/' }).end(),
    );
    await using proxy = await startProxy({ everything: '127.0.0.1' });
    const outcome = await runHttp(
      `http://shop.example:${server.port}/`,
      { proxy_url: proxy.url, skip_resolve_phase_with_proxy: true },
      { gate: { ...gate, refusal: (host) => `${host} may not be probed` } },
    );
    expect(outcome.reason).toBe('permission');
    expect(proxy.asked).toHaveLength(1);
  });

  test('admits a Host header that is no host to the proxy as the target only', async () => {
    await using server = await startHttpServer(hello);
    await using proxy = await startProxy({ everything: '127.0.0.1' });
    const target = `http://shop.example:${server.port}/`;
    const options = { proxy_url: proxy.url, skip_resolve_phase_with_proxy: true };
    const headers = { Host: 'shop.example@inside.invalid' };
    await runHttp(target, { ...options, headers }, { gate });
    expect(proxy.asked.map((asked) => asked.target)).toEqual([target]);
  });
});
