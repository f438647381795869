import { isFailure, type Failure } from '../failure.ts';
import { readHeaderSources } from './header-sources.ts';
import { authorizationFor } from './http-credentials.ts';
import { headerText, headerToken, toWire } from '../../../lib/header-text.ts';
import type { HttpOptions } from './http-options.ts';
import { isNamed, type HttpRequest } from './http-request.ts';
import type { ProbeContext } from '../probe.ts';

/** A header that cannot be sent: a module takes what blackbox_exporter takes, and fails with it. */
function unfitHeader(headers: HttpRequest['headers'], host: string): Failure | undefined {
  const all = [...headers, ['Host', host] as const];
  const found = all.find(([name, value]) => !headerToken.test(name) || !headerText.test(value));
  if (found === undefined) return undefined;
  return {
    reason: 'header',
    summary: `the header ${JSON.stringify(found[0])} cannot be sent: it is not one line of text under a name`,
    unknown: true,
  };
}

/**
 * The request with the headers of `http_headers` and with who asks: what can be secret. Of several values of
 * one name the last one is sent. Fails if a file cannot be read or no token is to be had.
 */
export async function identified(
  request: HttpRequest,
  options: HttpOptions,
  context: ProbeContext,
): Promise<HttpRequest | Failure> {
  const sources = options.http_headers ?? {};
  const read = await readHeaderSources(sources);
  if (isFailure(read)) return read;
  const last = new Map(read.map(([name, value]) => [name.toLowerCase(), [name, value] as const]));
  const headers = request.headers.filter(([name]) => !last.has(name.toLowerCase()));
  headers.push(...last.values());
  if (!headers.some(isNamed('authorization'))) {
    const authorization = await authorizationFor(options, request.url, context);
    if ('reason' in authorization) return authorization;
    const { header } = authorization;
    if (header !== undefined) headers.push(['Authorization', toWire(header)]);
  }
  const unsent = unfitHeader(headers, request.host);
  if (unsent !== undefined) return unsent;
  const secretNames = Object.entries(sources)
    .filter(([, { secrets, files }]) => secrets.length + files.length > 0)
    .map(([name]) => name.toLowerCase());
  return {
    ...request,
    headers,
    ...(secretNames.length === 0 ? {} : { secretNames: new Set(secretNames) }),
  };
}
