import { presentEdns } from './dns-edns.ts';
import { layouts } from './dns-layouts.ts';
import { className, typeName, typeNumber } from './dns-names.ts';
import {
  isAtEnd,
  takeBytes,
  takeName,
  takeNumber,
  takeRest,
  type DnsCursor,
} from './dns-reader.ts';

/** A record of an answer. */
export interface DnsRecord {
  readonly type: number;
  readonly ttl: number;
  /**
   * In presentation form, as zone files and `dig` write it: owner, TTL, class and type, separated by tabs,
   * then the data. The validation rules are matched against this, so it is blackbox_exporter's to a letter.
   */
  readonly text: string;
  /** The serial of the zone, for a record of type SOA. */
  readonly serial?: number;
}

interface Head {
  readonly owner: string;
  readonly type: number;
  readonly kind: number;
  readonly ttl: number;
}

const types = { null: typeNumber('NULL'), edns: typeNumber('OPT'), soa: typeNumber('SOA') };

/** Data of an unknown type (RFC 3597, 5). */
function presentUnknown({ owner, ttl, kind, type }: Head, data: DnsCursor): string {
  const bytes = takeRest(data);
  return `${owner}\t${ttl}\tCLASS${kind}\tTYPE${type}\t\\# ${bytes.length} ${bytes.toString('hex')}`;
}

function present(head: Head, data: DnsCursor): string {
  const { owner, ttl, kind, type } = head;
  if (type === types.edns) return presentEdns(kind, ttl, data);
  const start = `${owner}\t${ttl}\t${className(kind)}\t${typeName(type)}\t`;
  // There is no form for it: it is a comment with the data as they are.
  if (type === types.null) return `;${start}${takeRest(data).toString('utf8')}`;
  const layout = layouts[typeName(type)];
  if (layout === undefined) return presentUnknown(head, data);
  return start + layout.flatMap((field) => field(data)).join(' ');
}

function serialOf(data: DnsCursor): number {
  for (let names = 0; names < 2; names++) if (!isAtEnd(data)) takeName(data);
  return isAtEnd(data) ? 0 : takeNumber(data, 4);
}

/** The record at the cursor, which is moved behind it. Throws a `RangeError` for what is none. */
export function takeRecord(cursor: DnsCursor): DnsRecord {
  const owner = takeName(cursor);
  const [type, kind] = [takeNumber(cursor, 2), takeNumber(cursor, 2)];
  const ttl = takeNumber(cursor, 4);
  const length = takeNumber(cursor, 2);
  const start = cursor.at;
  takeBytes(cursor, length);
  const bytes = cursor.bytes.subarray(0, cursor.at);
  const data: DnsCursor = { ...cursor, bytes, at: start };
  const text = present({ owner, type, kind, ttl }, data);
  if (!isAtEnd(data)) throw new RangeError(`data of ${typeName(type)} with something behind them`);
  const serial = type === types.soa ? { serial: serialOf({ bytes, at: start }) } : {};
  return { type, ttl, text, ...serial };
}
