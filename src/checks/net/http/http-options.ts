import * as v from 'valibot';
import { flag, nonEmptyText, text, type OutputOf } from '../../../lib/schema-atoms.ts';
import { addressEntries } from '../address-options.ts';
import { byteSize } from './byte-size.ts';
import { celProgram } from './cel-program.ts';
import { choice, type Strictness } from '../../../lib/choice.ts';
import { compressions, isAcceptable } from './content-coding.ts';
import { httpHeaderSources } from './header-sources.ts';
import {
  credentialEntries,
  fileName,
  isOneIdentity,
} from '../../../lib/http-credentials-options.ts';
import { headerText, headerToken } from '../../../lib/header-text.ts';
import { jsonValues } from './http-json-values.ts';
import { proxyEntries, refuseProxy } from '../../../lib/http-proxy-options.ts';
import { pattern, patterns } from '../pattern.ts';
import { tlsBlock } from '../../../lib/tls-options.ts';

const headerRules = v.optional(
  v.array(
    v.strictObject({
      header: nonEmptyText,
      regexp: pattern,
      allow_missing: v.optional(flag, false),
    }),
    'a list of {header, regexp, allow_missing}',
  ),
  [],
);

const headers = (strictness: Strictness) =>
  v.optional(
    strictness === 'lax'
      ? v.record(text, text, 'a map of header names to values')
      : v.record(
          v.pipe(text, v.regex(headerToken, 'a header name')),
          v.pipe(text, v.regex(headerText, 'a header value on one line')),
          'a map of header names to values',
        ),
    {},
  );

const statusCode = (strictness: Strictness) => {
  const code = v.pipe(v.number('a status code'), v.integer('a status code'));
  if (strictness === 'lax') return code;
  return v.pipe(
    code,
    v.minValue(100, 'a status code of at least 100'),
    v.maxValue(999, 'a status code of at most 999'),
  );
};

const method = (strictness: Strictness) =>
  v.optional(
    strictness === 'lax'
      ? v.pipe(
          text,
          v.transform((name) => (name === '' ? 'GET' : name)),
        )
      : v.pipe(text, v.regex(headerToken, 'a method such as GET')),
    'GET',
  );

const versions = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0'] as const;
const versionMessage = 'HTTP/1.0, HTTP/1.1 or HTTP/2.0 (HTTP/3 is not supported)';

/** A module may name versions that do not exist; one that does and is not spoken here is refused. */
const httpVersion = (strictness: Strictness) =>
  v.pipe(
    strictness === 'lax' ? text : choice(versions, versionMessage, strictness),
    v.check((version) => version !== 'HTTP/3.0', versionMessage),
  );

const httpEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  method: method(strictness),
  headers: headers(strictness),
  http_headers: v.optional(httpHeaderSources),
  body: v.optional(text),
  body_file: fileName(strictness),
  valid_status_codes: v.optional(v.array(statusCode(strictness), 'a list of status codes'), []),
  valid_http_versions: v.optional(
    v.array(httpVersion(strictness), 'a list of versions such as HTTP/1.1'),
    [],
  ),
  follow_redirects: v.optional(flag, true),
  /** Deprecated; the opposite of `follow_redirects`, and it wins. */
  no_follow_redirects: v.optional(flag),
  fail_if_ssl: v.optional(flag, false),
  fail_if_not_ssl: v.optional(flag, false),
  fail_if_body_matches_regexp: patterns,
  fail_if_body_not_matches_regexp: patterns,
  fail_if_body_json_matches_cel: v.optional(celProgram),
  fail_if_body_json_not_matches_cel: v.optional(celProgram),
  fail_if_header_matches: headerRules,
  fail_if_header_not_matches: headerRules,
  json_values: v.optional(jsonValues, []),
  /** Bytes; 0 is no limit. */
  body_size_limit: v.optional(byteSize(strictness), 0),
  compression: v.optional(choice(compressions, compressions.join(', '), strictness)),
  enable_http2: v.optional(flag, true),
  enable_http3: v.optional(
    v.pipe(
      flag,
      v.check(
        (isWanted) => !isWanted,
        'false: HTTP/3 is not supported, there is no QUIC in Node.js',
      ),
    ),
    false,
  ),
  ...credentialEntries(strictness),
  ...proxyEntries,
  skip_resolve_phase_with_proxy: v.optional(flag, false),
  tls_config: v.optional(tlsBlock),
});

/** What an `http:` block gives. */
export type HttpOptions = OutputOf<ReturnType<typeof httpEntries>>;

export type HeaderRule = HttpOptions['fail_if_header_matches'][number];

function acceptEncoding(options: HttpOptions): string {
  const entry = Object.entries(options.headers).find(
    ([name]) => name.toLowerCase() === 'accept-encoding',
  );
  return entry?.[1] ?? '';
}

const httpBlockOf = (strictness: Strictness) =>
  v.pipe(
    v.strictObject(httpEntries(strictness), 'a map of http options'),
    v.check(
      (http) => (http.body ?? '') === '' || http.body_file === undefined,
      'either body or body_file',
    ),
    v.check(
      (http) => isOneIdentity(http),
      'only one of basic_auth, authorization, oauth2, bearer_token and bearer_token_file',
    ),
    v.check(
      (http) => isAcceptable(http.compression, acceptEncoding(http)),
      'a compression that the Accept-Encoding header allows',
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? refuseProxy(dataset.value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );

/** The block `http:`, with the names, defaults and meanings of blackbox_exporter's http module. */
export const httpBlock = httpBlockOf('strict');
export const httpModuleBlock = httpBlockOf('lax');

/** Whether redirects are followed: the older key wins where both are given. */
export function followsRedirects(options: HttpOptions): boolean {
  return options.no_follow_redirects === undefined
    ? options.follow_redirects
    : !options.no_follow_redirects;
}

/** Whether the lookup of the target is left to a proxy. */
export function leavesLookupToProxy(options: HttpOptions): boolean {
  const hasProxy = options.proxy_from_environment || options.proxy_url !== undefined;
  return options.skip_resolve_phase_with_proxy && hasProxy;
}
