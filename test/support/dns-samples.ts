import { message, name } from './hostile-dns.ts';

/** A record as it goes over the wire, and as it must be written. */
export interface DnsSample {
  readonly title: string;
  readonly owner?: Buffer;
  readonly type: number;
  readonly kind?: number;
  readonly ttl?: number;
  readonly data: Buffer;
  readonly text: string;
  /** Why blackbox_exporter 0.23.0 does not write it so, unlike the versions of today. */
  readonly apart?: string;
}

const owner = name('example', 'com');
const head = 'example.com.\t60\tIN\t';

function u16(...numbers: number[]): Buffer {
  return Buffer.concat(numbers.map((number) => Buffer.of(number >> 8, number & 0xff)));
}

function u32(...numbers: number[]): Buffer {
  return Buffer.concat(
    numbers.map((number) => u16(Math.floor(number / 0x10000), number % 0x10000)),
  );
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(value.length), Buffer.from(value, 'latin1')]);
}

export function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function join(...parts: Buffer[]): Buffer {
  return Buffer.concat(parts);
}

/** A sample of a type; `end` is what follows the head. */
function of(title: string, type: number, data: Buffer, end: string, more = {}): DnsSample {
  return { title, type, data, text: head + end, ...more };
}

const unknown = { apart: 'its library does not know the type' };
export const otherwise = { apart: 'its library had another form' };
const tooLong = { apart: 'it reads 512 bytes of an answer over udp' };
const mx = name('mx', 'example', 'net');
const long = '0123456789abcdef'.repeat(64);

