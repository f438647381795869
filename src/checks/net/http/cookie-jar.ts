import type { CookieJar as Jar } from 'tough-cookie';
import { cookiesMax } from '../../../model/limits.ts';
import { toWire } from '../../../lib/header-text.ts';
import { fromWire, headerValues, type RawHeaders } from './http-headers.ts';

/** The cookies of one chain of redirects (RFC 6265). Nobody may set one for a public suffix. */
interface CookieJar {
  /** Takes what a response to `url` sets. */
  store(url: URL, headers: RawHeaders): Promise<void>;
  /** The Cookie header for a request to `url`, or undefined. */
  header(url: URL): string | undefined;
}

/** A jar that loads what it needs with the first cookie: most probes never see one. */
export function createCookieJar(): CookieJar {
  let jar: Jar | undefined;
  const known = new Set<string>();
  return {
    async store(url, headers) {
      const lines = headerValues(headers, 'set-cookie');
      if (lines.length === 0) return;
      const { CookieJar } = await import('tough-cookie');
      jar ??= new CookieJar(undefined, { allowSecureOnLocal: false });
      for (const line of lines) {
        if (known.size >= cookiesMax) return;
        const cookie = jar.setCookieSync(fromWire(line), url.href, { ignoreError: true });
        if (cookie) known.add(`${cookie.domain};${cookie.path};${cookie.key}`);
      }
    },
    header(url) {
      const text = jar?.getCookieStringSync(url.href) ?? '';
      return text === '' ? undefined : toWire(text);
    },
  };
}
