import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { afterAll, expect } from 'vitest';
import { createAuthority, selfSigned, type Certificate } from '../../support/tls-authority.ts';
import { contest, type ProbeCase, type Served } from './kit/contest.ts';
import { answering, serving, servingTls } from './kit/http.ts';
import { labelsOf, type Page } from './kit/page.ts';
import { expiryOf } from './kit/tcp.ts';

const authority = createAuthority(3);
afterAll(() => authority[Symbol.dispose]());
const named = authority.issue({ names: 'DNS:localhost,DNS:web.example.com', days: 2 });
const trusting = { ca_file: join(authority.directory, 'ca.pem') };
const ip4 = { preferred_ip_protocol: 'ip4' };

const tlsFamilies = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_expiry_timestamp_seconds',
  'probe_ssl_last_chain_info',
  'probe_tls_version_info',
  'probe_tls_cipher_info',
];

/** The target under the name that the certificate has. */
const byName = (base: string): string => base.replace('127.0.0.1', 'localhost');

const rules: readonly ProbeCase[] = [
  {
    title: 'BB-T34 a plain answer fails where TLS is wanted',
    module: { prober: 'http', http: { fail_if_not_ssl: true } },
    server: answering({ body: 'ok' }),
    expect: { success: 0, metrics: { probe_http_ssl: 0, probe_http_status_code: 200 } },
  },
  {
    title: 'BB-T100 hTtPs:// is understood',
    module: { prober: 'http', http: { ...ip4, tls_config: trusting } },
    server: servingTls(named),
    target: (base) => byName(base).replace('https', 'hTtPs'),
    expect: { success: 1, metrics: { probe_http_ssl: 1 } },
    beyond: 'after 0.28; before, http:// was put in front',
  },
];

const trust: readonly ProbeCase[] = [
  {
    title: 'BB-T86 a certificate of nobody in particular is refused',
    module: { prober: 'http', http: ip4 },
    server: servingTls(selfSigned('/CN=localhost')),
    target: byName,
    expect: {
      success: 0,
      metrics: { probe_http_ssl: 0, probe_http_status_code: 0, probe_http_version: 0 },
      absent: tlsFamilies,
    },
  },
  {
    title: 'BB-T87 a certificate of nobody in particular is accepted where none is looked at',
    module: { prober: 'http', http: { ...ip4, tls_config: { insecure_skip_verify: true } } },
    server: servingTls(selfSigned('/CN=localhost')),
    expect: { success: 1, metrics: { probe_http_ssl: 1, probe_http_version: 1.1 } },
    judge: ({ families }) =>
      expect(tlsFamilies.filter((family) => !families.has(family))).toEqual([]),
  },
  {
    title: 'BB-T87 the same over HTTP/2',
    module: { prober: 'http', http: { ...ip4, tls_config: { insecure_skip_verify: true } } },
    server: servingTls(selfSigned('/CN=localhost'), undefined, { http2: true }),
    expect: { success: 1, metrics: { probe_http_ssl: 1, probe_http_version: 2 } },
  },
  {
    title: 'BB-T88 options of TLS do no harm to a plain probe',
    module: { prober: 'http', http: { ...ip4, tls_config: { insecure_skip_verify: false } } },
    server: answering({ body: 'ok' }),
    expect: { success: 1, metrics: { probe_http_ssl: 0 } },
  },
  {
    title: 'BB-T89 the name in the target is the one that the certificate must have',
    module: { prober: 'http', http: { ...ip4, tls_config: trusting } },
    server: servingTls(named),
    target: byName,
    expect: {
      success: 1,
      metrics: {
        probe_http_ssl: 1,
        probe_ssl_earliest_cert_expiry: expiryOf(named.cert),
        probe_ssl_last_chain_expiry_timestamp_seconds: expiryOf(named.cert),
        'probe_tls_version_info{version="TLS 1.3"}': 1,
      },
    },
  },
  {
    title: 'BB-T89 another name than that in the certificate is refused',
    module: { prober: 'http', http: { ...ip4, tls_config: trusting } },
    server: servingTls(named),
    expect: { success: 0, metrics: { probe_http_ssl: 0 }, absent: tlsFamilies },
  },
  {
    title: 'BB-T90 a redirect to another host is followed to its own name in TLS',
    module: { prober: 'http', http: { ...ip4, tls_config: trusting } },
    server: redirectingTo(named),
    expect: { success: 1, metrics: { probe_http_ssl: 1, probe_http_redirects: 1 } },
  },
  {
    title: 'BB-T109 a chain that is not verified has no expiry: year one',
    module: { prober: 'http', http: { ...ip4, tls_config: { insecure_skip_verify: true } } },
    server: servingTls(named),
    expect: {
      success: 1,
      metrics: {
        probe_ssl_earliest_cert_expiry: expiryOf(named.cert),
        probe_ssl_last_chain_expiry_timestamp_seconds: -62_135_596_800,
      },
    },
  },
];

