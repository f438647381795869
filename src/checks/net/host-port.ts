import { isIP } from 'node:net';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/;
const plain = /^([^:[\]]*)(?::(\d{1,5}))?$/;

/**
 * Takes `host:port`, `[::1]:port`, `host` or a bare IP apart. Undefined if it is none of these, or if it
 * has no port and there is no default.
 */
export function parseHostPort(target: string, defaultPort?: number): HostPort | undefined {
  if (isIP(target) === 6) {
    return defaultPort === undefined ? undefined : { host: target, port: defaultPort };
  }
  const match = bracketed.exec(target) ?? plain.exec(target);
  const host = match?.[1];
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (host === undefined || port === undefined || port > 65_535) return undefined;
  return { host, port };
}

/** Puts an IPv6 address into brackets. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** How sentences name a peer: `example.com:443 (192.0.2.1)`, or `192.0.2.1:443` if that is all. */
export function describePeer(host: string, ip: string, port: number): string {
  return host === ip ? formatHostPort(ip, port) : `${formatHostPort(host, port)} (${ip})`;
}
