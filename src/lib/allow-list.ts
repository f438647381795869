import { BlockList, isIP } from 'node:net';

/** What may be reached: networks, names and paths of sockets. */
export interface AllowList {
  /** Whether a host may be reached at this address: by the address, or by the name it was asked for. */
  address(host: string, ip: string): boolean;
  /** Whether a host may be reached whatever its address is. */
  name(host: string): boolean;
  /** Whether a Unix socket may be reached, which counts as this host. */
  path(path: string): boolean;
}

const wanted =
  'a network such as 10.0.0.0/8, an address, a name such as *.example.com, a path such as /run/*.sock, or *';

type Rule =
  | { readonly kind: 'all' }
  | { readonly kind: 'network'; readonly ip: string; readonly prefix: number }
  | { readonly kind: 'path' | 'name'; readonly pattern: RegExp };

function patternOf(glob: string, any: string): RegExp {
  const parts = glob
    .split('*')
    .map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(any)}$`, 'u');
}

function parseNetwork(entry: string): Rule | undefined {
  const [, ip = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(ip)] ?? 0;
  const prefix = digits === undefined ? bits : Number(digits);
  return bits === 0 || prefix > bits ? undefined : { kind: 'network', ip, prefix };
}

/** Reads one entry; undefined if it is none of the things that may be allowed. */
function parseRule(entry: string): Rule | undefined {
  if (entry === '*') return { kind: 'all' };
  if (entry.startsWith('/')) return { kind: 'path', pattern: patternOf(entry, '[^/]*') };
  const network = parseNetwork(entry);
  if (network !== undefined) return network;
  const isName = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*$/.test(entry) && !/^[\d.]+$/.test(entry);
  return isName ? { kind: 'name', pattern: patternOf(entry.toLowerCase(), '.+') } : undefined;
}

/** What is wrong with an entry, as what would be right; undefined if nothing is. */
export function allowEntryFault(entry: string): string | undefined {
  return parseRule(entry) === undefined ? wanted : undefined;
}

/** The loopback address of either family: who may reach this host may reach its sockets. */
const thisHost = ['127.0.0.1', '::1'] as const;

/** Makes a list of entries that have no fault; others allow nothing. */
export function createAllowList(entries: readonly string[]): AllowList {
  const rules = entries.flatMap((entry) => parseRule(entry) ?? []);
  const networks = new BlockList();
  for (const rule of rules) {
    if (rule.kind === 'network') networks.addSubnet(rule.ip, rule.prefix, familyOf(rule.ip));
  }
  const all = rules.some(({ kind }) => kind === 'all');
  const matches = (kind: 'path' | 'name', text: string): boolean =>
    rules.some((rule) => rule.kind === kind && rule.pattern.test(text));
  const holds = (ip: string): boolean => {
    const [bare = ''] = ip.split('%');
    return isIP(bare) !== 0 && networks.check(bare, familyOf(bare));
  };
  const name = (host: string): boolean =>
    all || (isIP(host) === 0 && matches('name', host.toLowerCase().replace(/\.$/, '')));
  return {
    address: (host, ip) => name(host) || holds(ip),
    name,
    path: (path) => all || matches('path', path) || thisHost.some(holds),
  };
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIP(ip) === 6 ? 'ipv6' : 'ipv4';
}
