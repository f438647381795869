import * as v from 'valibot';
import { flag, nonEmptyText, secret, text, type OutputOf } from '../../lib/schema-atoms.ts';
import { addressEntries } from './address-options.ts';
import { choice, type Strictness } from './choice.ts';
import { byteSize } from './byte-size.ts';
import { compressions, isAcceptable } from './content-coding.ts';
import { pattern, patterns } from './pattern.ts';
import { tlsBlock } from './tls-options.ts';

const token = /^[\w!#$%&'*+.^`|~-]+$/;

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

const basicAuth = v.pipe(
  v.strictObject({
    username: v.optional(text, ''),
    password: v.optional(secret),
    password_file: v.optional(nonEmptyText),
  }),
  v.check(
    (auth) => auth.password === undefined || auth.password_file === undefined,
    'either password or password_file',
  ),
);

const authorization = v.pipe(
  v.strictObject({
    type: v.optional(v.pipe(text, v.regex(token, 'a scheme such as Bearer')), 'Bearer'),
    credentials: v.optional(secret),
    credentials_file: v.optional(nonEmptyText),
  }),
  v.check(
    (auth) => auth.type.toLowerCase() !== 'basic',
    'another type than Basic, for which there is basic_auth',
  ),
  v.check(
    (auth) => auth.credentials === undefined || auth.credentials_file === undefined,
    'either credentials or credentials_file',
  ),
);

const headers = v.optional(
  v.record(
    v.pipe(text, v.regex(token, 'a header name')),
    // oxlint-disable-next-line no-control-regex -- control characters are what it keeps out
    v.pipe(text, v.regex(/^[^\0-\x08\x0a-\x1f\x7f]*$/, 'a header value on one line')),
    'a map of header names to values',
  ),
  {},
);

const versions = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0'] as const;

const httpEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  method: v.optional(v.pipe(text, v.regex(token, 'a method such as GET')), 'GET'),
  headers,
  body: v.optional(text),
  body_file: v.optional(nonEmptyText),
  valid_status_codes: v.optional(
    v.array(
      v.pipe(
        v.number('a status code'),
        v.integer('a status code'),
        v.minValue(100, 'a status code of at least 100'),
        v.maxValue(999, 'a status code of at most 999'),
      ),
      'a list of status codes',
    ),
    [],
  ),
  valid_http_versions: v.optional(
    v.array(
      choice(versions, 'HTTP/1.0, HTTP/1.1 or HTTP/2.0', strictness),
      'a list of versions such as HTTP/1.1',
    ),
    [],
  ),
  follow_redirects: v.optional(flag, true),
  fail_if_ssl: v.optional(flag, false),
  fail_if_not_ssl: v.optional(flag, false),
  fail_if_body_matches_regexp: patterns,
  fail_if_body_not_matches_regexp: patterns,
  fail_if_header_matches: headerRules,
  fail_if_header_not_matches: headerRules,
  /** Bytes; 0 is no limit. */
  body_size_limit: v.optional(byteSize, 0),
  compression: v.optional(v.picklist(compressions, compressions.join(', '))),
  enable_http2: v.optional(flag, true),
  basic_auth: v.optional(basicAuth),
  authorization: v.optional(authorization),
  bearer_token: v.optional(secret),
  bearer_token_file: v.optional(nonEmptyText),
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
      (http) => http.body === undefined || http.body_file === undefined,
      'either body or body_file',
    ),
    v.check(
      (http) =>
        [http.basic_auth, http.authorization, http.bearer_token, http.bearer_token_file].filter(
          (credentials) => credentials !== undefined,
        ).length <= 1,
      'only one of basic_auth, authorization, bearer_token and bearer_token_file',
    ),
    v.check(
      (http) => isAcceptable(http.compression, acceptEncoding(http)),
      'a compression that the Accept-Encoding header allows',
    ),
  );

/** The block `http:`, with the names, defaults and meanings of blackbox_exporter's http module. */
export const httpBlock = httpBlockOf('strict');
export const httpModuleBlock = httpBlockOf('lax');
