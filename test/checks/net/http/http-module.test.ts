import * as v from 'valibot';
import { gzipSync } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { httpBlock, httpModuleBlock } from '../../../../src/checks/net/http/http-options.ts';
import { startHttpServer } from '../../../support/http-server.ts';
import { metric, phasesIn } from '../../../support/probe-context.ts';
import { runHttp, runHttpModule } from '../../../support/probe-http.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** The messages of what is wrong with a block, each with its path. */
function problems(block: unknown, schema: typeof httpBlock): string[] {
  return (v.safeParse(schema, block).issues ?? []).map(
    (issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`,
  );
}

const both = [
  ['a check', httpBlock],
  ['a module', httpModuleBlock],
] as const;

describe.each(both)('what %s refuses', (_what, schema) => {
  test.each([
    [
      'BB-T101 HTTP/3 as a version',
      { valid_http_versions: ['HTTP/3.0'] },
      'valid_http_versions.0: ',
    ],
    ['BB-T102 HTTP/3', { enable_http3: true, enable_http2: false }, 'enable_http3: '],
    ['BB-T103 HTTP/3 for any scheme', { enable_http3: true }, 'enable_http3: '],
  ])('%s, at its line', (_id, block, path) => {
    const [first] = problems(block, schema);
    expect(first).toMatch(new RegExp(`^${path}.*HTTP/3 is not supported`));
  });

  test.each([
    ['two proxies', { proxy_url: 'http://p:1', proxy_from_environment: true }, 'either proxy_url'],
    ['exceptions of no proxy', { no_proxy: 'a' }, 'no_proxy together'],
    [
      'exceptions beside the environment',
      { proxy_from_environment: true, no_proxy: 'a' },
      'no_proxy only',
    ],
    [
      'headers for no proxy',
      { proxy_connect_header: { A: ['b'] } },
      'proxy_connect_header together',
    ],
    ['a proxy for SOCKS', { proxy_url: 'socks5://p:1' }, 'SOCKS is not supported'],
    ['a proxy without a scheme', { proxy_url: 'p:1' }, 'the URL of a proxy'],
    ['no client', { oauth2: { token_url: 'http://t' } }, 'oauth2.client_id: '],
    ['no server of tokens', { oauth2: { client_id: 'a' } }, 'oauth2.token_url: '],
    [
      'two secrets',
      {
        oauth2: {
          client_id: 'a',
          token_url: 'http://t',
          client_secret: 'b',
          client_secret_file: 'c',
        },
      },
      'oauth2: either client_secret',
    ],
    [
      'an assertion',
      {
        oauth2: {
          client_id: 'a',
          token_url: 'http://t',
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        },
      },
      'oauth2.grant_type: client_credentials, the only',
    ],
    [
      'two users',
      { basic_auth: { username: 'a', username_file: 'b' } },
      'basic_auth: either username',
    ],
    [
      'two identities',
      { basic_auth: { username: 'a' }, oauth2: { client_id: 'a', token_url: 'http://t' } },
      'only one of',
    ],
    [
      'a reserved header',
      { http_headers: { 'content-TYPE': { values: ['a'] } } },
      'http_headers: no header',
    ],
  ])('%s', (_id, block, problem) => {
    expect(problems(block, schema).join('\n')).toContain(problem);
  });
});

describe('a module takes what blackbox_exporter takes', () => {
  test.each([
    ['no compression and no method', { compression: '', method: '' }],
    ['no files', { body: 'a', body_file: '', bearer_token: '', bearer_token_file: 'b' }],
    [
      'no user',
      { basic_auth: { username: '', username_file: '', password: '', password_file: '' } },
    ],
    ['no type of authorization', { authorization: { type: ' ', credentials: 'a' } }],
    ['no grant type', { oauth2: { client_id: 'a', token_url: 'nowhere', grant_type: '' } }],
    ['no proxy', { proxy_url: '' }],
    ['a size below nothing', { body_size_limit: '-1MB' }],
    ['a size of two units', { body_size_limit: '1GB512MB' }],
    ['a status there is not', { valid_status_codes: [7] }],
    ['a version there is not', { valid_http_versions: ['HTTP/9'] }],
    ['a compression there is not', { compression: 'zstd' }],
    ['a method that is none', { method: 'G T' }],
    ['a header that is none', { headers: { 'a b': 'c' } }],
  ])('%s', (_what, block) => {
    expect(problems(block, httpModuleBlock)).toEqual([]);
  });

  test('an empty method is GET, and no compression leaves the body alone', async () => {
    const seen: unknown[] = [];
    await using server = await startHttpServer((request, response) => {
      seen.push(request.method);
      response.end(gzipSync('text'));
    });
    const outcome = await runHttpModule(server.url, { method: '', compression: '' });
    expect(outcome.status).toBe('ok');
    expect(seen).toEqual(['GET']);
  });

  test('a compression may be written in capitals', async () => {
    await using server = await startHttpServer((_request, response) =>
      response.end(gzipSync('text')),
    );
    const outcome = await runHttpModule(server.url, { compression: 'GZIP' });
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(4);
  });

  test.each([
    ['a compression there is not', { compression: 'zstd' }, 'body', 5],
    ['a method that is none', { method: 'G T' }, 'protocol', 1],
    ['a header that is none', { headers: { 'a b': 'c' } }, 'header', 5],
    ['a header on two lines', { headers: { a: 'b\r\nc: d' } }, 'header', 5],
    ['a Host on two lines', { headers: { Host: 'b\r\nc: d' } }, 'header', 5],
    ['a server of tokens that is none', { oauth2: { client_id: 'a', token_url: 'x' } }, 'auth', 5],
    ['an authority that is not there', { tls_config: { ca_file: '/nonexistent' } }, 'missing', 1],
  ])('%s fails the probe', async (_what, block, reason, phases) => {
    await using server = await startHttpServer((_request, response) => response.end('hello'));
    const outcome = await runHttpModule(server.url, block);
    expect(outcome.status).not.toBe('ok');
    expect(outcome.reason).toBe(reason);
    expect(phasesIn(outcome, 'probe_http_duration_seconds')).toHaveLength(phases);
  });
});

describe('no_follow_redirects', () => {
  test.each([
    [{ no_follow_redirects: true }, 302],
    [{ no_follow_redirects: true, follow_redirects: true }, 302],
    [{ no_follow_redirects: false, follow_redirects: false }, 200],
  ])('wins: %j ends with %i', async (block, status) => {
    await using server = await startHttpServer((request, response) =>
      request.url === '/'
        ? response.writeHead(302, { Location: '/next' }).end()
        : response.end('arrived'),
    );
    const outcome = await runHttp(server.url, block);
    expect(metric(outcome, 'probe_http_status_code')).toBe(status);
    expect(outcome.detail.join('\n')).toContain('no_follow_redirects is deprecated');
  });
});

describe('http_headers', () => {
  test('are sent, of several values the last, in place of headers of the same name', async () => {
    let seen: string[] = [];
    await using server = await startHttpServer((request, response) => {
      seen = request.rawHeaders;
      response.end();
    });
    const file = join(temporaryFolder(), 'value');
    writeFileSync(file, 'from file\n');
    const outcome = await runHttp(server.url, {
      headers: { 'x-both': 'plain', 'X-Other': 'stays' },
      http_headers: {
        'X-Both': { values: ['one', 'two'] },
        'X-Secret': { values: ['one'], secrets: ['hush'] },
        'X-File': { secrets: ['hush'], files: [file] },
      },
    });
    expect(outcome.status).toBe('ok');
    const pairs = seen.flatMap((name, at) => (at % 2 ? [] : [[name, seen[at + 1]]]));
    expect(pairs.filter(([name]) => name?.startsWith('X-') || name?.startsWith('x-'))).toEqual([
      ['X-Other', 'stays'],
      ['X-Both', 'two'],
      ['X-Secret', 'hush'],
      ['X-File', 'from file'],
    ]);
    expect(JSON.stringify(outcome)).not.toContain('hush');
  });

  test('with a file that is not there say nothing about the target', async () => {
    await using server = await startHttpServer((_request, response) => response.end());
    const http_headers = { 'X-File': { files: ['/nonexistent/value'] } };
    const outcome = await runHttp(server.url, { http_headers });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'missing' });
    expect(phasesIn(outcome, 'probe_http_duration_seconds')).toHaveLength(5);
  });

  test('reach another host only if they are no secret', async () => {
    const seen: unknown[] = [];
    await using other = await startHttpServer((request, response) => {
      seen.push(request.headers['x-plain'], request.headers['x-secret']);
      response.end();
    }, '127.0.0.2');
    await using server = await startHttpServer((request, response) => {
      seen.push(request.headers['x-plain'], request.headers['x-secret']);
      const location = request.url === '/' ? '/same' : other.url;
      response.writeHead(302, { Location: location }).end();
    });
    const http_headers = { 'X-Plain': { values: ['p'] }, 'X-Secret': { secrets: ['s'] } };
    expect((await runHttp(server.url, { http_headers })).status).toBe('ok');
    expect(seen).toEqual(['p', 's', 'p', 's', 'p', undefined]);
  });
});

test('basic_auth takes its user from a file as well', async () => {
  let seen: string | undefined;
  await using server = await startHttpServer((request, response) => {
    seen = request.headers.authorization;
    response.end();
  });
  const file = join(temporaryFolder(), 'user');
  writeFileSync(file, 'me\n');
  await runHttp(server.url, { basic_auth: { username_file: file, password: 'p' } });
  expect(seen).toBe(`Basic ${btoa('me:p')}`);
});
