import { isIP } from 'node:net';
import { parseNetwork, withinNetworks, type Network } from './network.ts';

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
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'path' | 'name'; readonly pattern: RegExp };

function patternOf(glob: string, any: string): RegExp {
  const parts = glob
    .split('*')
    .map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(any)}$`, 'u');
}

/** Reads one entry; undefined if it is none of the things that may be allowed. */
function parseRule(entry: string): Rule | undefined {
  if (entry === '*') return { kind: 'all' };
  if (entry.startsWith('/')) return { kind: 'path', pattern: patternOf(entry, '[^/]*') };
  const network = parseNetwork(entry);
  if (network !== undefined) return { kind: 'network', network };
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
  const holds = withinNetworks(
    rules.flatMap((rule) => (rule.kind === 'network' ? [rule.network] : [])),
  );
  const all = rules.some(({ kind }) => kind === 'all');
  const matches = (kind: 'path' | 'name', text: string): boolean =>
    rules.some((rule) => rule.kind === kind && rule.pattern.test(text));
  const name = (host: string): boolean =>
    all || (isIP(host) === 0 && matches('name', host.toLowerCase().replace(/\.$/, '')));
  return {
    address: (host, ip) => name(host) || holds(ip),
    name,
    path: (path) => all || matches('path', path) || thisHost.some(holds),
  };
}
