import { X509Certificate } from 'node:crypto';
import { createSecureContext, createServer, TLSSocket, type TlsOptions } from 'node:tls';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { dnsBlock } from '../../../../src/checks/net/dns/dns-options.ts';
import { probeDns } from '../../../../src/checks/net/dns/dns-probe.ts';
import type { ProbeOutcome } from '../../../../src/checks/net/probe.ts';
import { healthService, runGrpc, startGrpcServer } from '../../../support/grpc-server.ts';
import { startHttpServer, startHttpsServer } from '../../../support/http-server.ts';
import { familyNames, labelsOf, metric, probeContext } from '../../../support/probe-context.ts';
import { runHttp } from '../../../support/probe-http.ts';
import { runTcp } from '../../../support/probe-tcp.ts';
import { listenUnix, runUnix } from '../../../support/probe-unix.ts';
import { listen, startTcpServer, type TestServer } from '../../../support/tcp-server.ts';
import { createAuthority, selfSigned } from '../../../support/tls-authority.ts';
import { runWebsocket, startWebsocketServer } from '../../../support/websocket-server.ts';

const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const { ca } = authority;
const sound = authority.issue();

const notAfter = 'probe_certificate_not_after_timestamp_seconds';
const notBefore = 'probe_certificate_not_before_timestamp_seconds';
const clientNotAfter = 'probe_client_certificate_not_after_timestamp_seconds';

function start(options: TlsOptions): Promise<TestServer> {
  return listen(createServer(options, (socket) => socket.on('error', () => {})));
}

/** That the certificate was seen and what was thought of it, and nothing of blackbox_exporter's own. */
function expectSeen(outcome: ProbeOutcome, pem: string, verified: 0 | 1): void {
  const certificate = new X509Certificate(pem);
  expect(metric(outcome, notAfter)).toBe(certificate.validToDate.getTime() / 1000);
  expect(metric(outcome, notBefore)).toBe(certificate.validFromDate.getTime() / 1000);
  expect(metric(outcome, 'probe_certificate_verified')).toBe(verified);
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  expect(labelsOf(outcome, 'probe_certificate_info')).toMatchObject({
    fingerprint_sha256: fingerprint,
  });
  expect(outcome.values.map((value) => value.metric)).toContain('certificate_days_left');
}

function expectNoOldFamilies(outcome: ProbeOutcome): void {
  expect(familyNames(outcome).filter((name) => /^probe_(?:ssl|tls)_/.test(name))).toEqual([]);
}

describe('a certificate that fails the probe is seen all the same', () => {
  const expired = authority.issue({ days: -3 });
  const elsewhere = authority.issue({ names: 'DNS:elsewhere.example' });
  const own = selfSigned('/CN=127.0.0.1');

  test.each([
    ['expired', expired, /expired on/],
    ["another host's", elsewhere, /is for DNS:elsewhere\.example/],
    ['one nobody vouches for', own, /is signed by itself/],
  ])('%s, over tcp and http', async (_what, certificate, sentence) => {
    await using server = await start(certificate);
    const target = `127.0.0.1:${server.port}`;
    for (const outcome of [
      await runTcp(target, { tls: true, tls_config: { ca } }),
      await runHttp(`https://${target}`, { tls_config: { ca } }),
    ]) {
      expect(outcome.reason).toBe('tls');
      expect(outcome.summary).toMatch(sentence);
      expectSeen(outcome, certificate.cert, 0);
      expectNoOldFamilies(outcome);
    }
  });

  test('in the middle of a dialogue', async () => {
    const secureContext = createSecureContext(expired);
    await using server = await startTcpServer((plain) => {
      plain.once('data', () => {
        plain.write('220 go ahead\n');
        const secured = new TLSSocket(plain, { isServer: true, secureContext });
        secured.on('error', () => {});
      });
      plain.write('220 ready\n');
    });
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      tls_config: { ca },
      query_response: [
        { expect: '^220 ready', send: 'STARTTLS' },
        { expect: '^220 go', starttls: true },
      ],
    });
    expect(outcome.reason).toBe('tls');
    expectSeen(outcome, expired.cert, 0);
  });

  test('over grpc, websocket and a Unix socket', async () => {
    await using grpc = await startGrpcServer(healthService({ '': 1 }), expired);
    await using websocket = await startWebsocketServer(() => {}, { tls: expired });
    await using unix = await listenUnix(createServer(expired));
    const tls = { tls: true, tls_config: { ca } };
    for (const outcome of [
      await runGrpc(`127.0.0.1:${grpc.port}`, tls),
      await runWebsocket(websocket.url, { http_config: { tls_config: { ca } } }),
      await runUnix(unix.path, { tls: true, tls_config: { ca, server_name: 'localhost' } }),
    ]) {
      expect(outcome.reason).toBe('tls');
      expectSeen(outcome, expired.cert, 0);
      expectNoOldFamilies(outcome);
    }
  });

  test('over DNS over TLS', async () => {
    await using server = await start(elsewhere);
    using context = probeContext();
    const options = v.parse(dnsBlock, {
      query_name: 'example.com',
      transport_protocol: 'tcp',
      dns_over_tls: true,
      tls_config: { ca },
    });
    const outcome = await probeDns(`127.0.0.1:${server.port}`, options, context);
    expect(outcome.reason).toBe('tls');
    expectSeen(outcome, elsewhere.cert, 0);
  });

  test('by a server that then refuses the probe', async () => {
    const asking = { ...sound, ca, requestCert: true, rejectUnauthorized: true };
    await using server = await start({ ...asking, maxVersion: 'TLSv1.2' });
    const outcome = await runTcp(`127.0.0.1:${server.port}`, { tls: true, tls_config: { ca } });
    expect(outcome.reason).toBe('tls');
    const { validToDate } = new X509Certificate(sound.cert);
    expect(metric(outcome, notAfter)).toBe(validToDate.getTime() / 1000);
    // Nobody got as far as judging it.
    expect(metric(outcome, 'probe_certificate_verified')).toBeUndefined();
  });
});

