import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { startHttpServer, startHttpsServer } from '../../../support/http-server.ts';
import { metric } from '../../../support/probe-context.ts';
import { runHttp } from '../../../support/probe-http.ts';
import { createAuthority } from '../../../support/tls-authority.ts';

/** What one probe sends, seen by the server: some headers of each request. */
async function sent(
  names: readonly string[],
  options: Parameters<typeof runHttp>[1] = {},
  { user = '', answer }: { user?: string; answer?: RequestListener } = {},
): Promise<(string | string[] | undefined)[][]> {
  const seen: (string | string[] | undefined)[][] = [];
  await using server = await startHttpServer((request, response) => {
    seen.push(names.map((name) => request.headers[name]?.toString().replace(/:\d+\//, '/')));
    if (answer !== undefined) answer(request, response);
    else if (request.url === '/') {
      response.writeHead(302, { Location: '/next', 'Set-Cookie': 'taste=sweet' }).end();
    } else if (request.url === '/next') response.writeHead(302, { Location: '/last' }).end();
    else response.end('there');
  });
  const outcome = await runHttp(server.url.replace('//', `//${user}`), options);
  expect(outcome.status).toBe('ok');
  return seen;
}

test('a redirect says which page led there, without the user in its URL', async () => {
  const seen = await sent(['referer'], {}, { user: 'user:word@' });
  expect(seen).toEqual([[undefined], ['http://127.0.0.1/'], ['http://127.0.0.1/next']]);
});

test('a Referer that the module has stays', async () => {
  const seen = await sent(['referer'], { headers: { Referer: 'http://example.test/' } });
  expect(seen).toEqual(Array.from({ length: 3 }, () => ['http://example.test/']));
});

test('the cookies of the module and those of the way go in one header', async () => {
  const seen = await sent(['cookie'], { headers: { Cookie: 'given=1' } });
  expect(seen).toEqual([['given=1'], ['given=1; taste=sweet'], ['given=1; taste=sweet']]);
});

test('the user in a URL comes before the one of the module', async () => {
  const options = { basic_auth: { username: 'other', password: 'secret' } };
  const [first] = await sent(['authorization'], options, { user: 'user:word@' });
  expect(first).toEqual([`Basic ${Buffer.from('user:word').toString('base64')}`]);
});

test('a method that nobody knows announces no body where there is none', async () => {
  const answer: RequestListener = (_request, response) => void response.end('ok');
  const names = ['transfer-encoding', 'content-length'];
  const seen = await sent(names, { method: 'PURGE' }, { answer });
  expect(seen).toEqual([[undefined, '0']]);
});

test.each(['gzip', 'no body'])(
  'a body that is no gzip is no fault of a pattern: %s',
  async (what) => {
    await using server = await startHttpServer((_request, response) => {
      response.end(what === 'gzip' ? 'this is not gzip' : '');
    });
    const rules = { fail_if_body_not_matches_regexp: ['never there'] };
    const outcome = await runHttp(server.url, { compression: 'gzip', ...rules });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  },
);

test.each([
  'Thu, 31 Feb 2015 00:00:00 GMT',
  'Thursday, 31-Feb-15 00:00:00 GMT',
  'Thu Feb 31 00:00:00 2015',
])('a day that there is not is no date: %s', async (date) => {
  await using server = await startHttpServer((_request, response) => {
    response.writeHead(200, { 'Last-Modified': date }).end();
  });
  const outcome = await runHttp(server.url);
  expect(metric(outcome, 'probe_http_last_modified_timestamp_seconds')).toBeUndefined();
});

test('a header that is not ASCII is UTF-8 to an expression', async () => {
  await using server = await startHttpServer((_request, response) => {
    const raw = Buffer.from('Öl', 'utf8').toString('latin1');
    response.writeHead(200, { 'X-Word': raw }).end();
  });
  const rule = { header: 'X-Word', regexp: '^\\pL{2}$' };
  expect(await runHttp(server.url, { fail_if_header_not_matches: [rule] })).toMatchObject({
    status: 'ok',
  });
});

test('the Host header stays the name of the server wherever a redirect leads to its address', async () => {
  using authority = createAuthority();
  const tls = authority.issue({ names: 'DNS:shop.example.test' });
  await using server = await startHttpsServer(tls, (request, response) => {
    const there = `https://127.0.0.1:${request.socket.localPort}/there`;
    if (request.url === '/there') response.end('ok');
    else response.writeHead(302, { Location: there }).end();
  });
  const outcome = await runHttp(server.url, {
    headers: { Host: 'shop.example.test' },
    tls_config: { ca_file: `${authority.directory}/ca.pem` },
  });
  expect(outcome.status).toBe('ok');
});
