import { addressText, type DnsField } from './dns-fields.ts';
import {
  decimalEscape,
  escaped,
  isAtEnd,
  takeBytes,
  takeName,
  takeNumber,
  takeRest,
  takeText,
  type DnsCursor,
} from './dns-reader.ts';

/** Record data that is written otherwise than field by field, as blackbox_exporter writes it. */

function numberOr0(cursor: DnsCursor, length: number): number {
  return isAtEnd(cursor) ? 0 : takeNumber(cursor, length);
}

/** Latitude and longitude are counted from here, in thousandths of a second of arc (RFC 1876, 2). */
const middle = 2 ** 31;
const perMinute = 60 * 1000;
const perDegree = 60 * perMinute;
const metresBelow = 100_000;

function angle(value: number, positive: string, negative: string): string {
  const rest = Math.abs(value - middle);
  const degrees = Math.floor(rest / perDegree);
  const minutes = Math.floor((rest % perDegree) / perMinute);
  const seconds = ((rest % perMinute) / 1000).toFixed(3);
  const padded = [degrees, minutes].map((part) => String(part).padStart(2, '0'));
  return `${padded.join(' ')} ${seconds} ${value > middle ? positive : negative}`;
}

/** A length in metres from one digit and a power of ten, in centimetres. */
function metres(value: number): string {
  const digit = value >> 4;
  const power = value & 0x0f;
  if (power >= 2) return `${digit}${'0'.repeat(power - 2)}m`;
  return `0.${String(power === 1 ? digit * 10 : digit).padStart(2, '0')}m`;
}

/** A place on earth (RFC 1876). */
export const location: DnsField = (cursor) => {
  numberOr0(cursor, 1);
  const sizes = [0, 0, 0].map(() => metres(numberOr0(cursor, 1)));
  const latitude = angle(numberOr0(cursor, 4), 'N', 'S');
  const longitude = angle(numberOr0(cursor, 4), 'E', 'W');
  const centimetres = numberOr0(cursor, 4);
  const altitude = (centimetres / 100 - metresBelow).toFixed(centimetres % 100 === 0 ? 0 : 2);
  return [latitude, longitude, `${altitude}m`, ...sizes];
};

const gatewayKinds = { ipv4: 1, ipv6: 2, name: 3 } as const;

function gateway(cursor: DnsCursor, kind: number): string {
  if (kind === gatewayKinds.ipv4) return addressText(takeBytes(cursor, 4));
  if (kind === gatewayKinds.ipv6) return addressText(takeBytes(cursor, 16));
  return kind === gatewayKinds.name ? takeName(cursor) : '.';
}

/** Precedence, kind of gateway, algorithm, gateway and key (RFC 4025). */
export const ipsecKey: DnsField = (cursor) => {
  const [precedence, kind, algorithm] = [0, 0, 0].map(() => numberOr0(cursor, 1));
  const at = gateway(cursor, kind ?? 0);
  return [...[precedence, kind, algorithm].map(String), at, takeRest(cursor).toString('base64')];
};

/** Precedence, whether discovery is optional, kind of relay and relay (RFC 8777). */
export const amtRelay: DnsField = (cursor) => {
  const precedence = numberOr0(cursor, 1);
  const second = numberOr0(cursor, 1);
  const kind = second & 0x7f;
  return [String(precedence), second >= 0x80 ? '1' : '0', String(kind), gateway(cursor, kind)];
};

/** Algorithm, tag, key and servers of the host identity protocol (RFC 8005). */
export const hostIdentity: DnsField = (cursor) => {
  const tagLength = numberOr0(cursor, 1);
  const algorithm = numberOr0(cursor, 1);
  const keyLength = numberOr0(cursor, 2);
  const tag = takeBytes(cursor, tagLength).toString('hex');
  const key = takeBytes(cursor, keyLength).toString('base64');
  const servers: string[] = [];
  while (!isAtEnd(cursor)) servers.push(takeName(cursor));
  return [String(algorithm), tag, key, ...servers];
};

/** Lists of address prefixes (RFC 3123). */
export const prefixes: DnsField = (cursor) => {
  const list: string[] = [];
  while (!isAtEnd(cursor)) {
    const family = takeNumber(cursor, 2);
    const prefix = takeNumber(cursor, 1);
    const negation = takeNumber(cursor, 1);
    const length = { 1: 4, 2: 16 }[family] ?? 0;
    const given = takeBytes(cursor, negation & 0x7f);
    if (given.length > length || prefix > length * 8 || given.at(-1) === 0) {
      throw new RangeError('an address prefix that is none');
    }
    const whole = Buffer.concat([given, Buffer.alloc(length - given.length)]);
    list.push(`${negation >= 0x80 ? '!' : ''}${family}:${addressText(whole)}/${prefix}`);
  }
  return list;
};

const serviceKeys = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
] as const;
const reservedKey = 65_535;

function serviceKey(number: number): string {
  return serviceKeys[number] ?? (number === reservedKey ? '' : `key${number}`);
}

/** Names of protocols, separated by commas; what would upset such a list is escaped twice. */
function protocols(value: Buffer): string {
  const cursor = { bytes: value, at: 0 };
  const list: string[] = [];
  while (!isAtEnd(cursor)) {
    const pieces = Array.from(takeText(cursor), (byte) => {
      const isTwice = byte === 0x2c || byte === 0x5c;
      return isTwice ? String.raw`\\${decimalEscape(byte)}` : escaped(Buffer.of(byte), '"; ');
    });
    list.push(pieces.join(''));
  }
  return list.join(',');
}

function listOf(value: Buffer, length: number, write: (part: Buffer) => string): string {
  if (value.length % length !== 0) throw new RangeError('a service parameter that is cut short');
  const parts = Array.from({ length: value.length / length }, (_part, at) =>
    write(value.subarray(at * length, (at + 1) * length)),
  );
  return parts.join(',');
}

function serviceValue(key: number, value: Buffer): string {
  const shape = serviceKeys[key];
  const isHint = shape === 'ipv4hint' || shape === 'ipv6hint';
  if (isHint && value.length === 0) throw new RangeError('a hint without an address');
  switch (shape) {
    case 'mandatory':
      return listOf(value, 2, (part) => serviceKey(part.readUInt16BE(0)));
    case 'alpn':
      return protocols(value);
    case 'no-default-alpn':
    case 'ohttp':
      if (value.length > 0) throw new RangeError('a value where there must be none');
      return '';
    case 'port':
      if (value.length !== 2) throw new RangeError('a port that is none');
      return String(value.readUInt16BE(0));
    case 'ipv4hint':
      return listOf(value, 4, addressText);
    case 'ipv6hint':
      return listOf(value, 16, addressText);
    case 'ech':
      return value.toString('base64');
    case 'dohpath':
    case undefined:
      break;
  }
  return escaped(value, '"; \\');
}

/** The parameters of a service binding (RFC 9460), as `key="value"`. */
export const serviceParameters: DnsField = (cursor) => {
  const list: string[] = [];
  let latest = -1;
  while (!isAtEnd(cursor)) {
    const key = takeNumber(cursor, 2);
    const value = takeBytes(cursor, takeNumber(cursor, 2));
    if (key <= latest || key === reservedKey) throw new RangeError('service keys out of order');
    latest = key;
    list.push(`${serviceKey(key)}="${serviceValue(key, value)}"`);
  }
  return list;
};
