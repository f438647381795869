import type { Answer, SoaData, SrvData, TxtAnswer } from 'dns-packet';
import { typeName } from './dns-names.ts';

/** Names end with the dot of the root. */
function fullName(name: string): string {
  return name === '.' || name.endsWith('.') ? name : `${name}.`;
}

/** A character string in quotes; what is not printable as `\DDD` (RFC 1035, 5.1). */
function quoted(value: string | Buffer): string {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCodePoint(byte);
    if (character === '"' || character === '\\') text += `\\${character}`;
    else if (byte < 0x20 || byte > 0x7e) text += `\\${String(byte).padStart(3, '0')}`;
    else text += character;
  }
  return `"${text}"`;
}

function soa(data: SoaData): string {
  const { mname, rname, serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0 } = data;
  const numbers = [serial, refresh, retry, expire, minimum].join(' ');
  return `${fullName(mname)} ${fullName(rname)} ${numbers}`;
}

/** Records without a form of their own here: raw data as in RFC 3597, else their fields in order. */
function otherData(data: unknown): string {
  if (Buffer.isBuffer(data)) {
    return `\\# ${data.length}${data.length === 0 ? '' : ` ${data.toString('hex')}`}`;
  }
  return Object.values(data ?? {})
    .map((field: unknown) =>
      Buffer.isBuffer(field) ? field.toString('hex').toUpperCase() : String(field),
    )
    .join(' ');
}

function txt(data: TxtAnswer['data']): string {
  return (Array.isArray(data) ? data : [data]).map(quoted).join(' ');
}

function srv({ priority = 0, weight = 0, port, target }: SrvData): string {
  return `${priority} ${weight} ${port} ${fullName(target)}`;
}

function dataOf(record: Exclude<Answer, { type: 'OPT' }>): string {
  const { type, data } = record;
  if (type === 'A' || type === 'AAAA') return data;
  if (type === 'CNAME' || type === 'DNAME' || type === 'NS' || type === 'PTR')
    return fullName(data);
  if (type === 'MX') return `${data.preference ?? 0} ${fullName(data.exchange)}`;
  if (type === 'TXT') return txt(data);
  if (type === 'SOA') return soa(data);
  if (type === 'SRV') return srv(data);
  if (type === 'CAA') return `${data.flags ?? 0} ${data.tag} ${quoted(data.value)}`;
  return otherData(data);
}

/** The library writes a type that it does not know as `UNKNOWN_65`. */
function shownType(type: string): string {
  const unknown = /^UNKNOWN_(\d+)$/.exec(type);
  return unknown === null ? type : typeName(Number(unknown[1]));
}

/**
 * A record in presentation form, as zone files and `dig` write it: owner, TTL, class and type separated
 * by tabs, then the data. The validation rules are matched against this.
 */
export function presentRecord(record: Answer): string {
  if (record.type === 'OPT') return `;; OPT udp: ${record.udpPayloadSize}`;
  const { name, ttl = 0, class: kind = 'IN', type } = record;
  return [fullName(name), ttl, kind, shownType(type), dataOf(record)].join('\t');
}