/** A plain server that sends everybody on to `https://localhost`. */
function redirectingTo(tls: TlsOptions): () => Promise<Served> {
  return async () => {
    const there = await servingTls(tls)();
    const here = await serving((_request, response) => {
      response.writeHead(302, { location: byName(there.target) }).end();
    })();
    return {
      target: here.target,
      async [Symbol.asyncDispose]() {
        await here[Symbol.asyncDispose]();
        await there[Symbol.asyncDispose]();
      },
    };
  };
}

/** A certificate of its own whose serial number starts with a nought. */
function withSerial(serial: string): Certificate {
  const file = (name: string): string => join(authority.directory, `serial-${name}.pem`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const out = ['-keyout', file('key'), '-out', file('cert'), '-subj', '/CN=serial'];
  const line = ['req', '-x509', ...key, '-set_serial', `0x${serial}`, ...out];
  execFileSync('openssl', line, { stdio: 'pipe' });
  return { cert: readFileSync(file('cert'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
}

function describedAs(
  title: string,
  certificate: Certificate,
  judge: (page: Page) => void,
): ProbeCase {
  return {
    title,
    module: { prober: 'http', http: { ...ip4, tls_config: { insecure_skip_verify: true } } },
    server: servingTls(certificate),
    expect: { success: 1 },
    judge,
  };
}

const info = 'probe_ssl_last_chain_info';
const serial = withSerial('0A1B2C');
const rich = selfSigned(
  '/DC=example/C=GB/ST=Cornwall/L=Falmouth/street=1 Quay/postalCode=TR11/O=Tide, Ltd' +
    '/OU=Ops/OU=Dev/CN=web/serialNumber=7/emailAddress=ops@example.com',
);

const leaves: readonly ProbeCase[] = [
  describedAs('BB-U02 a nought at the start of a serial number is kept', serial, (page) => {
    expect(new X509Certificate(serial.cert).serialNumber).toBe('0A1B2C');
    expect(labelsOf(page, info)).toContain('serialnumber="0a1b2c"');
  }),
  describedAs('BB-T110 a subject is written in one order, what is rare as bytes', rich, (page) => {
    const subject = /[{,]subject="((?:[^"\\]|\\.)*)"/.exec(labelsOf(page, info) ?? '')?.[1];
    expect(subject).toBe(
      'SERIALNUMBER=7,CN=web,OU=Ops+OU=Dev,O=Tide\\\\, Ltd,POSTALCODE=TR11,' +
        'STREET=1 Quay,L=Falmouth,ST=Cornwall,C=GB,1.2.840.113549.1.9.1=#0c0f6f7073406578616d706c652e636f6d,' +
        '0.9.2342.19200300.100.1.25=#13076578616d706c65',
    );
  }),
  describedAs(
    'BB-T110 only names of hosts are alternative names, in their order',
    named,
    (page) => {
      expect(labelsOf(page, info)).toContain('subjectalternative="localhost,web.example.com"');
    },
  ),
];

contest({ rules, trust, leaves });