test('a sound certificate is told as verified, beside the old families', async () => {
  await using server = await start(sound);
  const outcome = await runTcp(`127.0.0.1:${server.port}`, { tls: true, tls_config: { ca } });
  expect(outcome.status).toBe('ok');
  expectSeen(outcome, sound.cert, 1);
  expect(familyNames(outcome)).toContain('probe_ssl_last_chain_info');
  const days = outcome.values.filter(({ metric: name }) => name === 'certificate_days_left');
  expect(days).toHaveLength(1);
});

test('what is not verified by order is told as what it is', async () => {
  const { cert, key } = selfSigned('/CN=localhost');
  await using server = await start({ cert, key });
  const outcome = await runTcp(`127.0.0.1:${server.port}`, {
    tls: true,
    tls_config: { insecure_skip_verify: true },
  });
  expect(outcome.status).toBe('ok');
  expectSeen(outcome, cert, 0);
});

test('the certificate is that of the last connection', async () => {
  await using plain = await startHttpServer((_request, response) => response.end('plain'));
  await using server = await startHttpsServer(sound, (_request, response) =>
    response.writeHead(302, { Location: plain.url }).end(),
  );
  const outcome = await runHttp(server.url, { tls_config: { ca } });
  expect(outcome.status).toBe('ok');
  expect(metric(outcome, notAfter)).toBeUndefined();
});

describe('the client certificate', () => {
  const client = authority.issue({ subject: '/CN=client', days: 4 });
  const seconds = new X509Certificate(client.cert).validToDate.getTime() / 1000;
  const tls = { ca, cert: client.cert, key: client.key };

  test('tells its expiry', async () => {
    await using server = await start({ ...sound, ca, requestCert: true });
    const outcome = await runTcp(`127.0.0.1:${server.port}`, { tls: true, tls_config: tls });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, clientNotAfter)).toBe(seconds);
  });

  test('tells it where the handshake fails as well', async () => {
    await using server = await startTcpServer((socket) => socket.end('no TLS here'));
    const outcome = await runTcp(`127.0.0.1:${server.port}`, { tls: true, tls_config: tls });
    expect(outcome.reason).toBe('tls');
    expect(metric(outcome, clientNotAfter)).toBe(seconds);
    expect(metric(outcome, notAfter)).toBeUndefined();
  });

  test('is not told of where there is none', async () => {
    await using server = await start(sound);
    const outcome = await runTcp(`127.0.0.1:${server.port}`, { tls: true, tls_config: { ca } });
    expect(metric(outcome, clientNotAfter)).toBeUndefined();
  });
});
