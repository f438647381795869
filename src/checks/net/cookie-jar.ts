import { isIP } from 'node:net';
import { cookiesMax } from '../../model/limits.ts';
import { headerValues, type RawHeaders } from './http-headers.ts';
import { hostOf, isSecure } from './http-url.ts';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Only for the very host that set it. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
}

/** The cookies of one chain of redirects (RFC 6265, without persistence). */
interface CookieJar {
  /** Takes what a response to `url` sets. */
  store(url: URL, headers: RawHeaders): void;
  /** The Cookie header for a request to `url`, or undefined. */
  header(url: URL): string | undefined;
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && isIP(host) === 0);
}

function defaultPath(url: URL): string {
  const end = url.pathname.lastIndexOf('/');
  return end <= 0 ? '/' : url.pathname.slice(0, end);
}

function pathMatches(path: string, prefix: string): boolean {
  if (path === prefix) return true;
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

function isExpired(attributes: ReadonlyMap<string, string>, nowMs: number): boolean {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return expires <= nowMs;
}

/** Reads one Set-Cookie header; undefined if it is malformed or not this host's to set. */
function parseCookie(line: string, url: URL): [Cookie, ReadonlyMap<string, string>] | undefined {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(0, equals)).trim();
  if (name === '') return undefined;
  const attributes = new Map(
    rest.map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key.trim().toLowerCase(), value.join('=').trim()];
    }),
  );
  const host = hostOf(url);
  const domain = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase();
  // A single label such as `com` would reach every site below it.
  if (domain !== '' && domain !== host && !(domain.includes('.') && isWithin(host, domain))) {
    return undefined;
  }
  const path = attributes.get('path') ?? '';
  const cookie = {
    name,
    value: pair.slice(equals + 1).trim(),
    domain: domain === '' ? host : domain,
    hostOnly: domain === '',
    path: path.startsWith('/') ? path : defaultPath(url),
    secure: attributes.has('secure'),
  };
  return [cookie, attributes];
}

export function createCookieJar(nowMs: number): CookieJar {
  const cookies = new Map<string, Cookie>();
  return {
    store(url, headers) {
      for (const line of headerValues(headers, 'set-cookie')) {
        const [cookie, attributes] = parseCookie(line, url) ?? [];
        if (cookie === undefined || attributes === undefined) continue;
        const key = `${cookie.domain};${cookie.path};${cookie.name}`;
        if (isExpired(attributes, nowMs)) cookies.delete(key);
        else if (cookies.size < cookiesMax || cookies.has(key)) cookies.set(key, cookie);
      }
    },
    header(url) {
      if (cookies.size === 0) return undefined;
      const host = hostOf(url);
      const pairs = [...cookies.values()]
        .filter(
          (cookie) =>
            (cookie.hostOnly ? cookie.domain === host : isWithin(host, cookie.domain)) &&
            pathMatches(url.pathname, cookie.path) &&
            (!cookie.secure || isSecure(url)),
        )
        .map((cookie) => `${cookie.name}=${cookie.value}`);
      return pairs.length === 0 ? undefined : pairs.join('; ');
    },
  };
}
