import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProbeOutcome } from '../../../../src/checks/net/probe.ts';
import { familyNames, labelsOf, metric } from '../../../support/probe-context.ts';
import {
  startHttp2Server,
  startHttpServer,
  startHttpsServer,
} from '../../../support/http-server.ts';
import { runHttp } from '../../../support/probe-http.ts';
import { createAuthority, selfSigned } from '../../../support/tls-authority.ts';

const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const sound = authority.issue();
const trusting = { tls_config: { ca: authority.ca } };
const tlsFamilies = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_expiry_timestamp_seconds',
  'probe_ssl_last_chain_info',
  'probe_tls_cipher_info',
  'probe_tls_version_info',
];
const hello = (_request: unknown, response: { end(text: string): void }): void =>
  response.end('hello');

function expirySeconds(pem: string): number {
  return new X509Certificate(pem).validToDate.getTime() / 1000;
}

function expectNoTls(outcome: ProbeOutcome): void {
  expect(metric(outcome, 'probe_http_ssl')).toBe(0);
  expect(metric(outcome, 'probe_http_status_code')).toBe(0);
  expect(familyNames(outcome)).not.toEqual(expect.arrayContaining([tlsFamilies[0]]));
  expect(metric(outcome, 'probe_http_duration_seconds', { phase: 'tls' })).toBe(0);
}

describe('a sound certificate', () => {
  test('BB-T89 is verified for the host of the target, and all its families are there', async () => {
    await using server = await startHttpsServer(sound, hello);
    const outcome = await runHttp(`https://localhost:${server.port}`, {
      ...trusting,
      preferred_ip_protocol: 'ip4',
    });
    expect(outcome.status).toBe('ok');
    expect(familyNames(outcome)).toEqual(expect.arrayContaining(tlsFamilies));
    expect(metric(outcome, 'probe_http_ssl')).toBe(1);
    const expiry = expirySeconds(sound.cert);
    expect(metric(outcome, 'probe_ssl_earliest_cert_expiry')).toBe(expiry);
    expect(metric(outcome, 'probe_ssl_last_chain_expiry_timestamp_seconds')).toBe(expiry);
    expect(labelsOf(outcome, 'probe_tls_version_info')).toEqual({ version: 'TLS 1.3' });
    expect(labelsOf(outcome, 'probe_tls_cipher_info')?.cipher).toMatch(/^TLS_\w+_SHA\d+$/);
    expect(metric(outcome, 'probe_http_duration_seconds', { phase: 'tls' })).toBeGreaterThan(0);
    const left = outcome.values.find((value) => value.metric === 'certificate_days_left');
    expect(left?.value).toBeGreaterThan(9.9);
    expect(left?.value).toBeLessThanOrEqual(10);
  });

  test('is found by the configured server name or Host header where the target is an address', async () => {
    using names = createAuthority();
    const web = names.issue({ names: 'DNS:web.example' });
    await using server = await startHttpsServer(web, hello);
    const ca = names.ca;
    const wrong = await runHttp(server.url, { tls_config: { ca } });
    expect(wrong.summary).toContain('is for DNS:web.example, wanted 127.0.0.1');
    const byName = { tls_config: { ca, server_name: 'web.example' } };
    expect((await runHttp(server.url, byName)).status).toBe('ok');
    const byHost = { tls_config: { ca }, headers: { Host: 'web.example:444' } };
    expect((await runHttp(server.url, byHost)).status).toBe('ok');
  });

  test('is accepted from a renewed authority file without a restart', async () => {
    const file = join(authority.directory, 'trusted.pem');
    writeFileSync(file, selfSigned('/CN=other').cert);
    await using server = await startHttpsServer(sound, hello);
    const options = { tls_config: { ca_file: file } };
    expect((await runHttp(server.url, options)).reason).toBe('tls');
    writeFileSync(file, authority.ca);
    expect((await runHttp(server.url, options)).status).toBe('ok');
  });

  test('fails under fail_if_ssl, with all its families', async () => {
    await using server = await startHttpsServer(sound, hello);
    const outcome = await runHttp(server.url, { ...trusting, fail_if_ssl: true });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(familyNames(outcome)).toEqual(expect.arrayContaining(tlsFamilies));
  });
});

describe('a certificate that does not verify', () => {
  test('BB-T86 fails without a trace of TLS', async () => {
    await using server = await startHttpsServer(selfSigned('/CN=localhost'), hello);
    const outcome = await runHttp(server.url);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(outcome.summary).toContain('is signed by itself');
    expectNoTls(outcome);
  });

  test.each([
    ['expired', { days: -3 }, /expired on \d{4}-\d\d-\d\d$/],
    ['without alternative names', { names: '', subject: '/CN=127.0.0.1' }, /no named host/],
  ])('%s is said in the sentence', async (_what, wish, sentence) => {
    await using server = await startHttpsServer(authority.issue(wish), hello);
    const outcome = await runHttp(server.url, trusting);
    expect(outcome.reason).toBe('tls');
    expect(outcome.summary).toMatch(sentence);
    expectNoTls(outcome);
  });

  test('from an authority that is not trusted is said so', async () => {
    await using server = await startHttpsServer(sound, hello);
    expect((await runHttp(server.url)).summary).toContain('leads to no trusted authority');
  });

  test('BB-T87 BB-T109 is accepted unverified, with an impossible chain expiry', async () => {
    const own = selfSigned('/CN=localhost');
    await using server = await startHttpsServer(own, hello);
    const outcome = await runHttp(server.url, { tls_config: { insecure_skip_verify: true } });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_ssl')).toBe(1);
    expect(metric(outcome, 'probe_ssl_earliest_cert_expiry')).toBe(expirySeconds(own.cert));
    const chain = metric(outcome, 'probe_ssl_last_chain_expiry_timestamp_seconds');
    expect(chain).toBe(-62_135_596_800);
  });
});

