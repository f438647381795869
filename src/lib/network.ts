import { BlockList, isIP } from 'node:net';

/** The addresses that begin with so many bits of `ip`. */
export interface Network {
  readonly ip: string;
  readonly prefix: number;
}

/** Reads `10.0.0.0/8`, `fe80::/10`, or one address alone; undefined if it is none of these. */
export function parseNetwork(text: string): Network | undefined {
  const [, ip = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(ip)] ?? 0;
  const prefix = digits === undefined ? bits : Number(digits);
  return bits === 0 || prefix > bits ? undefined : { ip, prefix };
}

/** Tells whether an address lies in one of the networks; whatever is no address does not. */
export function withinNetworks(networks: readonly Network[]): (ip: string) => boolean {
  const list = new BlockList();
  for (const { ip, prefix } of networks) list.addSubnet(ip, prefix, familyOf(ip));
  return (ip) => {
    const [bare = ''] = ip.split('%');
    return isIP(bare) !== 0 && list.check(bare, familyOf(bare));
  };
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIP(ip) === 6 ? 'ipv6' : 'ipv4';
}
