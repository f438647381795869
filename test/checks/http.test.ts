import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RequestListener } from 'node:http';
import { familyNames, metric, phasesIn } from '../support/probe-context.ts';
import { startHttpServer } from '../support/http-server.ts';
import { runHttp } from '../support/probe-http.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const answerWith =
  (status: number, headers: Record<string, string | string[]> = {}, body = ''): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

const alwaysThere = [
  'probe_dns_lookup_time_seconds',
  'probe_failed_due_to_regex',
  'probe_http_content_length',
  'probe_http_duration_seconds',
  'probe_http_redirects',
  'probe_http_ssl',
  'probe_http_status_code',
  'probe_http_uncompressed_body_length',
  'probe_http_version',
  'probe_ip_addr_hash',
  'probe_ip_protocol',
];

const allPhases = ['resolve', 'connect', 'tls', 'processing', 'transfer'];

function temporaryFile(text: string): string {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, text);
  return file;
}

describe('the status of the response', () => {
  test.each([
    ['BB-T01', 200, [], true],
    ['BB-T02', 201, [], true],
    ['BB-T03', 299, [], true],
    ['BB-T04', 300, [], false],
    ['BB-T05', 404, [], false],
    ['BB-T06', 404, [200, 404], true],
    ['BB-T07', 200, [200, 404], true],
    ['BB-T08', 201, [200, 404], false],
    ['BB-T09', 404, [404], true],
    ['BB-T10', 200, [404], false],
  ])('%s judges %i against %j', async (_id, status, valid, isOk) => {
    await using server = await startHttpServer(answerWith(status));
    const outcome = await runHttp(server.url, { valid_status_codes: valid });
    expect(outcome.status).toBe(isOk ? 'ok' : 'critical');
    expect(outcome.reason).toBe(isOk ? undefined : 'status');
    expect(metric(outcome, 'probe_http_status_code')).toBe(status);
  });

  test('an unexpected one is said with what was wanted, and the body is quoted', async () => {
    await using server = await startHttpServer(answerWith(503, {}, 'queue\u0007 is\nfull'));
    const outcome = await runHttp(`${server.url}/health`);
    expect(outcome.summary).toBe(`HTTP 503 from ${server.url}/health, wanted 200–299`);
    expect(outcome.detail.at(-1)).toBe('body: queue is full');
  });

  test('a refusal is a matter of credentials only where some were configured', async () => {
    await using server = await startHttpServer(answerWith(401));
    expect((await runHttp(server.url)).reason).toBe('status');
    expect((await runHttp(server.url, { bearer_token: 'wrong' })).reason).toBe('auth');
  });
});

describe('the version of HTTP', () => {
  test.each([
    ['BB-T11', [], true],
    ['BB-T12', ['HTTP/1.1'], true],
    ['BB-T13', ['HTTP/1.1', 'HTTP/2.0'], true],
    ['BB-T14', ['HTTP/2.0'], false],
  ] as const)('%s wants %j of an HTTP/1.1 server', async (_id, versions, isOk) => {
    await using server = await startHttpServer(answerWith(200));
    const outcome = await runHttp(server.url, { valid_http_versions: [...versions] });
    expect(outcome.status).toBe(isOk ? 'ok' : 'critical');
    expect(metric(outcome, 'probe_http_version')).toBe(1.1);
  });

  test('HTTP/1.0 counts as 1 and its body ends with the connection', async () => {
    await using server = await startTcpServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nabc'));
    });
    const outcome = await runHttp(`127.0.0.1:${server.port}`);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_version')).toBe(1);
    expect(metric(outcome, 'probe_http_content_length')).toBe(-1);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(3);
  });
});

