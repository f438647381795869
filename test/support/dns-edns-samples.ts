import { bytes, otherwise, type DnsSample } from './dns-samples.ts';
import { name } from './hostile-dns.ts';

/** A pseudo-record OPT with its options and what follows its version. */
function edns(
  title: string,
  udpBytes: number,
  ttl: number,
  data: string,
  end: string,
  version = 0,
) {
  const start = `\n;; OPT PSEUDOSECTION:\n; EDNS: version ${version}; flags:`;
  const text = `${start}${end}`;
  return {
    title: `OPT ${title}`,
    owner: name(),
    type: 41,
    kind: udpBytes,
    ttl,
    data: bytes(data),
    text,
  };
}

/** Pseudo-records OPT with each of the options that have a form of their own. */
export const ednsSamples: readonly DnsSample[] = [
  edns('that asks for signatures', 4096, 0x0000_8000, '', ' do; udp: 4096'),
  {
    ...edns(
      'with everything in its head',
      512,
      0x0101_c001,
      '',
      ' do co; MBZ: 0x0001, udp: 512',
      1,
    ),
    ...otherwise,
  },
  { ...edns('without flags', 1232, 0, '', '; udp: 1232'), ...otherwise },
  edns(
    'with the name of the server',
    1232,
    0x8000,
    '0003 0003 6e7331',
    ' do; udp: 1232\n; NSID: 6e7331  (n)(s)(1)',
  ),
  edns(
    'with a subnet',
    1232,
    0x8000,
    '0008 0007 0001 18 00 c00002',
    ' do; udp: 1232\n; SUBNET: 192.0.2.0/24/0',
  ),
  edns(
    'with a subnet of IPv6',
    1232,
    0x8000,
    '0008 000b 0002 38 20 20010db8000001',
    ' do; udp: 1232\n; SUBNET: [2001:db8:0:100::]/56/32',
  ),
  edns(
    'with a cookie',
    1232,
    0x8000,
    '000a 0008 0102030405060708',
    ' do; udp: 1232\n; COOKIE: 0102030405060708',
  ),
  edns('with padding', 1232, 0x8000, '000c 0004 000000ab', ' do; udp: 1232\n; PADDING: 000000AB'),
  edns(
    'with an error',
    1232,
    0x8000,
    '000f 0006 0009 6e6f6e65',
    ' do; udp: 1232\n; EDE: 9 (DNSKEY Missing): (none)',
  ),
  edns(
    'with a keep-alive',
    1232,
    0x8000,
    '000b 0002 0064',
    ' do; udp: 1232\n; KEEPALIVE: use tcp keep-alive, timeout 10000ms',
  ),
  {
    ...edns('with an expiry', 1232, 0x8000, '0009 0004 00000e10', ' do; udp: 1232\n; EXPIRE: 3600'),
    ...otherwise,
  },
  edns(
    'with algorithms',
    1232,
    0x8000,
    '0005 0002 0863',
    ' do; udp: 1232\n; DNSSEC ALGORITHM UNDERSTOOD:  RSASHA256 99',
  ),
  edns(
    'with digests',
    1232,
    0x8000,
    '0006 0002 0204',
    ' do; udp: 1232\n; DS HASH UNDERSTOOD:  SHA256 SHA384',
  ),
  edns(
    'with a lease',
    1232,
    0x8000,
    '0002 0004 00000e10',
    ' do; udp: 1232\n; UPDATE LEASE: 3600 0',
  ),
  edns(
    'with one of its own',
    1232,
    0x8000,
    'fde9 0002 abcd',
    ' do; udp: 1232\n; LOCAL OPT: 65001:0xabcd',
  ),
];
