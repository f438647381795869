import { TLSSocket, createSecureContext } from 'node:tls';
import { afterAll, expect } from 'vitest';
import { createAuthority } from '../../support/tls-authority.ts';
import { contest, type Module, type ProbeCase } from './kit/contest.ts';
import { labelsOf } from './kit/page.ts';
import { expiryOf, onLines, servingTcp, servingTlsSocket } from './kit/tcp.ts';

const authority = createAuthority(3);
afterAll(() => authority[Symbol.dispose]());

/** Names `localhost` and not its address. */
const named = authority.issue({ names: 'DNS:localhost', days: 2 });
const shortRoot = authority.again(1);

const tlsFamilies = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_expiry_timestamp_seconds',
  'probe_ssl_last_chain_info',
  'probe_tls_version_info',
];

function overTls(tlsConfig: object, more: object = {}): Module {
  const tls_config = { ca_file: `${authority.directory}/ca.pem`, ...tlsConfig };
  const address = { preferred_ip_protocol: 'ip4' };
  return { prober: 'tcp', timeout: '5s', tcp: { ...address, tls: true, tls_config, ...more } };
}

const handshakes: readonly ProbeCase[] = [
  {
    title: 'BB-P03 a certificate without the address that is the target is refused',
    module: overTls({}),
    server: servingTlsSocket(named),
    expect: { success: 0, metrics: { probe_ip_protocol: 4 }, absent: tlsFamilies },
  },
  {
    title: 'BB-P04 a name in the certificate is accepted as target',
    module: overTls({}),
    server: servingTlsSocket(named),
    target: (base) => base.replace('127.0.0.1', 'localhost'),
    expect: { success: 1, metrics: { probe_ssl_earliest_cert_expiry: expiryOf(named.cert) } },
  },
  {
    title: 'BB-P05 an address is accepted where the name of the server is given',
    module: overTls({ server_name: 'localhost' }),
    server: servingTlsSocket({ ...named, maxVersion: 'TLSv1.2' }),
    expect: {
      success: 1,
      metrics: {
        probe_ssl_earliest_cert_expiry: expiryOf(named.cert),
        'probe_tls_version_info{version="TLS 1.2"}': 1,
      },
      absent: ['probe_tls_cipher_info'],
    },
    judge: (page) => {
      expect(labelsOf(page, 'probe_ssl_last_chain_info')).toContain(
        'subjectalternative="localhost"',
      );
      expect([...(page.families.get('probe_ssl_last_chain_info')?.samples.values() ?? [])]).toEqual(
        [1],
      );
    },
  },
  {
    title: 'BB-P06 the chain that is sent and the one that is verified expire at different times',
    module: overTls({ server_name: 'localhost' }),
    server: servingTlsSocket({ key: named.key, cert: named.cert + shortRoot }),
    expect: {
      success: 1,
      metrics: {
        probe_ssl_earliest_cert_expiry: expiryOf(shortRoot),
        probe_ssl_last_chain_expiry_timestamp_seconds: expiryOf(named.cert),
      },
    },
  },
];

const smtp = [
  { expect: '^220.*SMTP.*$' },
  { send: 'EHLO prober\r' },
  { expect: '^250-STARTTLS' },
  { send: 'STARTTLS\r' },
  { expect: '^220' },
  { starttls: true },
  { send: 'EHLO prober\r' },
  { expect: '^250-AUTH' },
  { send: 'QUIT\r' },
];

const startTls: readonly ProbeCase[] = [
  {
    title: 'BB-P07 a dialogue goes on over TLS after STARTTLS',
    module: {
      prober: 'tcp',
      timeout: '5s',
      tcp: {
        query_response: smtp,
        tls_config: { ca_file: `${authority.directory}/ca.pem`, server_name: 'localhost' },
      },
    },
    server: servingTcp((socket) => {
      socket.write('220 mail.example.com ESMTP SMTP\r\n');
      onLines(socket, (line) => {
        if (line.startsWith('EHLO')) return '250-mail.example.com\r\n250-STARTTLS\r\n250 DSN\r\n';
        if (line !== 'STARTTLS') return undefined;
        socket.removeAllListeners('data');
        socket.write('220 ready\r\n');
        const secured = new TLSSocket(socket, {
          isServer: true,
          secureContext: createSecureContext(named),
        });
        secured.on('error', () => {});
        onLines(secured, (inner) =>
          inner.startsWith('EHLO') ? '250-mail.example.com\r\n250-AUTH\r\n250 DSN\r\n' : undefined,
        );
        return undefined;
      });
    }),
    expect: {
      success: 1,
      metrics: {
        probe_failed_due_to_regex: 0,
        probe_ssl_earliest_cert_expiry: expiryOf(named.cert),
        'probe_tls_version_info{version="TLS 1.3"}': 1,
      },
    },
  },
];

contest({ handshakes, startTls });