describe('what is sent', () => {
  test('BB-T32 BB-T85 the method and headers arrive as configured, on a connection of their own', async () => {
    const seen: unknown[] = [];
    await using server = await startHttpServer((request, response) => {
      seen.push(request.method, request.rawHeaders);
      response.end();
    });
    const headers = { 'User-Agent': 'unit test', 'accept-language': 'en-US', HOST: 'my.example' };
    await runHttp(server.url, { method: 'POST', headers });
    const sent = ['User-Agent', 'unit test', 'accept-language', 'en-US', 'Connection', 'close'];
    expect(seen).toEqual(['POST', ['Host', 'my.example', ...sent, 'Content-Length', '0']]);
  });

  test('without headers it names itself and negotiates no compression', async () => {
    let raw: string[] = [];
    await using server = await startHttpServer((request, response) => {
      raw = request.rawHeaders;
      response.end();
    });
    await runHttp(server.url);
    const name = expect.stringMatching(/^tocsin\/\d/) as string;
    const host = `127.0.0.1:${server.port}`;
    expect(raw).toEqual(['Host', host, 'User-Agent', name, 'Connection', 'close']);
  });

  test('BB-T99 a body arrives unchanged, inline and from a file', async () => {
    const bodies: string[] = [];
    await using server = await startHttpServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        bodies.push(body);
        response.end();
      });
    });
    await runHttp(server.url, { method: 'POST', body: 'Grüße' });
    await runHttp(server.url, { body_file: temporaryFile('from a file\n') });
    expect(bodies).toEqual(['Grüße', 'from a file\n']);
  });

  test('BB-T33 credentials of every kind arrive', async () => {
    const seen: (string | undefined)[] = [];
    await using server = await startHttpServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    const file = temporaryFile('from-file\n');
    await runHttp(server.url, { basic_auth: { username: 'u', password: 'p' } });
    await runHttp(server.url, { basic_auth: { username: 'u', password_file: file } });
    await runHttp(server.url, { bearer_token: 't0ken' });
    await runHttp(server.url, { bearer_token_file: file });
    await runHttp(server.url, { authorization: { type: 'Key', credentials: 'k' } });
    const withUser = server.url.replace('//', '//me:s%26cret@');
    const outcome = await runHttp(withUser);
    const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
    expect(seen).toEqual([
      basic('u:p'),
      basic('u:from-file'),
      'Bearer t0ken',
      'Bearer from-file',
      'Key k',
      basic('me:s&cret'),
    ]);
    expect(JSON.stringify(outcome)).not.toMatch(/s%26cret|s&cret/);
  });

  test('credentials that cannot be read say nothing about the target', async () => {
    await using server = await startHttpServer(answerWith(200));
    const outcome = await runHttp(server.url, { bearer_token_file: '/nonexistent/token' });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'missing' });
    expect(outcome.summary).toContain('/nonexistent/token');
    // They are read by the request, and so blackbox_exporter has all phases then.
    expect(phasesIn(outcome, 'probe_http_duration_seconds')).toEqual(allPhases);
  });
});

