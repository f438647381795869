import type { Failure } from '../failure.ts';
import type { Body } from './http-body.ts';
import { hasCredentials } from '../../../lib/http-authorization.ts';
import type { Reply } from './http-exchange.ts';
import { fromWire, headerValues, type RawHeaders } from './http-headers.ts';
import type { HeaderRule, HttpOptions } from './http-options.ts';
import { shownProxy } from './http-proxy.ts';
import type { Trip } from './http-trip.ts';

/** The rules of an http check, each a sentence about what was measured and what was expected. */

function wantedCodes(codes: readonly number[]): string {
  return codes.length === 0 ? '200–299' : codes.join(', ');
}

/** The status of a response. One that a proxy gave in place of the server's is told apart. */
export function judgeStatus(
  { reply, proxy }: Trip,
  from: string,
  options: HttpOptions,
): Failure | undefined {
  const { status } = reply;
  const { valid_status_codes: codes } = options;
  const isValid = codes.length === 0 ? status >= 200 && status <= 299 : codes.includes(status);
  if (isValid) return undefined;
  if (status === 407 && proxy !== undefined) {
    const summary = `${shownProxy(proxy)} wants other credentials: HTTP 407, wanted ${wantedCodes(codes)}`;
    return { reason: 'auth', summary };
  }
  const isDenied = (status === 401 || status === 403) && hasCredentials(options);
  return {
    reason: isDenied ? 'auth' : 'status',
    summary: `HTTP ${status} from ${from}, wanted ${wantedCodes(codes)}`,
  };
}

function breach(
  rule: HeaderRule,
  headers: RawHeaders,
  isBreached: (values: readonly string[]) => boolean,
  wanted: string,
): Failure | undefined {
  // What is not ASCII is UTF-8 to an expression.
  const values = headerValues(headers, rule.header).map(fromWire);
  if (values.length === 0) {
    if (rule.allow_missing) return undefined;
    return { reason: 'header', summary: `the header ${rule.header} is missing` };
  }
  if (!isBreached(values)) return undefined;
  const got = JSON.stringify(values.join(', '));
  return {
    reason: 'header',
    summary: `the header ${rule.header} is ${got}, wanted ${wanted} ${rule.regexp.source}`,
  };
}

export function judgeHeaders(headers: RawHeaders, options: HttpOptions): Failure | undefined {
  for (const rule of options.fail_if_header_matches) {
    const matches = (values: readonly string[]): boolean => values.some(rule.regexp.matches);
    const failure = breach(rule, headers, matches, 'no match of');
    if (failure !== undefined) return failure;
  }
  for (const rule of options.fail_if_header_not_matches) {
    const differs = (values: readonly string[]): boolean => !values.some(rule.regexp.matches);
    const failure = breach(rule, headers, differs, 'a match of');
    if (failure !== undefined) return failure;
  }
  return undefined;
}

export function hasBodyRules(options: HttpOptions): boolean {
  const { fail_if_body_matches_regexp: bad, fail_if_body_not_matches_regexp: good } = options;
  return bad.length + good.length > 0;
}

/** The rules about the body; one that could not be read breaks them. */
export function judgeBody(
  body: Body | undefined,
  from: string,
  options: HttpOptions,
): Failure | undefined {
  if (body === undefined) {
    return {
      reason: 'body',
      summary: `the body of the redirect from ${from} is not read, and the rules need one`,
    };
  }
  if (body.failure !== undefined) return body.failure;
  for (const { source, matches } of options.fail_if_body_matches_regexp) {
    if (!matches(body.text)) continue;
    return { reason: 'body', summary: `the body of ${from} matches ${source}, wanted no match` };
  }
  for (const { source, matches } of options.fail_if_body_not_matches_regexp) {
    if (matches(body.text)) continue;
    return { reason: 'body', summary: `the body of ${from} does not match ${source}` };
  }
  return undefined;
}

/** The rules about how the response came: version of HTTP, with or without TLS. */
export function judgeConnection(
  reply: Reply,
  isTls: boolean,
  options: HttpOptions,
): Failure | undefined {
  const version = `HTTP/${reply.version.toFixed(1)}`;
  const valid: readonly string[] = options.valid_http_versions;
  if (valid.length > 0 && !valid.includes(version)) {
    return { reason: 'protocol', summary: `answered in ${version}, wanted ${valid.join(' or ')}` };
  }
  if (isTls && options.fail_if_ssl) {
    return { reason: 'tls', summary: 'answered over TLS, wanted a plain connection' };
  }
  if (!isTls && options.fail_if_not_ssl) {
    return { reason: 'tls', summary: 'answered over a plain connection, wanted TLS' };
  }
  return undefined;
}
