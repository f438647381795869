import { readPlainFile } from '../../../lib/plain-file.ts';
import { bodyFileBytesMax } from '../../../model/limits.ts';
import { unreadable, type Failure } from '../failure.ts';
import { headerToken, toWire } from '../../../lib/header-text.ts';
import { fromWire } from './http-headers.ts';
import type { HttpOptions } from './http-options.ts';
import { hostOf, isSecure, shownUrl } from '../../../lib/http-url.ts';
import { userAgent } from '../user-agent.ts';

/** One request, ready to be sent. `headers` has no Host, Content-Length, Connection or Cookie. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** The value of Host and of `:authority`. */
  readonly host: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer;
  /** What the request line asks for instead of the path of the URL. */
  readonly target?: string;
  /** Names in lower case of headers that are meant for this host only. */
  readonly secretNames?: ReadonlySet<string>;
  /** Its Referer comes from a redirect, not from the module. */
  readonly isReferred?: boolean;
}

/** Compares a header with a name in lower case. */
export function isNamed(name: string): ([other]: readonly [string, string]) => boolean {
  return ([other]) => other.toLowerCase() === name;
}

/** Headers that follow from the rest of the request, or that the connection is in charge of. */
const ownHeaders = /^(?:host|content-length|connection|transfer-encoding)$/i;

/** The first request of a probe, but for who asks. Reads the file of the body. */
export async function firstRequest(url: URL, options: HttpOptions): Promise<HttpRequest | Failure> {
  const given = Object.entries(options.headers).map(
    ([name, value]) => [name, toWire(value)] as const,
  );
  const headers = given.filter(([name]) => !ownHeaders.test(name));
  if (!headers.some(isNamed('user-agent'))) headers.unshift(['User-Agent', userAgent]);
  const { method, body: inline, body_file: file } = options;
  if (!headerToken.test(method)) {
    return { reason: 'protocol', summary: `${method} is no method of HTTP`, unknown: true };
  }
  const host = given.find(isNamed('host'))?.[1] ?? url.host;
  try {
    const body =
      file === undefined ? Buffer.from(inline ?? '') : await readPlainFile(file, bodyFileBytesMax);
    return { method, url, host, headers, ...(body.length === 0 ? {} : { body }) };
  } catch (error) {
    return unreadable(error, 'body_file');
  }
}

/** Headers that must not reach another host than the one they were meant for. */
const confidential = /^(?:authorization|www-authenticate|cookie2?)$/i;

/**
 * Who led to a request, as a header: nobody where the module says so itself, and nobody where a plain
 * connection would give away what went over TLS.
 */
function refererOf(request: HttpRequest, isDowngrade: boolean): readonly [string, string][] {
  const isOwn = request.isReferred !== true && request.headers.some(isNamed('referer'));
  return isOwn || isDowngrade ? [] : [['Referer', shownUrl(request.url)]];
}

/**
 * The request that follows a redirect from `request` to `location`; undefined if that is no URL. As browsers
 * do, 301 to 303 turn anything but HEAD into GET.
 */
export function redirectedRequest(
  request: HttpRequest,
  status: number,
  location: string,
): HttpRequest | undefined {
  const reference = fromWire(location);
  const url = URL.parse(reference, request.url.href);
  if (url === null) return undefined;
  const keepsMethod = status === 307 || status === 308;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const isDowngrade = isSecure(request.url) && !isSecure(url);
  const isForeign = hostOf(url) !== hostOf(request.url);
  const isRelative = url.host === request.url.host && !/^\w+:/.test(reference);
  const { body, secretNames } = request;
  const referer = refererOf(request, isDowngrade);
  const kept = request.headers.filter(
    (header) => request.isReferred !== true || !isNamed('referer')(header),
  );
  const isSecret = (name: string): boolean =>
    confidential.test(name) || secretNames?.has(name.toLowerCase()) === true;
  return {
    method: keepsMethod || isRead ? request.method : 'GET',
    url,
    host: isRelative ? request.host : url.host,
    headers: kept
      .filter(
        ([name]) =>
          !((isForeign || isDowngrade) && isSecret(name)) &&
          (keepsMethod || !/^content-/i.test(name)),
      )
      .concat(referer),
    isReferred: request.isReferred === true || referer.length > 0,
    ...(keepsMethod && body !== undefined ? { body } : {}),
    ...(secretNames === undefined ? {} : { secretNames }),
  };
}
