import { readFileSync } from 'node:fs';
import { shortIPv6 } from './short-ipv6.ts';

/**
 * Every address of this host, as the kernel's routing table and list of IPv6 addresses tell them; none where
 * they cannot be read. `os.networkInterfaces` would need a netlink socket, which a sandboxed service does
 * without. Source: /proc/net in proc(5).
 */
export function ownAddresses(directory = '/proc/net'): string[] {
  const fourth = localAddresses(readOrNothing(`${directory}/fib_trie`));
  const sixth = readOrNothing(`${directory}/if_inet6`)
    .split('\n')
    .flatMap((line) => /^[\da-f]{32}/.exec(line) ?? []);
  return [...fourth, ...sixth.map((digits) => shortIPv6(digits.match(/.{4}/g) ?? []))];
}

/** Leaves of the routing table that lead to this very host: an address, then what it is with 32 bits. */
function localAddresses(table: string): Set<string> {
  const found = table.matchAll(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g);
  return new Set([...found].map(([, address = '']) => address));
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
