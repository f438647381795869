import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createCookieJar } from '../../../../src/checks/net/http/cookie-jar.ts';
import { cookiesMax } from '../../../../src/model/limits.ts';
import { eventually } from '../../../support/eventually.ts';
import { metric } from '../../../support/probe-context.ts';
import { startHttpServer } from '../../../support/http-server.ts';
import { runHttp } from '../../../support/probe-http.ts';

/** Answers the paths given with a redirect, all others with 200; remembers the requests. */
function redirecting(
  locations: Record<string, string>,
  seen: IncomingMessage[] = [],
  status = 302,
): RequestListener {
  return (request, response) => {
    seen.push(request);
    const location = locations[request.url ?? ''];
    if (location === undefined) response.end('arrived');
    else response.writeHead(status, { Location: location }).end();
  };
}

test('BB-T29 follows a redirect and counts it', async () => {
  await using server = await startHttpServer(redirecting({ '/': '/next' }));
  const outcome = await runHttp(server.url);
  expect(outcome.status).toBe('ok');
  expect(outcome.summary).toContain(`${server.url}/next`);
  expect(metric(outcome, 'probe_http_redirects')).toBe(1);
});

test('BB-T30 judges the redirect itself if it is not to be followed', async () => {
  const seen: IncomingMessage[] = [];
  await using server = await startHttpServer(redirecting({ '/': '/next' }, seen));
  const options = { follow_redirects: false, valid_status_codes: [302] };
  const outcome = await runHttp(server.url, options);
  expect(outcome.status).toBe('ok');
  expect(seen).toHaveLength(1);
  expect(metric(outcome, 'probe_http_redirects')).toBe(1);
});

test('BB-T108 a redirect that is not followed has no body to judge', async () => {
  await using server = await startHttpServer((_request, response) =>
    response.writeHead(302, { Location: '/next' }).end('moved'),
  );
  const options = { follow_redirects: false, valid_status_codes: [302] };
  const rule = { fail_if_body_not_matches_regexp: ['moved'] };
  const outcome = await runHttp(server.url, { ...options, ...rule });
  expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
  expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(1);
  expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(0);
});

test('BB-T31 gives up at the eleventh redirect', async () => {
  const paths: (string | undefined)[] = [];
  await using server = await startHttpServer((request, response) => {
    paths.push(request.url);
    response.writeHead(302, { Location: `/${paths.length}` }).end();
  });
  const outcome = await runHttp(`${server.url}/0`);
  expect(outcome.reason).toBe('status');
  expect(metric(outcome, 'probe_http_redirects')).toBe(11);
  expect(metric(outcome, 'probe_http_status_code')).toBe(302);
  expect(paths).toEqual(Array.from({ length: 11 }, (_, index) => `/${index}`));
});

test('BB-T92 sends a cookie that the redirect set, where it belongs', async () => {
  const cookies: (string | undefined)[] = [];
  await using server = await startHttpServer((request, response) => {
    cookies.push(request.headers.cookie);
    const set = ['a=1', 'b=2; Path=/elsewhere', 'c=3; Secure', 'd=4; Domain=other.example'];
    if (cookies.length > 2) return response.end();
    const headers = { Location: '/next', 'Set-Cookie': cookies.length > 1 ? 'a=; Max-Age=0' : set };
    return response.writeHead(302, headers).end();
  });
  expect((await runHttp(server.url)).status).toBe('ok');
  expect(cookies).toEqual([undefined, 'a=1', undefined]);
});

test('a cookie is kept for its domain, but never for a public suffix', async () => {
  const jar = createCookieJar();
  const set = async (address: string, ...lines: readonly string[]): Promise<void> =>
    jar.store(
      new URL(address),
      lines.flatMap((line) => ['Set-Cookie', line]),
    );
  await set('http://www.shop.co.uk/', 'a=1; Domain=shop.co.uk', 'b=2; Domain=co.uk', 'c=3');
  expect(jar.header(new URL('http://api.shop.co.uk/'))).toBe('a=1');
  expect(jar.header(new URL('http://www.shop.co.uk/'))).toBe('a=1; c=3');
  expect(jar.header(new URL('http://other.co.uk/'))).toBeUndefined();
});

test('of very many cookies the first ones are kept', async () => {
  const jar = createCookieJar();
  const lines = Array.from({ length: cookiesMax + 10 }, (_, index) => `c${index}=1`);
  const url = new URL('http://127.0.0.1/');
  await jar.store(
    url,
    lines.flatMap((line) => ['set-cookie', line]),
  );
  expect(jar.header(url)?.split('; ')).toHaveLength(cookiesMax);
});