describe('rules about headers', () => {
  const rule = (regexp: string, allow_missing = false) => ({
    header: 'X-Thing',
    regexp,
    allow_missing,
  });
  test.each([
    ['BB-T68 the value matches', 'X-Thing', 'abc', rule('^a'), false],
    ['BB-T69 the value differs', 'X-Thing', 'xyz', rule('^a'), true],
    ['BB-T70 lower case', 'x-thing', 'xyz', rule('^a'), true],
    ['BB-T71 everything matches an empty value', 'X-Thing', '', rule('.*'), false],
    ['BB-T72 it is missing', 'Other', 'a', rule('.*'), false],
    ['BB-T73 empty though it may be missing', 'X-Thing', '', rule('.*', true), false],
    ['BB-T74 it may be missing', 'Other', 'a', rule('.*', true), true],
  ])('%s: fail_if_header_matches', async (_id, name, value, matcher, isOk) => {
    await using server = await startHttpServer(answerWith(200, { [name]: value }));
    const outcome = await runHttp(server.url, { fail_if_header_matches: [matcher] });
    expect(outcome.reason).toBe(isOk ? undefined : 'header');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(isOk ? 0 : 1);
  });

  test.each([
    ['BB-T77 the value matches', 'X-Thing', 'abc', rule('^a'), true],
    ['BB-T78 lower case', 'x-thing', 'abc', rule('^a'), true],
    ['BB-T79 the value differs', 'X-Thing', 'xyz', rule('^a'), false],
    ['BB-T80 everything matches an empty value', 'X-Thing', '', rule('.*'), true],
    ['BB-T81 it is missing', 'Other', 'a', rule('.*'), false],
    ['BB-T82 it may be missing', 'Other', 'a', rule('.*', true), true],
  ])('%s: fail_if_header_not_matches', async (_id, name, value, matcher, isOk) => {
    await using server = await startHttpServer(answerWith(200, { [name]: value }));
    const outcome = await runHttp(server.url, { fail_if_header_not_matches: [matcher] });
    expect(outcome.reason).toBe(isOk ? undefined : 'header');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(isOk ? 0 : 1);
  });

  test('BB-T75 BB-T83 a cookie that is set is judged', async () => {
    await using server = await startHttpServer(answerWith(200, { 'Set-Cookie': 'zz=4; Path=/' }));
    const found = { fail_if_header_matches: [{ header: 'set-cookie', regexp: '^zz=' }] };
    expect((await runHttp(server.url, found)).reason).toBe('header');
    const lacking = { fail_if_header_not_matches: [{ header: 'Set-Cookie', regexp: '^afs_id=' }] };
    const outcome = await runHttp(server.url, lacking);
    expect(outcome.reason).toBe('header');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(1);
  });

  test('BB-T76 BB-T84 repeated headers are judged one by one', async () => {
    const cookies = { 'Set-Cookie': ['zz=4', 'afs_id=1; Path=/'] };
    await using server = await startHttpServer(answerWith(200, cookies));
    const second = { header: 'Set-Cookie', regexp: '^afs_id=' };
    expect((await runHttp(server.url, { fail_if_header_matches: [second] })).status).toBe(
      'critical',
    );
    expect((await runHttp(server.url, { fail_if_header_not_matches: [second] })).status).toBe('ok');
  });
});

