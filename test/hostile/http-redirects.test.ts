import type { RequestListener } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import { cookiesMax, redirectsMax } from '../../src/model/limits.ts';
import { answering } from '../support/hostile-peer.ts';
import { startHttpServer, startHttpsServer } from '../support/http-server.ts';
import { metric } from '../support/probe-context.ts';
import { runHttp } from '../support/probe-http.ts';
import { besiege, heldToTime } from '../support/siege.ts';
import { createAuthority } from '../support/tls-authority.ts';

const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const trusting = { tls_config: { ca: authority.ca }, preferred_ip_protocol: 'ip4' } as const;

const redirect =
  (to: () => string): RequestListener =>
  (_request, response) =>
    response.writeHead(302, { Location: to() }).end();

describe('a circle of redirects', () => {
  test('over two hosts and two schemes ends at the limit', async () => {
    let requests = 0;
    const counted =
      (to: () => string): RequestListener =>
      (request, response) => {
        requests += 1;
        redirect(to)(request, response);
      };
    await using secure = await startHttpsServer(
      authority.issue(),
      counted(() => `http://localhost:${plain.port}/`),
    );
    await using plain = await startHttpServer(counted(() => secure.url));
    const outcome = await heldToTime(5000, async () => runHttp(plain.url, trusting));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'status' });
    expect(metric(outcome, 'probe_http_redirects')).toBe(redirectsMax + 1);
    expect(metric(outcome, 'probe_http_status_code')).toBe(302);
    expect(requests).toBe(redirectsMax + 1);
  });

  test('whose answers stall ends at the one deadline of all', async () => {
    await using server = await startHttpServer((request, response) => {
      setTimeout(() => redirect(() => '/again')(request, response), 60);
    });
    const outcome = await heldToTime(200, async () => runHttp(server.url, {}, 200));
    expect(outcome.reason).toBe('timeout');
    expect(metric(outcome, 'probe_http_redirects')).toBeGreaterThan(0);
  });
});

describe('a redirect that leads nowhere', () => {
  test.each([
    ['no host', 'http://'],
    ['an open bracket', 'http://['],
    ['a script', 'javascript:alert(1)'],
    ['a file', 'file:///etc/hostname'],
    ['data', 'data:text/plain,hello'],
    ['another protocol', 'gopher://127.0.0.1/'],
    ['an impossible port', 'http://127.0.0.1:99999/'],
    ['an impossible address', 'http://300.300.300.300/'],
    ['a zone', 'http://[fe80::1%25lo]/'],
    ['a host with a space', 'http://a b/'],
  ])('%s: %s', async (_what, location) => {
    const outcome = await besiege(
      answering(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`),
      async (address, ms) => runHttp(address, {}, ms),
      3000,
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain('redirects to something that is no http or https URL');
  });

  test.each([
    ['port 0', 'http://127.0.0.1:0/', 'connect'],
    ['bytes that are no UTF-8', 'http://127.0.0.1:1/\xff\xfe\xc0', 'connect'],
    ['64 KiB of path', `http://127.0.0.1:1/${'a'.repeat(65_536)}`, 'connect'],
    ['a password', 'http://user:pass@127.0.0.1:1/', 'connect'],
    ['a name that cannot be', `http://${'a.'.repeat(200)}invalid/`, 'resolve'],
    ['a label that cannot be', `http://${'a'.repeat(100)}.invalid/`, 'resolve'],
  ])('%s', async (_what, location, reason) => {
    const outcome = await besiege(
      answering(`HTTP/1.1 301 Moved\r\nLocation: ${location}\r\n\r\n`),
      async (address, ms) => runHttp(address, {}, ms),
      5000,
    );
    expect(outcome).toMatchObject({ status: 'critical', reason });
    expect(metric(outcome, 'probe_http_redirects')).toBe(1);
  });

  test('an empty one is no redirect, as blackbox_exporter sees it', async () => {
    const outcome = await besiege(
      answering('HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 5\r\n\r\nhello'),
      async (address, ms) => runHttp(address, { valid_status_codes: [302] }, ms),
      3000,
    );
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_redirects')).toBe(0);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(5);
  });
});

describe('thousands of cookies', () => {
  test('in each of many redirects are kept up to a bound, and none breaks the next request', async () => {
    let largest = 0;
    await using server = await startHttpServer((request, response) => {
      const sent = request.headers.cookie?.split('; ') ?? [];
      largest = Math.max(largest, sent.length);
      const hop = request.url?.length ?? 0;
      const cookies = Array.from({ length: 1500 }, (_, at) => `c${hop}-${at}=v; Path=/`);
      response.writeHead(302, { Location: `${request.url}a`, 'Set-Cookie': cookies }).end();
    });
    const outcome = await heldToTime(5000, async () => runHttp(server.url));
    expect(metric(outcome, 'probe_http_redirects')).toBe(redirectsMax + 1);
    expect(largest).toBe(cookiesMax);
  });

  test.each([
    ['without a name', '=x'],
    ['of 64 KiB', `a=${'x'.repeat(65_536)}`],
    ['with bytes that are no UTF-8', 'a=\xff\xfe\xc0'],
    ['with a name that is no token', 'a b"(),/:;<=>?@[]{}=c'],
    ['of an impossible domain', 'a=b; Domain=.'],
    ['of a whole top level', 'a=b; Domain=com'],
    ['of another site', 'a=b; Domain=example.com'],
    ['of an impossible date', 'a=b; Expires=Thu, 99 Foo 99999 99:99:99 GMT'],
    ['of an impossible age', `a=b; Max-Age=${'9'.repeat(400)}`],
    ['of 10 000 attributes', `a=b${'; x'.repeat(10_000)}`],
    ['called like a property of all objects', '__proto__=x; __proto__=y; constructor'],
  ])('one %s breaks nothing', async (_what, cookie) => {
    let asked = 0;
    const outcome = await besiege(
      (socket) => {
        asked += 1;
        const answer =
          asked === 1
            ? `HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: ${cookie}\r\n\r\n`
            : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
        answering(answer)(socket);
      },
      async (address, ms) => runHttp(address, {}, ms),
      3000,
    );
    expect(outcome.status).toBe('ok');
    expect(asked).toBe(2);
  });
});
