import { afterAll, describe } from 'vitest';
import { contest, type ProbeCase } from './kit/contest.ts';
import { nameServer, address } from './kit/dns.ts';
import { createOwnHosts } from './kit/own-hosts.ts';
import { servingTcp } from './kit/tcp.ts';

/** The C library takes `::1` for an address of version 4 as well, hence another one where none must be. */
const far = '2001:db8::1';
const hosts = createOwnHosts(
  `127.0.0.1 localhost four.test\n::1 localhost six.test\n${far} far-six.test\n`,
);
afterAll(() => hosts[Symbol.dispose]());
if (hosts.within === undefined) {
  process.stderr.write('names with addresses of both families need root and unshare: not tested\n');
}

const hashes = { 4: 3_668_918_509, 6: 1_751_717_746 } as const;

function met(family: 4 | 6): ProbeCase['expect'] {
  const metrics = { probe_ip_protocol: family, probe_ip_addr_hash: hashes[family] };
  return { success: 1, metrics };
}

const notMet: ProbeCase['expect'] = {
  success: 0,
  metrics: { probe_ip_protocol: 0, probe_ip_addr_hash: 0 },
};

/** A server at every address of this host, under one name. */
const anywhere = (name: string) => servingTcp(() => {}, { listenAt: '::', name });

function tcp(
  title: string,
  name: string,
  options: object,
  expectation: ProbeCase['expect'],
): ProbeCase {
  return {
    title,
    module: { prober: 'tcp', tcp: options },
    server: anywhere(name),
    expect: expectation,
  };
}

const ip4 = { preferred_ip_protocol: 'ip4' };
const ip6 = { preferred_ip_protocol: 'ip6' };
const strict = { ip_protocol_fallback: false };

const families: readonly ProbeCase[] = [
  tcp('BB-P13 the address of version 4 is taken where ip4 is preferred', 'localhost', ip4, met(4)),
  tcp('BB-P13 the address of version 6 is taken where ip6 is preferred', 'localhost', ip6, met(6)),
  tcp('BB-P13 the address of version 6 is taken where nothing is said', 'localhost', {}, met(6)),
];

const fallback: readonly ProbeCase[] = [
  tcp('BB-U01 a name of version 6 alone is taken where ip4 is preferred', 'six.test', ip4, met(6)),
  {
    title: 'BB-U01 it is not taken where there is no falling back',
    module: { prober: 'tcp', tcp: { ...ip4, ...strict } },
    target: 'far-six.test:80',
    expect: notMet,
  },
  {
    title: 'BB-U01 it is taken with falling back, though it cannot be reached',
    module: { prober: 'tcp', timeout: '1s', tcp: ip4 },
    target: 'far-six.test:80',
    expect: {
      success: 0,
      metrics: { probe_ip_protocol: 6, probe_ip_addr_hash: 1_851_458_804 },
    },
  },
  tcp('BB-U01 a name of version 4 alone is taken where ip6 is preferred', 'four.test', ip6, met(4)),
  tcp(
    'BB-U01 that is not taken either without falling back',
    'four.test',
    { ...ip6, ...strict },
    notMet,
  ),
];

function dns(title: string, options: object, transport: 'udp' | 'tcp', family: 4 | 6): ProbeCase {
  const host = family === 4 ? '127.0.0.1' : '::1';
  return {
    title: `${title} (${transport})`,
    module: {
      prober: 'dns',
      dns: { query_name: 'example.com', transport_protocol: transport, ...options },
    },
    server: nameServer(() => ({ answers: [address('example.com', '127.0.0.1')] }), transport, host),
    target: (base) => base.replace(/^.*:/, 'localhost:'),
    expect: met(family),
  };
}

const nameServers: readonly ProbeCase[] = (['udp', 'tcp'] as const).flatMap((transport) => [
  dns('BB-D22 a name server is asked at its address of version 6', ip6, transport, 6),
  dns('BB-D22 a name server is asked at its address of version 4', ip4, transport, 4),
  dns('BB-D22 without a preference it is the address of version 6', {}, transport, 6),
]);

describe.skipIf(hosts.within === undefined)('of several addresses', () => {
  contest(
    { families, fallback, nameServers },
    {
      within: hosts.within ?? [],
      config: { server: { probe: { allow: ['127.0.0.0/8', '::1/128', far] } } },
    },
  );
});