describe('the phases of a chain', () => {
  const duration = 'probe_http_duration_seconds';

  test('add up what each server took to answer, and transfer what the last one sent', async () => {
    const delayMs = 60;
    await using server = await startHttpServer((request, response) => {
      const answer = (): void => {
        if (request.url !== '/') return void response.end('arrived');
        // The body of a redirect is of no interest, and may never end.
        response.writeHead(302, { Location: '/next' }).write('moved');
      };
      setTimeout(answer, delayMs);
    });
    const outcome = await runHttp(server.url);
    expect(outcome.status).toBe('ok');
    const processing = metric(outcome, duration, { phase: 'processing' }) ?? 0;
    expect(processing).toBeGreaterThanOrEqual((2 * delayMs - 10) / 1000);
    expect(metric(outcome, duration, { phase: 'transfer' })).toBeLessThan(processing);
    expect(metric(outcome, duration, { phase: 'tls' })).toBe(0);
  });

  test('add the lookup of another name to the first one', async () => {
    await using server = await startHttpServer((request, response) =>
      redirecting({ '/': `http://localhost:${server.port}/next` })(request, response),
    );
    const ofName = await runHttp(server.url, { preferred_ip_protocol: 'ip4' });
    const seconds = metric(ofName, 'probe_dns_lookup_time_seconds') ?? 0;
    expect(metric(ofName, duration, { phase: 'resolve' })).toBeGreaterThan(seconds);
    const own = await runHttp(`${server.url}/next`);
    const ownSeconds = metric(own, 'probe_dns_lookup_time_seconds');
    expect(metric(own, duration, { phase: 'resolve' })).toBe(ownSeconds);
  });
});

describe('the request that follows', () => {
  test.each([
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'form'],
    [308, 'POST', 'form'],
  ])('after %i is a %s with body %j', async (status, method, body) => {
    const seen: string[] = [];
    await using server = await startHttpServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        seen.push(`${request.method} ${text}`);
        response.writeHead(seen.length > 1 ? 200 : status, { Location: '/next' }).end();
      });
    });
    expect((await runHttp(server.url, { method: 'POST', body: 'form' })).status).toBe('ok');
    expect(seen[1]).toBe(`${method} ${body}`);
  });

  test('keeps a configured Host on a relative redirect only', async () => {
    const seen: IncomingMessage[] = [];
    await using server = await startHttpServer((request, response) =>
      redirecting({ '/': '/one', '/one': `${server.url}/two` }, seen)(request, response),
    );
    expect((await runHttp(server.url, { headers: { Host: 'shop.example' } })).status).toBe('ok');
    const hosts = seen.map((request) => request.headers.host);
    expect(hosts).toEqual(['shop.example', 'shop.example', `127.0.0.1:${server.port}`]);
  });

  test('takes credentials to the same host and not to another', async () => {
    const seen: IncomingMessage[] = [];
    await using other = await startHttpServer(redirecting({}, seen), '127.0.0.2');
    await using server = await startHttpServer(
      redirecting({ '/': '/same', '/same': `${other.url}/` }, seen),
    );
    const outcome = await runHttp(server.url, { bearer_token: 't0ken', headers: { 'X-Id': '7' } });
    expect(outcome.status).toBe('ok');
    const tokens = seen.map((request) => request.headers.authorization);
    expect(tokens).toEqual(['Bearer t0ken', 'Bearer t0ken', undefined]);
    expect(seen[2]?.headers['x-id']).toBe('7');
  });
});

test('a redirect without a location is the final response', async () => {
  await using server = await startHttpServer((_request, response) => response.writeHead(304).end());
  const outcome = await runHttp(server.url, { valid_status_codes: [304] });
  expect(outcome.status).toBe('ok');
  expect(metric(outcome, 'probe_http_redirects')).toBe(0);
  expect(metric(outcome, 'probe_http_content_length')).toBe(0);
});

test.each([
  ['another scheme', 'ftp://127.0.0.1/', 1],
  ['no URL at all', 'http://%zz/', 0],
])('a redirect to %s fails without a status', async (_what, location, redirects) => {
  await using server = await startHttpServer(redirecting({ '/': location }));
  const outcome = await runHttp(server.url);
  expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
  expect(metric(outcome, 'probe_http_status_code')).toBe(0);
  expect(metric(outcome, 'probe_http_redirects')).toBe(redirects);
  await eventually(() => server.open.size === 0, 'the connection is closed');
});