describe('what is exported', () => {
  test('BB-T91 a sound probe has five phases that add up to no more than it took', async () => {
    await using server = await startHttpServer(answerWith(200, {}, 'x'));
    const outcome = await runHttp(server.url);
    expect(familyNames(outcome)).toEqual(alwaysThere);
    expect(phasesIn(outcome, 'probe_http_duration_seconds')).toEqual(allPhases);
    const sumMs = outcome.phases.reduce((sum, phase) => sum + phase.ms, 0);
    const [time] = outcome.values;
    expect(time).toMatchObject({ metric: 'response_time', unit: 's' });
    expect(sumMs).toBeLessThanOrEqual((time?.value ?? 0) * 1000);
  });

  test('BB-T104 a refused connection has all phases, and zeros', async () => {
    const port = await closedPort();
    const outcome = await runHttp(`http://127.0.0.1:${port}`);
    expect(outcome).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `connect to 127.0.0.1:${port} refused`,
    });
    expect(familyNames(outcome)).toEqual(alwaysThere);
    expect(outcome.phases.slice(1).map((phase) => phase.ms)).toEqual([0, 0, 0, 0]);
    for (const name of ['status_code', 'version', 'ssl', 'content_length', 'redirects']) {
      expect(metric(outcome, `probe_http_${name}`)).toBe(0);
    }
    expect(metric(outcome, 'probe_ip_addr_hash')).toBe(3668918509);
  });

  test('BB-T105 a name that does not resolve has only its phase', async () => {
    const outcome = await runHttp('http://nothing.invalid/');
    expect(outcome.reason).toBe('resolve');
    expect(familyNames(outcome)).toEqual(alwaysThere);
    expect(phasesIn(outcome, 'probe_http_duration_seconds')).toEqual(['resolve']);
    expect(metric(outcome, 'probe_ip_protocol')).toBe(0);
    expect(metric(outcome, 'probe_ip_addr_hash')).toBe(0);
  });

  test('BB-T106 a target that is no URL has neither phases nor an address', async () => {
    const outcome = await runHttp('http://%zz');
    expect(outcome.status).toBe('critical');
    expect(familyNames(outcome)).toEqual(
      alwaysThere.filter((name) => !/duration|_ip_|dns/.test(name)),
    );
  });

  test('BB-T113 Last-Modified is exported if it is a date', async () => {
    const name = 'probe_http_last_modified_timestamp_seconds';
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT';
    await using dated = await startHttpServer(answerWith(200, { 'Last-Modified': date }));
    expect(metric(await runHttp(dated.url), name)).toBe(Date.UTC(2015, 9, 21, 7, 28) / 1000);
    await using undated = await startHttpServer(answerWith(200, { 'Last-Modified': '12' }));
    expect(familyNames(await runHttp(undated.url))).not.toContain(name);
  });

  test.each(['HTTP://', 'HtTp://', 'http://', ''])(
    'BB-T100 %j in front is accepted',
    async (scheme) => {
      await using server = await startHttpServer(answerWith(200));
      expect((await runHttp(`${scheme}127.0.0.1:${server.port}/a?b`)).status).toBe('ok');
    },
  );

  test.each([
    ['plain, with the rule', true, false, true],
    ['plain, without it', false, false, false],
    ['cut off, with the rule', true, true, false],
  ])('BB-T35 speaks of TLS only if that decides: %s', async (_what, wants, isCut, speaks) => {
    await using server = await startTcpServer((socket) => {
      socket.once('data', () => socket.end(isCut ? '' : 'HTTP/1.1 200 OK\r\n\r\n'));
    });
    const options = { fail_if_not_ssl: wants };
    const outcome = await runHttp(`127.0.0.1:${server.port}`, options);
    expect([outcome.summary, ...outcome.detail].join('\n').includes('TLS')).toBe(speaks);
  });

  test.each([
    ['HEAD', 204, {}, -1],
    ['HEAD', 304, { 'Content-Length': '5' }, 5],
    ['HEAD', 304, {}, -1],
    ['HEAD', 200, { 'Content-Length': '7' }, 7],
    ['GET', 204, {}, 0],
    ['GET', 304, { 'Content-Length': '5' }, 0],
    ['GET', 200, { 'Content-Length': '0' }, 0],
  ])(
    'the length of the answer to %s, %i with %j, is %i',
    async (method, status, headers, length) => {
      await using server = await startHttpServer(answerWith(status, headers));
      const outcome = await runHttp(server.url, { method, valid_status_codes: [status] });
      expect(outcome.status).toBe('ok');
      expect(metric(outcome, 'probe_http_content_length')).toBe(length);
      expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(0);
    },
  );

  test('BB-T100 another scheme is a host that does not resolve', async () => {
    const outcome = await runHttp('invalid://127.0.0.1:9/');
    expect(outcome).toMatchObject({ status: 'critical', reason: 'resolve' });
  });

  test('whoever looks for a fault sees how long each round trip took', async () => {
    await using server = await startHttpServer((request, response) =>
      answerWith(request.url === '/' ? 302 : 200, { Location: '/next' }, 'abc')(request, response),
    );
    const lines: string[] = [];
    await runHttp(server.url, {}, { debug: (line) => void lines.push(line) });
    const steps = ': connect [0-9.]+ms, tls 0[.]0ms, response head [0-9.]+ms$';
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(new RegExp(`^GET 127.0.0.1:${server.port}/${steps}`));
    expect(lines[1]).toMatch(new RegExp(`^GET 127.0.0.1:${server.port}/next${steps}`));
    expect(lines[2]).toMatch(/^body: 3 bytes in [\d.]+ms$/);
  });

  test('BB-T34 fail_if_not_ssl fails over a plain connection, if nothing else did before', async () => {
    await using server = await startHttpServer(answerWith(404));
    const options = { fail_if_not_ssl: true };
    expect((await runHttp(server.url, options)).reason).toBe('status');
    const outcome = await runHttp(server.url, { ...options, valid_status_codes: [404] });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(metric(outcome, 'probe_http_ssl')).toBe(0);
  });
});
