import * as v from 'valibot';
import { flag, secret, text } from './schema-atoms.ts';
import type { Secret } from '../model/secret.ts';
import { headerToken } from './header-text.ts';

/** How requests reach their server where something stands in between. */
export interface ProxyOptions {
  /** The whole URL, since it may hold a password. */
  readonly proxy_url?: Secret | undefined;
  /** What is reached directly, separated by commas. */
  readonly no_proxy: string;
  readonly proxy_from_environment: boolean;
  readonly proxy_connect_header?: Readonly<Record<string, readonly Secret[]>> | undefined;
}

const wantedUrl = 'the URL of a proxy, http:// or https:// (SOCKS is not supported)';

/** The URL of a proxy; undefined if it is none that can be used. */
export function parseProxyUrl(address: string): URL | undefined {
  const url = URL.parse(address);
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '';
  return isUsable ? url : undefined;
}

/** The same of a variable such as `https_proxy`, in which many write `proxy:3128`. */
export function parseProxyVariable(address: string): URL | undefined {
  return parseProxyUrl(address.includes('://') ? address : `http://${address}`);
}

/** Where the text can be read at load it is judged at load; a file may only come later. */
function isUsable(url: Secret): boolean {
  try {
    const address = url.reveal();
    return address === '' || parseProxyUrl(address) !== undefined;
  } catch {
    return true;
  }
}

/** The keys that choose a proxy, with the names and meanings of Prometheus. */
export const proxyEntries = {
  proxy_url: v.optional(v.pipe(secret, v.check(isUsable, wantedUrl))),
  no_proxy: v.optional(text, ''),
  proxy_from_environment: v.optional(flag, false),
  proxy_connect_header: v.optional(
    v.record(
      v.pipe(text, v.regex(headerToken, 'a header name')),
      v.array(secret, 'a list of secrets'),
      'a map of header names to lists of secrets',
    ),
  ),
};

export function hasProxyUrl({ proxy_url: url }: ProxyOptions): boolean {
  try {
    return url !== undefined && url.reveal() !== '';
  } catch {
    return true;
  }
}

/** What would be right where the keys of a proxy contradict each other. */
export function refuseProxy(options: ProxyOptions): string | undefined {
  const { no_proxy: exceptions, proxy_from_environment: fromEnvironment } = options;
  const hasUrl = hasProxyUrl(options);
  if (fromEnvironment && hasUrl) return 'either proxy_url or proxy_from_environment';
  if (fromEnvironment && exceptions !== '') {
    return 'no_proxy only with proxy_url: proxy_from_environment brings its own';
  }
  if (!hasUrl && exceptions !== '') return 'no_proxy together with proxy_url';
  const headers = Object.keys(options.proxy_connect_header ?? {});
  if (headers.length > 0 && !hasUrl && !fromEnvironment) {
    return 'proxy_connect_header together with proxy_url or proxy_from_environment';
  }
  return undefined;
}
