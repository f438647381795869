import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Who asks, as far as the connection and the headers tell. */
export interface Caller {
  readonly via: 'socket' | 'network';
  /** Address of the other end of the connection; undefined once it is gone. */
  readonly remoteAddress: string | undefined;
  /** Whether it gave the name and password of a configured user. */
  readonly authenticated: boolean;
  /** Whether a probe of this agent made the connection, on behalf of somebody else. */
  readonly isOwnProbe: boolean;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Why a caller may not change anything, as a sentence, or undefined when it may.
 *
 * The Unix socket is its owner's. A configured user may, from anywhere. Without users only this host
 * may, and it has to be a program of this host itself: neither a web page in a browser that runs here
 * (`Origin`, `Sec-Fetch-Site`, and for a name that was rebound to this address `Host`), nor somebody
 * elsewhere behind a proxy that runs here.
 */
export function changeRefusal(
  caller: Caller,
  listenHost: string,
  externalOrigin?: string,
): string | undefined {
  if (caller.via === 'socket') return undefined;
  if (caller.isOwnProbe) return 'A probe may not change anything here.';
  if (isFromOtherSite(caller.headers, externalOrigin))
    return 'Another web site may not change anything here.';
  if (caller.authenticated) return undefined;
  if (!isLoopback(caller.remoteAddress) || isForwarded(caller.headers)) {
    return 'Only this host itself may change something, unless web_config_file sets users.';
  }
  if (!isOwnName(caller.headers.host, listenHost)) {
    return 'The Host header must name this host by address, localhost or the configured name.';
  }
  return undefined;
}

/** Whether an address belongs to this host alone; also in the notation of IPv4 within IPv6. */
export function isLoopback(address: string | undefined): boolean {
  const plain = address?.replace(/^::ffff:/i, '') ?? '';
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/** Something in front of the agent may have changed `Host`; the page is then of the origin it is known by. */
function isFromOtherSite(headers: IncomingHttpHeaders, externalOrigin?: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  if (headers.origin === undefined || headers.origin === externalOrigin) return false;
  return !URL.canParse(headers.origin) || new URL(headers.origin).host !== headers.host;
}

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => name in headers);
}

function isOwnName(host: string | undefined, listenHost: string): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const name = new URL(`http://${host}`).hostname.replaceAll(/^\[|\]$/g, '');
  return isIP(name) !== 0 || name === 'localhost' || name === listenHost.toLowerCase();
}
