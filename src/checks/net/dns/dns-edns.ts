import { addressText } from './dns-fields.ts';
import { algorithmNames } from './dns-names.ts';
import { isAtEnd, takeBytes, takeName, takeNumber, type DnsCursor } from './dns-reader.ts';

/**
 * The pseudo-record OPT (RFC 6891), which has no form of its own in zone files. It is written as
 * blackbox_exporter shows it to the rules, which is close to what `dig` prints.
 */

const codes = {
  liveQuery: 1,
  lease: 2,
  serverId: 3,
  sourceUri: 4,
  algorithms: 5,
  digests: 6,
  hashes: 7,
  subnet: 8,
  expire: 9,
  cookie: 10,
  keepAlive: 11,
  padding: 12,
  error: 15,
  reporting: 18,
  zoneVersion: 19,
} as const;

/** What the codes of extended errors mean (IANA, Extended DNS Error Codes). */
const errorNames: readonly string[] = [
  'Other',
  'Unsupported DNSKEY Algorithm',
  'Unsupported DS Digest Type',
  'Stale Answer',
  'Forged Answer',
  'DNSSEC Indeterminate',
  'DNSSEC Bogus',
  'Signature Expired',
  'Signature Not Yet Valid',
  'DNSKEY Missing',
  'RRSIGs Missing',
  'No Zone Key Bit Set',
  'NSEC Missing',
  'Cached Error',
  'Not Ready',
  'Blocked',
  'Censored',
  'Filtered',
  'Prohibited',
  'Stale NXDOMAIN Answer',
  'Not Authoritative',
  'Not Supported',
  'No Reachable Authority',
  'Network Error',
  'Invalid Data',
  'Signature Expired Before Valid',
  'Too Early',
  'Unsupported NSEC3 Iterations Value',
  'Unable To Conform To Policy',
  'Synthesized',
  'Invalid Query Type',
];

/** Hashes by their number (IANA, Delegation Signer Digest Algorithms). */
const digestNames: Readonly<Record<number, string>> = {
  1: 'SHA1',
  2: 'SHA256',
  3: 'GOST94',
  4: 'SHA384',
  5: 'SHA512',
};

type Option = (value: Buffer) => string;

function atLeast(value: Buffer, length: number): void {
  if (value.length < length) throw new RangeError('an EDNS option that is cut short');
}

const hex: Option = (value) => value.toString('hex');

/** Numbers by name, each with a space in front. */
function listed(names: Readonly<Record<number, string>>): Option {
  return (value) => Array.from(value, (number) => ` ${names[number] ?? number}`).join('');
}

const serverId: Option = (value) => {
  const characters = Array.from(value, (byte) => `(${String.fromCodePoint(byte)})`).join('');
  return `${hex(value)}  ${characters}`;
};

const subnet: Option = (value) => {
  atLeast(value, 4);
  const family = value.readUInt16BE(0);
  const [, , source = 0, scope = 0] = value;
  const length = { 0: 4, 1: 4, 2: 16 }[family];
  const isTooLong = Math.max(source, scope) > (length ?? 0) * 8;
  if (length === undefined || isTooLong || (family === 0 && source !== 0)) {
    throw new RangeError('an EDNS client subnet that is none');
  }
  const address = Buffer.alloc(length);
  if (family !== 0) value.copy(address, 0, 4);
  const shown = family === 2 ? `[${addressText(address)}]` : addressText(address);
  return `${shown}/${source}/${scope}`;
};

const keepAlive: Option = (value) => {
  if (value.length !== 0 && value.length !== 2) throw new RangeError('a keep-alive that is none');
  const timeout = value.length === 0 ? 0 : value.readUInt16BE(0);
  // Sixteen bits are all that blackbox_exporter has for the product.
  const wait = timeout === 0 ? 'timeout omitted' : `timeout ${(timeout * 100) & 0xffff}ms`;
  return `use tcp keep-alive, ${wait}`;
};

const lease: Option = (value) => {
  if (value.length !== 4 && value.length !== 8) throw new RangeError('a lease that is none');
  return `${value.readUInt32BE(0)} ${value.length === 4 ? 0 : value.readUInt32BE(4)}`;
};

const liveQuery: Option = (value) => {
  atLeast(value, 18);
  const numbers = [0, 2, 4].map((at) => value.readUInt16BE(at));
  return [...numbers, value.readBigUInt64BE(6), value.readUInt32BE(14)].join(' ');
};

const expire: Option = (value) => {
  if (value.length === 0) return '';
  atLeast(value, 4);
  return String(value.readUInt32BE(0));
};

const extendedError: Option = (value) => {
  atLeast(value, 2);
  const code = value.readUInt16BE(0);
  const meaning = errorNames[code] === undefined ? '' : ` (${errorNames[code]})`;
  return `${code}${meaning}: (${value.toString('utf8', 2)})`;
};

const zoneVersion: Option = (value) => {
  atLeast(value, 2);
  return value.toString('utf8', 2);
};

/** The options with a form of their own, each with the word it is introduced by. */
const options: ReadonlyMap<number, readonly [string, Option]> = new Map([
  [codes.liveQuery, ['LONG LIVED QUERIES', liveQuery]],
  [codes.lease, ['UPDATE LEASE', lease]],
  [codes.serverId, ['NSID', serverId]],
  [codes.sourceUri, ['ESU', (value) => value.toString('utf8')]],
  [codes.algorithms, ['DNSSEC ALGORITHM UNDERSTOOD', listed(algorithmNames)]],
  [codes.digests, ['DS HASH UNDERSTOOD', listed(digestNames)]],
  [codes.hashes, ['NSEC3 HASH UNDERSTOOD', listed(digestNames)]],
  [codes.subnet, ['SUBNET', subnet]],
  [codes.expire, ['EXPIRE', expire]],
  [codes.cookie, ['COOKIE', hex]],
  [codes.keepAlive, ['KEEPALIVE', keepAlive]],
  [codes.padding, ['PADDING', (value) => hex(value).toUpperCase()]],
  [codes.error, ['EDE', extendedError]],
  [codes.reporting, ['REPORT-CHANNEL', (value) => takeName({ bytes: value, at: 0 })]],
  [codes.zoneVersion, ['ZONEVERSION', zoneVersion]],
]);

const flagBits = { dnssec: 0x8000, compact: 0x4000, unused: 0x3fff } as const;

/** The record as text; the fields of its head have meanings of their own: `ttl` is version and flags. */
export function presentEdns(udpBytes: number, ttl: number, cursor: DnsCursor): string {
  const flags = [
    ...((ttl & flagBits.dnssec) === 0 ? [] : [' do']),
    ...((ttl & flagBits.compact) === 0 ? [] : [' co']),
  ];
  const unused = ttl & flagBits.unused;
  const rest = unused === 0 ? '' : `MBZ: 0x${unused.toString(16).padStart(4, '0')}, `;
  const version = (ttl >> 16) & 0xff;
  let text = `\n;; OPT PSEUDOSECTION:\n; EDNS: version ${version}; flags:${flags.join('')}; `;
  text += `${rest}udp: ${udpBytes}`;
  while (!isAtEnd(cursor)) {
    const code = takeNumber(cursor, 2);
    const value = takeBytes(cursor, takeNumber(cursor, 2));
    const [word, write] = options.get(code) ?? ['LOCAL OPT', () => `${code}:0x${hex(value)}`];
    text += `\n; ${word}: ${write(value)}`;
  }
  return text;
}
