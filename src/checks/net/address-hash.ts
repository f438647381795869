import { isIP } from 'node:net';

function ipv4Bytes(address: string): number[] {
  return address.split('.').map(Number);
}

function ipv6Bytes(address: string): number[] {
  const [bare = ''] = address.split('%');
  const [head = '', tail] = bare.split('::');
  const bytesOf = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (group.includes('.')) return ipv4Bytes(group);
          const value = Number.parseInt(group, 16);
          return [value >> 8, value & 0xff];
        });
  const start = bytesOf(head);
  if (tail === undefined) return start;
  const end = bytesOf(tail);
  return [...start, ...Array<number>(16 - start.length - end.length).fill(0), ...end];
}

/**
 * The raw bytes of an IP address: 4 for IPv4 and for an IPv4 address written as IPv6
 * (`::ffff:127.0.0.1`), 16 for IPv6. A zone (`%eth0`) does not count.
 */
export function addressBytes(address: string): number[] {
  if (isIP(address) === 4) return ipv4Bytes(address);
  const bytes = ipv6Bytes(address);
  const mapped =
    bytes[10] === 0xff && bytes[11] === 0xff && bytes.slice(0, 10).every((byte) => byte === 0);
  return mapped ? bytes.slice(12) : bytes;
}

/** 32-bit FNV-1a, the value of `probe_ip_addr_hash`. */
export function fnv1a32(bytes: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
