import { X509Certificate } from 'node:crypto';
import { createSecureContext, createServer, TLSSocket } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { familyNames, labelsOf, metric } from '../../../support/probe-context.ts';
import { addressFamilies, dialogueFamilies, runTcp } from '../../../support/probe-tcp.ts';
import { listen, startTcpServer, type TestServer } from '../../../support/tcp-server.ts';
import { createAuthority, type Certificate } from '../../../support/tls-authority.ts';

const tlsFamilies = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_expiry_timestamp_seconds',
  'probe_ssl_last_chain_info',
  'probe_tls_version_info',
];
const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const ca = authority.ca;
const named = authority.issue({ names: 'DNS:localhost' });

function start(certificate: Certificate = named, maxVersion?: 'TLSv1.2'): Promise<TestServer> {
  return listen(createServer({ ...certificate, ...(maxVersion ? { maxVersion } : {}) }));
}

test('BB-P03 an address that the certificate does not name fails', async () => {
  await using server = await start();
  const outcome = await runTcp(`127.0.0.1:${server.port}`, { tls: true, tls_config: { ca } });
  expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
  expect(familyNames(outcome)).toEqual(addressFamilies);
});

test('BB-P04 BB-P05 a name that it has, of the target or configured, is sound', async () => {
  await using server = await start(named, 'TLSv1.2');
  const byTarget = await runTcp(`localhost:${server.port}`, {
    tls: true,
    tls_config: { ca },
    preferred_ip_protocol: 'ip4',
  });
  expect(byTarget.status).toBe('ok');
  const outcome = await runTcp(`127.0.0.1:${server.port}`, {
    tls: true,
    tls_config: { ca, server_name: 'localhost' },
  });
  expect(outcome.status).toBe('ok');
  expect(familyNames(outcome)).toEqual(
    [...addressFamilies, ...dialogueFamilies, ...tlsFamilies].toSorted(),
  );
  expect(labelsOf(outcome, 'probe_tls_version_info')).toEqual({ version: 'TLS 1.2' });
  expect(metric(outcome, 'probe_ssl_last_chain_info')).toBe(1);
  expect(outcome.values.map((value) => value.metric)).toContain('certificate_days_left');
});

test('BB-P06 earliest expiry is of what was sent, chain expiry of what was verified', async () => {
  using roots = createAuthority(3);
  const short = roots.again(1);
  const { cert, key } = roots.issue({ days: 2 });
  await using server = await start({ cert: cert + short, key });
  const outcome = await runTcp(`127.0.0.1:${server.port}`, {
    tls: true,
    tls_config: { ca: roots.ca },
  });
  const expiry = (pem: string): number => new X509Certificate(pem).validToDate.getTime() / 1000;
  expect(outcome.status).toBe('ok');
  expect(metric(outcome, 'probe_ssl_earliest_cert_expiry')).toBe(expiry(short));
  const chain = metric(outcome, 'probe_ssl_last_chain_expiry_timestamp_seconds');
  expect(chain).toBe(expiry(cert));
});

test('BB-P07 starts in the middle of a dialogue', async () => {
  const secureContext = createSecureContext(named);
  await using server = await startTcpServer((plain) => {
    plain.write('220 mx.example ESMTP\r\n');
    plain.on('data', (bytes) => {
      const command = bytes.toString().trim();
      if (command.startsWith('EHLO')) plain.write('250-mx.example\r\n250 STARTTLS\r\n');
      if (command !== 'STARTTLS') return;
      plain.removeAllListeners('data');
      plain.write('220 go ahead\r\n');
      const secured = new TLSSocket(plain, { isServer: true, secureContext });
      secured.on('error', () => {});
      secured.on('data', (line) => secured.end(`250 you said ${line.toString()}`));
    });
  });
  const outcome = await runTcp(`localhost:${server.port}`, {
    preferred_ip_protocol: 'ip4',
    tls_config: { ca },
    query_response: [
      { expect: '^220 ([^ ]+) ESMTP', send: 'EHLO prober' },
      { expect: '^250 STARTTLS', send: 'STARTTLS' },
      { expect: '^220', starttls: true },
      { send: 'QUIT' },
      { expect: '^250 you said QUIT' },
    ],
  });
  expect(outcome.summary).toMatch(/^connected/);
  expect(familyNames(outcome)).toEqual(expect.arrayContaining(tlsFamilies));
  await eventually(() => server.open.size === 0, 'the connection is closed');
});