/** Records of every type that has a form of its own, and of some that have none. */
export const dnsSamples: readonly DnsSample[] = [
  of('A', 1, bytes('c0000201'), 'A\t192.0.2.1'),
  of('AAAA', 28, bytes('20010db8 00000000 00000000 00000001'), 'AAAA\t2001:db8::1'),
  of('AAAA of noughts', 28, Buffer.alloc(16), 'AAAA\t::'),
  of('AAAA with two runs', 28, bytes('20010000 00000001 00000000 00000001'), 'AAAA\t2001:0:0:1::1'),
  of(
    'AAAA with one nought',
    28,
    bytes('20010000 00010001 00010001 00010001'),
    'AAAA\t2001:0:1:1:1:1:1:1',
  ),
  of(
    'AAAA that ends in noughts',
    28,
    bytes('fe800000 00000001 00000000 00000000'),
    'AAAA\tfe80:0:0:1::',
  ),
  of(
    'AAAA that holds IPv4',
    28,
    bytes('00000000 00000000 0000ffff c0000201'),
    'AAAA\t::ffff:192.0.2.1',
    otherwise,
  ),
  of(
    'AAAA that might hold IPv4',
    28,
    bytes('00000000 00000000 00000000 c0000201'),
    'AAAA\t::c000:201',
  ),
  of('NS', 2, mx, 'NS\tmx.example.net.'),
  of(
    'CNAME',
    5,
    name('a.b', 'c d', '\u0001\u00ff', 'q"\\;@()$\''),
    String.raw`CNAME	a\.b.c\ d.\001\255.q\"\\\;\@\(\)$\'.`,
  ),
  of('CNAME to the root', 5, name(), 'CNAME\t.'),
  of(
    'SOA',
    6,
    join(mx, name('no.c', 'a'), u32(2_026_112_501, 7200, 3600, 1_209_600, 300)),
    'SOA\tmx.example.net. no\\.c.a. 2026112501 7200 3600 1209600 300',
  ),
  of('PTR', 12, mx, 'PTR\tmx.example.net.'),
  of('HINFO', 13, join(text('PC'), text('Linux "x"')), String.raw`HINFO	"PC" "Linux \"x\""`),
  of('MX', 15, join(u16(10), mx), 'MX\t10 mx.example.net.'),
  of(
    'TXT',
    16,
    join(text('v=spf1 -all'), text('a"b\\c;\u0007\u00e9'), text('')),
    String.raw`TXT	"v=spf1 -all" "a\"b\\c;\007\233" ""`,
  ),
  of('RP', 17, join(mx, name('x')), 'RP\tmx.example.net. x.'),
  of('AFSDB', 18, join(u16(1), mx), 'AFSDB\t1 mx.example.net.'),
  of('X25', 19, text('3110'), 'X25\t3110'),
  of('ISDN', 20, text('150862'), 'ISDN\t"150862" ""', unknown),
  of('PX', 26, join(u16(50), name('a'), name('b')), 'PX\t50 a. b.'),
  of('GPOS', 27, join(text('-32.6'), text('116.8'), text('10.0')), 'GPOS\t-32.6 116.8 10.0'),
  of(
    'LOC',
    29,
    bytes('00 12 16 13 8b0d2c8c 7f78d90c 00981068'),
    'LOC\t51 30 12.748 N 02 27 37.332 W -343.28m 1m 10000m 10m',
  ),
  of('SRV', 33, join(u16(1, 2, 443), mx), 'SRV\t1 2 443 mx.example.net.'),
  of(
    'NAPTR',
    35,
    join(u16(100, 10), text('u'), text('E2U+sip'), text('!^.*$!sip:a"\\1@b!'), name()),
    String.raw`NAPTR	100 10 "u" "E2U+sip" "!^.*$!sip:a\"\\1@b!" .`,
  ),
  of('KX', 36, join(u16(2), mx), 'KX\t2 mx.example.net.'),
  of('CERT', 37, join(u16(1, 3), bytes('08 010203ff')), 'CERT\tPKIX 3 RSASHA256 AQID/w=='),
  of('CERT of numbers', 37, join(u16(77, 3), bytes('63 0102')), 'CERT\t77 3 99 AQI='),
  of('DNAME', 39, mx, 'DNAME\tmx.example.net.'),
  of(
    'APL',
    42,
    bytes('0001 15 03 c00001 0002 20 84 20010db8 0001 00 00'),
    'APL\t1:192.0.1.0/21 !2:2001:db8::/32 1:0.0.0.0/0',
  ),
  of('DS', 43, join(u16(60_485), bytes('0502 ab01cd')), 'DS\t60485 5 2 AB01CD'),
  of('SSHFP', 44, bytes('0402 abcdef01'), 'SSHFP\t4 2 ABCDEF01'),
  of(
    'IPSECKEY to an address',
    45,
    bytes('0a 01 02 c0000226 010203'),
    'IPSECKEY\t10 1 2 192.0.2.38 AQID',
    unknown,
  ),
  of(
    'IPSECKEY to a name',
    45,
    join(bytes('0a 03 02'), mx, bytes('010203')),
    'IPSECKEY\t10 3 2 mx.example.net. AQID',
    unknown,
  ),
  of('IPSECKEY to nobody', 45, bytes('0a 00 02 010203'), 'IPSECKEY\t10 0 2 . AQID', unknown),
  of(
    'RRSIG',
    46,
    join(
      u16(1),
      bytes('0803'),
      u32(3600, 1_800_000_000, 1_700_000_000),
      u16(12_345),
      name('example', 'com'),
      bytes('0102'),
    ),
    'RRSIG\tA 8 3 3600 20270115080000 20231114221320 12345 example.com. AQI=',
  ),
  of(
    'NSEC',
    47,
    join(
      name('host', 'example', 'com'),
      bytes('00 06 400100000003 04 1b 000000000000000000000000000000000000000000000000000020'),
    ),
    'NSEC\thost.example.com. A MX RRSIG NSEC TYPE1234',
  ),
  of('DNSKEY', 48, join(u16(257), bytes('030d 01020304')), 'DNSKEY\t257 3 13 AQIDBA=='),
  of('DHCID', 49, bytes('000201636f'), 'DHCID\tAAIBY28='),
  of(
    'NSEC3',
    50,
    bytes('01 01 000c 04 aabbccdd 05 0102030405 00 01 40'),
    'NSEC3\t1 1 12 AABBCCDD 04106105 A',
  ),
  of('NSEC3 without salt', 50, bytes('01 00 0000 00 02 ffff'), 'NSEC3\t1 0 0 - VVVG'),
  of('NSEC3PARAM', 51, bytes('01 00 000c 04 aabbccdd'), 'NSEC3PARAM\t1 0 12 AABBCCDD'),
  of('TLSA', 52, bytes('03 01 01 abcdef'), 'TLSA\t3 1 1 abcdef'),
  of('SMIMEA', 53, bytes('03 01 01 abcdef'), 'SMIMEA\t3 1 1 abcdef'),
  of(
    'SMIMEA that is long',
    53,
    join(bytes('03 01 01'), bytes(`${long}ab`)),
    `SMIMEA\t3 1 1 ${long} ab`,
    tooLong,
  ),
  of(
    'HIP',
    55,
    join(bytes('02 02 0003 1234 010203'), mx, name('x')),
    'HIP\t2 1234 AQID mx.example.net. x.',
  ),
  of('CDS', 59, join(u16(0), bytes('0000 00')), 'CDS\t0 0 0 00'),
  of('OPENPGPKEY', 61, bytes('010203'), 'OPENPGPKEY\tAQID'),
  of('CSYNC', 62, join(u32(66), u16(3), bytes('00 04 60000008')), 'CSYNC\t66 3 A NS AAAA'),
  of('ZONEMD', 63, join(u32(2018), bytes('01 01 abcdef')), 'ZONEMD\t2018 1 1 abcdef'),
  of('SVCB of an alias', 64, join(u16(0), mx), 'SVCB\t0 mx.example.net.'),
  of(
    'HTTPS',
    65,
    join(
      u16(1),
      name(),
      bytes(
        '0001 0006 02 6832 02 6833  0003 0002 01bb  0004 0008 c0000201 c0000202  0005 0003 010203  0006 0010 20010db8000000000000000000000001',
      ),
    ),
    'HTTPS\t1 . alpn="h2,h3" port="443" ipv4hint="192.0.2.1,192.0.2.2" ech="AQID" ipv6hint="2001:db8::1"',
  ),
  of(
    'SVCB with keys that must be known',
    64,
    join(
      u16(1),
      mx,
      bytes('0000 0004 0001 0003  0001 0006 05 662c5c6f22  0002 0000  0003 0002 0035'),
    ),
    String.raw`SVCB	1 mx.example.net. mandatory="alpn,port" alpn="f\\\044\\\092o\"" no-default-alpn="" port="53"`,
  ),
  of(
    'SVCB with keys of its own',
    64,
    join(u16(1), mx, bytes('029b 0006 61 20 22 5c 07 3b')),
    String.raw`SVCB	1 mx.example.net. key667="a\ \"\\\007\;"`,
  ),
  of(
    'SVCB with a path',
    64,
    join(u16(1), mx, bytes('0007 0004 2f717b7d')),
    'SVCB\t1 mx.example.net. dohpath="/q{}"',
  ),
  of('SPF', 99, text('v=spf1'), 'SPF\t"v=spf1"'),
  of('NID', 104, join(u16(10), bytes('00144fff ff20ee64')), 'NID\t10 0014:4fff:ff20:ee64'),
  of('L32', 105, join(u16(10), bytes('0a010200')), 'L32\t10 10.1.2.0'),
  of('L64', 106, join(u16(10), bytes('20010db8 1140abcd')), 'L64\t10 2001:0DB8:1140:ABCD'),
  of('LP', 107, join(u16(10), mx), 'LP\t10 mx.example.net.'),
  of('EUI48', 108, bytes('00005e00532a'), 'EUI48\t00-00-5e-00-53-2a'),
  of('EUI64', 109, bytes('00005eef1000002a'), 'EUI64\t00-00-5e-ef-10-00-00-2a'),
  of(
    'URI',
    256,
    join(u16(10, 1), Buffer.from('ftp://a/"b"\\.c\\d')),
    String.raw`URI	10 1 "ftp://a/\"b\"\.cd"`,
  ),
  of(
    'CAA',
    257,
    join(bytes('80'), text('issue'), Buffer.from('ca.example; a=1')),
    'CAA\t128 issue "ca.example; a=1"',
  ),
  of(
    'CAA of unusual bytes',
    257,
    join(bytes('00'), text('tbs'), bytes('22 5c 30 30 37 e9')),
    String.raw`CAA	0 tbs "\"\007\233"`,
  ),
  of('AVC', 258, text('app'), 'AVC\t"app"'),
  of('AMTRELAY', 260, bytes('0a 81 c0000201'), 'AMTRELAY\t10 1 1 192.0.2.1', unknown),
  of('RESINFO', 261, text('qnamemin'), 'RESINFO\t"qnamemin"', unknown),
  of('a private type', 65_280, bytes('0102ff'), '', {
    text: 'example.com.\t60\tCLASS1\tTYPE65280\t\\# 3 0102ff',
  }),
  of('a private type without data', 65_280, bytes(''), '', {
    text: 'example.com.\t60\tCLASS1\tTYPE65280\t\\# 0 ',
  }),
  of('a type with a name alone', 34, bytes('01'), '', {
    text: 'example.com.\t60\tCLASS1\tTYPE34\t\\# 1 01',
  }),
  of('NULL', 10, Buffer.from('raw'), '', { text: ';example.com.\t60\tIN\tNULL\traw' }),
  of('A without data', 1, bytes(''), 'A\t'),
  of('MX without data', 15, bytes(''), 'MX\t0 '),
  of('MX with half of its data', 15, u16(7), 'MX\t7 '),
  of('SOA without data', 6, bytes(''), 'SOA\t  0 0 0 0 0'),
  of('TXT without data', 16, bytes(''), 'TXT\t'),
  of('CAA without a value', 257, join(bytes('00'), text('issue')), 'CAA\t0 issue ""'),
  {
    title: 'class CH',
    type: 16,
    kind: 3,
    ttl: 0,
    data: text('9.18'),
    text: 'example.com.\t0\tCH\tTXT\t"9.18"',
  },
  { title: 'class HS', type: 16, kind: 4, data: text('x'), text: 'example.com.\t60\tHS\tTXT\t"x"' },
  {
    title: 'class ANY',
    type: 1,
    kind: 255,
    data: bytes('01020304'),
    text: 'example.com.\t60\tCLASS255\tA\t1.2.3.4',
  },
  {
    title: 'class NONE',
    type: 1,
    kind: 254,
    data: bytes('01020304'),
    text: 'example.com.\t60\tNONE\tA\t1.2.3.4',
  },
  {
    title: 'a private class',
    type: 1,
    kind: 65_281,
    data: bytes('01020304'),
    text: 'example.com.\t60\tCLASS65281\tA\t1.2.3.4',
  },
  {
    title: 'the longest TTL',
    type: 1,
    ttl: 4_294_967_295,
    data: bytes('01020304'),
    text: 'example.com.\t4294967295\tIN\tA\t1.2.3.4',
  },
  {
    title: 'the root as owner',
    owner: name(),
    type: 1,
    data: bytes('01020304'),
    text: '.\t60\tIN\tA\t1.2.3.4',
  },
  {
    title: 'an owner of odd bytes',
    owner: name('_a.*', 'É'),
    type: 1,
    data: bytes('01020304'),
    text: String.raw`_a\.*.\201.	60	IN	A	1.2.3.4`,
  },
  {
    title: 'a mixed case',
    owner: name('ExAmPlE', 'COM'),
    type: 1,
    data: bytes('01020304'),
    text: 'ExAmPlE.COM.\t60\tIN\tA\t1.2.3.4',
  },
];

/** A whole answer with the one record. */
export function dnsAnswerOf(sample: DnsSample, id: number): Buffer {
  const { type, kind = 1, ttl = 60, data } = sample;
  const record = join(sample.owner ?? owner, u16(type, kind), u32(ttl), u16(data.length), data);
  return message({ id, counts: [0, 1, 0, 0] }, record);
}
