import { isIP } from 'node:net';
import { parseNetwork, withinNetworks } from './network.ts';
import { hostOf, isSecure, portOf } from './http-url.ts';
import {
  hasProxyUrl,
  parseProxyUrl,
  parseProxyVariable,
  type ProxyOptions,
} from './http-proxy-options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

function isLoopback(ip: string): boolean {
  return isIP(ip) === 4 ? ip.startsWith('127.') : /^(?:::1|::ffff:(?:127\.|7f))/i.test(ip);
}

/** One exception of `no_proxy` and what it says of a host in lower case. */
type Exception = (host: string, port: number) => boolean;

/** A network such as `10.0.0.0/8`; undefined if it is none. */
function networkException(entry: string): Exception | undefined {
  const network = entry.includes('/') ? parseNetwork(entry) : undefined;
  return network && withinNetworks([network]);
}

/** `host`, `host:port`, `[ip]:port`; undefined where there is no host. */
function splitPort(entry: string): { readonly host: string; readonly port?: number } | undefined {
  if (isIP(entry) !== 0) return { host: entry };
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d*))?$/.exec(entry) ?? [];
  const host = bracketed ?? plain ?? entry;
  if (host === '') return undefined;
  return { host, ...(port === undefined || port === '' ? {} : { port: Number(port) }) };
}

function hostException(entry: string): Exception {
  const place = splitPort(entry);
  if (place === undefined) return () => false;
  const isPort = (port: number): boolean => place.port === undefined || place.port === port;
  const { host } = place;
  const address = isIP(host) === 0 ? undefined : parseNetwork(host);
  if (address !== undefined) {
    const isSame = withinNetworks([address]);
    return (other, port) => isSame(other) && isPort(port);
  }
  // `example.com` stands for itself and what is below it, `.example.com` and `*.example.com` for the latter.
  const bare = host.startsWith('*.') ? host.slice(1) : host;
  const suffix = bare.startsWith('.') ? bare : `.${bare}`;
  return (other, port) =>
    (other.endsWith(suffix) || (bare === suffix.slice(1) && other === bare)) && isPort(port);
}

/**
 * Whether a URL is reached directly under `no_proxy`, as Go's `httpproxy` reads it: names with what is below
 * them, addresses, networks, each with a port or without, `*` for everything, and always this host.
 */
export function isExempt(url: URL, exceptions: string): boolean {
  const host = hostOf(url).toLowerCase();
  if (host === 'localhost' || (isIP(host) !== 0 && isLoopback(host))) return true;
  const entries = exceptions.split(',').map((entry) => entry.trim().toLowerCase());
  if (entries.includes('*')) return true;
  return entries
    .filter((entry) => entry !== '')
    .some((entry) => (networkException(entry) ?? hostException(entry))(host, portOf(url)));
}

function variable(environment: Environment, name: string): string {
  const value = environment[name.toUpperCase()] ?? '';
  return value === '' ? (environment[name.toLowerCase()] ?? '') : value;
}

/** Why no request can be sent: what names the proxy names none. */
export interface ProxyFault {
  readonly fault: string;
}

function unusable(where: string): ProxyFault {
  return { fault: `${where} is no URL of a proxy that can be used, wanted http:// or https://` };
}

function fromEnvironment(url: URL, environment: Environment): URL | ProxyFault | undefined {
  const name = isSecure(url) ? 'https_proxy' : 'http_proxy';
  const address = variable(environment, name);
  if (address === '' || isExempt(url, variable(environment, 'no_proxy'))) return undefined;
  return parseProxyVariable(address) ?? unusable(`the variable ${name.toUpperCase()}`);
}

/**
 * The proxy for a URL; undefined where it is reached directly. This host is exempt only where there are
 * exceptions at all: with `proxy_url` alone everything goes through the proxy.
 */
export function proxyFor(
  url: URL,
  options: ProxyOptions,
  environment: Environment = process.env,
): URL | ProxyFault | undefined {
  if (options.proxy_from_environment) return fromEnvironment(url, environment);
  if (!hasProxyUrl(options)) return undefined;
  if (options.no_proxy !== '' && isExempt(url, options.no_proxy)) return undefined;
  try {
    return parseProxyUrl(options.proxy_url?.reveal() ?? '') ?? unusable('proxy_url');
  } catch {
    return unusable('proxy_url cannot be read and');
  }
}
