/** Reads the target of an http check; without a scheme it is `http://`. Undefined if it is no URL. */
export function parseTarget(target: string): URL | undefined {
  const address = /^https?:\/\//i.test(target) ? target : `http://${target}`;
  return URL.parse(address) ?? undefined;
}

/** The host of a URL as it is looked up: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}

export function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/** Whether it is reached over TLS, also as a websocket. */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'wss:';
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return isSecure(url) ? 443 : 80;
}

/** A URL without user, password and fragment, for people and for whoever is told these otherwise. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search}`;
}

/**
 * A target as typed, with the password in it hidden. A URL may have more slashes than two, slashes that
 * lean the other way, and an `@` in the name of the user.
 */
export function withoutPassword(target: string): string {
  return target.replace(/^((?:\w+:[/\\]+)?[^/\\?#:]*:)[^/\\?#]*@/, '$1xxxxx@');
}
