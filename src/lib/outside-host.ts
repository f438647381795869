import { isIP } from 'node:net';
import { ownAddresses } from './own-addresses.ts';
import { parseNetwork, withinNetworks, type Network } from './network.ts';

/** Loopback, private, link-local and unspecified addresses (RFC 1122, 1918, 3927, 4193, 4291, 6598). */
const isNear = withinNetworks(
  `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16
   ::/127 ::ffff:127.0.0.0/104 fc00::/7 fe80::/10`
    .split(/\s+/)
    .map((text): Network => parseNetwork(text) ?? { ip: '127.0.0.0', prefix: 8 }),
);

/**
 * Whether a target (a URL, `host:port` or a host) leads out of this host and its own network, as far as
 * its text tells: a name counts as outside unless it can only be this host. `own` are the addresses of this
 * host, which are otherwise looked up where they matter: this is asked for every result.
 */
export function leadsOutside(target: string, own?: readonly string[]): boolean {
  const host = hostIn(target);
  if (host === '' || target.startsWith('/')) return false;
  if (isIP(host) !== 0) return !isNear(host) && !(own ?? ownAddresses()).includes(host);
  return !/(?:^|\.)(?:localhost|local|localdomain)\.?$/i.test(host);
}

function hostIn(target: string): string {
  const [, authority = target] = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(target) ?? [];
  const bare = authority.slice(authority.lastIndexOf('@') + 1);
  if (isIP(bare) !== 0) return bare;
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]*))/.exec(bare) ?? [];
  return (bracketed ?? plain ?? '').replace(/%.*$/, '');
}