describe('the options', () => {
  test('BB-T88 do not matter over a plain connection', async () => {
    await using server = await startHttpServer(hello);
    const outcome = await runHttp(server.url, trusting);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_ssl')).toBe(0);
  });

  test('a client certificate is shown to the server', async () => {
    const asking = { ...sound, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    await using server = await startHttpsServer(asking, hello);
    const { cert, key } = authority.issue({ subject: '/CN=client' });
    expect((await runHttp(server.url, trusting)).status).toBe('critical');
    const shown = { tls_config: { ca: authority.ca, cert, key } };
    expect((await runHttp(server.url, shown)).status).toBe('ok');
  });

  test('a server below the wanted version is refused', async () => {
    await using server = await startHttpsServer({ ...sound, maxVersion: 'TLSv1.2' }, hello);
    const any = await runHttp(server.url, trusting);
    expect(labelsOf(any, 'probe_tls_version_info')).toEqual({ version: 'TLS 1.2' });
    const strict = { tls_config: { ca: authority.ca, min_version: 'TLS13' as const } };
    expect((await runHttp(server.url, strict)).reason).toBe('tls');
  });

  test('an authority file that is missing says nothing about the target', async () => {
    await using server = await startHttpsServer(sound, hello);
    const outcome = await runHttp(server.url, { tls_config: { ca_file: '/nonexistent/ca.pem' } });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'missing' });
  });
});

test('a redirect on the same host keeps the forced server name', async () => {
  await using server = await startHttpsServer(
    authority.issue({ names: 'DNS:shop.example' }),
    (request, response) =>
      request.url === '/'
        ? response.writeHead(302, { Location: '/next' }).end()
        : response.end('arrived'),
  );
  const tls = { ca: authority.ca, server_name: 'shop.example' };
  const outcome = await runHttp(server.url, { tls_config: tls });
  expect(outcome.status).toBe('ok');
  expect(metric(outcome, 'probe_http_redirects')).toBe(1);
});

test('BB-T90 a redirect to a TLS host drops the forced server name', async () => {
  await using secure = await startHttpsServer(sound, hello);
  await using server = await startHttpServer((_request, response) =>
    response.writeHead(302, { Location: `https://localhost:${secure.port}/` }).end(),
  );
  const outcome = await runHttp(server.url, {
    tls_config: { ca: authority.ca, server_name: 'elsewhere.example' },
    preferred_ip_protocol: 'ip4',
  });
  expect(outcome.status).toBe('ok');
  expect(metric(outcome, 'probe_http_ssl')).toBe(1);
});

describe('HTTP/2', () => {
  test('is spoken where the server can, with headers, body and length', async () => {
    const seen: unknown[] = [];
    await using server = await startHttp2Server(sound, (request, response) => {
      seen.push(request.httpVersion, request.method, request.headers['x-id']);
      request.resume().on('end', () => response.writeHead(200, { 'content-length': 2 }).end('ok'));
    });
    const outcome = await runHttp(server.url, {
      ...trusting,
      method: 'POST',
      body: 'form',
      headers: { 'X-Id': '7' },
      valid_http_versions: ['HTTP/2.0'],
      fail_if_body_not_matches_regexp: ['^ok$'],
    });
    expect(outcome.summary).toMatch(/^HTTP 200/);
    expect(seen).toEqual(['2.0', 'POST', '7']);
    expect(metric(outcome, 'probe_http_version')).toBe(2);
    expect(metric(outcome, 'probe_http_content_length')).toBe(2);
  });

  test.each([
    ['GET', 204, 0],
    ['HEAD', 200, -1],
  ])('%s that is answered with %i and no body has length %i', async (method, status, length) => {
    await using server = await startHttp2Server(sound, (_request, response) =>
      response.writeHead(status).end(),
    );
    const outcome = await runHttp(server.url, { ...trusting, method });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_content_length')).toBe(length);
  });

  test('is not asked for if it is switched off', async () => {
    await using server = await startHttp2Server(sound, hello);
    const outcome = await runHttp(server.url, { ...trusting, enable_http2: false });
    expect(metric(outcome, 'probe_http_version')).toBe(1.1);
  });

  test('ends at the deadline if no answer comes', async () => {
    await using server = await startHttp2Server(sound, () => {});
    const outcome = await runHttp(server.url, trusting, 300);
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toContain('while waiting for the response head');
  });
});
