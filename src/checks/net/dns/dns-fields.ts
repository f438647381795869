import { typeName } from './dns-names.ts';
import {
  escaped,
  isAtEnd,
  quoted,
  takeBytes,
  takeName,
  takeNumber,
  takeRest,
  takeText,
  type DnsCursor,
} from './dns-reader.ts';

/**
 * Reads one field of a record's data and gives the words that it is written as. Data that ends before a
 * field leaves it blank: a server may send less, and blackbox_exporter then writes nought or nothing.
 */
export type DnsField = (cursor: DnsCursor) => readonly string[];

function number(length: number): DnsField {
  return (cursor) => [isAtEnd(cursor) ? '0' : String(takeNumber(cursor, length))];
}

export const u8 = number(1);
export const u16 = number(2);
export const u32 = number(4);

export const name: DnsField = (cursor) => [isAtEnd(cursor) ? '' : takeName(cursor)];

const nothing = Buffer.alloc(0);

/** A character string in quotes. */
export const text: DnsField = (cursor) => [quoted(isAtEnd(cursor) ? nothing : takeText(cursor))];

/** The same without the quotes. */
export const word: DnsField = (cursor) => [
  escaped(isAtEnd(cursor) ? nothing : takeText(cursor), '"\\'),
];

/** All character strings that are left. */
export const texts: DnsField = (cursor) => {
  const list: string[] = [];
  while (!isAtEnd(cursor)) list.push(quoted(takeText(cursor)));
  return list;
};

/** The bytes of a text in which backslashes escape, as blackbox_exporter takes them for data, too. */
function unescaped(bytes: Buffer): Buffer {
  const plain: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const digits = /^\d{3}/.exec(bytes.toString('latin1', at + 1, at + 4))?.[0];
    if (byte !== 0x5c) {
      plain.push(byte);
      at += 1;
    } else if (digits !== undefined) {
      plain.push(Number(digits) & 0xff);
      at += 4;
    } else {
      if (at + 1 < bytes.length) plain.push(bytes[at + 1] ?? 0);
      at += 2;
    }
  }
  return Buffer.from(plain);
}

/** What is left, in quotes; `\.` stays as it is. */
export const octets: DnsField = (cursor) => {
  const parts = takeRest(cursor)
    .toString('latin1')
    .split(String.raw`\.`);
  const inner = parts.map((part) => quoted(unescaped(Buffer.from(part, 'latin1'))).slice(1, -1));
  return [`"${inner.join(String.raw`\.`)}"`];
};

/** What is left, in hexadecimal. */
export const hex: DnsField = (cursor) => [takeRest(cursor).toString('hex')];
export const upperHex: DnsField = (cursor) => [takeRest(cursor).toString('hex').toUpperCase()];
export const base64: DnsField = (cursor) => [takeRest(cursor).toString('base64')];

const splitAt = 1024;

/** What is left, in hexadecimal of at most so many digits a word. */
export const longHex: DnsField = (cursor) => {
  const digits = takeRest(cursor).toString('hex');
  const whole = Math.floor(digits.length / splitAt);
  const words = Array.from({ length: whole }, (_word, at) =>
    digits.slice(at * splitAt, (at + 1) * splitAt),
  );
  return [...words, digits.slice(whole * splitAt)];
};

export const recordType: DnsField = (cursor) => [
  typeName(isAtEnd(cursor) ? 0 : takeNumber(cursor, 2)),
];

/** A bitmap of record types in windows of 256 (RFC 4034, 4.1.2). */
export const recordTypes: DnsField = (cursor) => {
  const list: string[] = [];
  let latest = -1;
  while (!isAtEnd(cursor)) {
    const window = takeNumber(cursor, 1);
    const length = takeNumber(cursor, 1);
    if (window <= latest || length === 0 || length > 32) {
      throw new RangeError('a bitmap of record types that is none');
    }
    latest = window;
    for (const [index, byte] of takeBytes(cursor, length).entries()) {
      for (let bit = 0; bit < 8; bit++) {
        if ((byte & (0x80 >> bit)) !== 0) list.push(typeName(window * 256 + index * 8 + bit));
      }
    }
  }
  return list;
};

/** Seconds since 1970 as `YYYYMMDDHHMMSS`. */
export const time: DnsField = (cursor) => {
  const seconds = isAtEnd(cursor) ? 0 : takeNumber(cursor, 4);
  const digits = new Date(seconds * 1000).toISOString().replaceAll(/\D/g, '');
  return [digits.slice(0, 14)];
};

/** What stands in front of an IPv4 address that is written as IPv6. */
const mapped = Buffer.from('00000000000000000000ffff', 'hex');

/** IPv4 as four numbers; IPv6 as RFC 5952 wants it, but an embedded IPv4 address only after `::ffff:`. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.subarray(0, mapped.length).equals(mapped)) {
    return `::ffff:${bytes.subarray(mapped.length).join('.')}`;
  }
  const groups = Array.from({ length: 8 }, (_group, at) => bytes.readUInt16BE(at * 2).toString(16));
  const runs = Array.from(groups.join(' ').matchAll(/\b0(?: 0)+\b/g));
  const longest = runs.toSorted((a, b) => b[0].length - a[0].length)[0];
  if (longest === undefined) return groups.join(':');
  const whole = groups.join(' ');
  const before = whole.slice(0, longest.index).trim().replaceAll(' ', ':');
  const after = whole
    .slice(longest.index + longest[0].length)
    .trim()
    .replaceAll(' ', ':');
  return `${before}::${after}`;
}

function address(length: 4 | 16): DnsField {
  return (cursor) => [isAtEnd(cursor) ? '' : addressText(takeBytes(cursor, length))];
}

export const ipv4 = address(4);
export const ipv6 = address(16);

/** Bytes with their number in front, in hexadecimal; `-` for none. */
export const salt: DnsField = (cursor) => {
  const bytes = isAtEnd(cursor) ? nothing : takeText(cursor);
  return [bytes.length === 0 ? '-' : bytes.toString('hex').toUpperCase()];
};

const base32Digits = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** Bytes with their number in front, in the base 32 that keeps their order (RFC 4648, 7). */
export const base32: DnsField = (cursor) => {
  if (isAtEnd(cursor)) return [''];
  const bits = Array.from(takeText(cursor), (byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = Array.from(bits.matchAll(/[01]{1,5}/g), ([group]) =>
    base32Digits.charAt(Number.parseInt(group.padEnd(5, '0'), 2)),
  );
  return [digits.join('')];
};

/** The numbers of `words` by name. */
export function named(length: 1 | 2, words: Readonly<Record<number, string>>): DnsField {
  return (cursor) => {
    const found = isAtEnd(cursor) ? 0 : takeNumber(cursor, length);
    return [words[found] ?? String(found)];
  };
}

/** Bytes in hexadecimal, joined by a character every so many digits. */
export function grouped(length: 6 | 8, digits: 2 | 4, separator: string, upper = false): DnsField {
  return (cursor) => {
    const bytes = isAtEnd(cursor) ? Buffer.alloc(length) : takeBytes(cursor, length);
    const whole = upper ? bytes.toString('hex').toUpperCase() : bytes.toString('hex');
    return [Array.from(whole.matchAll(new RegExp(`.{${digits}}`, 'g'))).join(separator)];
  };
}
