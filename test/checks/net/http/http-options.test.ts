import * as v from 'valibot';
import { expect, test } from 'vitest';
import { parseByteSize } from '../../../../src/checks/net/http/byte-size.ts';
import { isAcceptable, type Compression } from '../../../../src/checks/net/http/content-coding.ts';
import { httpBlock } from '../../../../src/checks/net/http/http-options.ts';
import { tcpBlock } from '../../../../src/checks/net/stream/tcp-options.ts';

/** The messages of what is wrong with a block, each with its path. */
function problems(
  block: unknown,
  schema: typeof httpBlock | typeof tcpBlock = httpBlock,
): string[] {
  return (v.safeParse(schema, block).issues ?? []).map(
    (issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`,
  );
}

test('a block without keys has the defaults of blackbox_exporter', () => {
  expect(v.parse(httpBlock, {})).toEqual({
    preferred_ip_protocol: 'ip6',
    ip_protocol_fallback: true,
    method: 'GET',
    headers: {},
    valid_status_codes: [],
    valid_http_versions: [],
    follow_redirects: true,
    fail_if_ssl: false,
    fail_if_not_ssl: false,
    fail_if_body_matches_regexp: [],
    fail_if_body_not_matches_regexp: [],
    fail_if_header_matches: [],
    fail_if_header_not_matches: [],
    body_size_limit: 0,
    enable_http2: true,
    enable_http3: false,
    json_values: [],
    no_proxy: '',
    proxy_from_environment: false,
    skip_resolve_phase_with_proxy: false,
  });
});

test.each([
  ['BB-C03', { bearer_token: 'a', bearer_token_file: 'b' }, ': only one of basic_auth'],
  ['BB-C08', { fail_if_header_matches: [{ header: 'A' }] }, 'fail_if_header_matches.0.regexp: '],
  ['BB-C09', { fail_if_body_matches_regexp: [':['] }, 'fail_if_body_matches_regexp.0: a valid'],
  ['BB-C10', { fail_if_body_not_matches_regexp: [':['] }, 'fail_if_body_not_matches_regexp.0: '],
  ['BB-C11', { fail_if_header_matches: [{ header: 'A', regexp: ':[' }] }, 'fail_if_header_matches'],
  ['BB-C12', { compression: 'gzip', headers: { 'Accept-Encoding': 'deflate' } }, ': a compression'],
  ['BB-C13', { compression: 'gzip', headers: { 'accEpt-enCoding': 'deflate' } }, ': a compression'],
  ['BB-C14', { compression: 'gzip', headers: { 'Accept-Encoding': '*;q=0.0' } }, ': a compression'],
  ['BB-C20', { body: 'a', body_file: 'b' }, ': either body or body_file'],
  ['BB-C27', { valid_http_versions: ['HTTP/3.0'] }, 'valid_http_versions.0: HTTP/1.0, HTTP/1.1'],
  ['BB-C28', { fail_if_header_matches: [{ regexp: 'a' }] }, 'fail_if_header_matches.0.header: '],
  ['an unknown key', { metod: 'GET' }, 'metod: '],
  ['a header on two lines', { headers: { A: 'b\r\nC: d' } }, 'headers.A: a header value'],
  ['a certificate without key', { tls_config: { cert: 'a' } }, 'tls_config: a client certificate'],
])('%s is refused', (_id, block, problem) => {
  const [first] = problems(block);
  expect(first).toContain(problem);
});

test.each([
  ['BB-C19', { query_response: [{ expect: ':[' }] }, 'query_response.0.expect: a valid regular'],
  ['BB-C28', { query_response: [{ expect: 'a', expect_bytes: 'b' }] }, 'query_response.0: either'],
])('%s is refused in a dialogue', (_id, block, problem) => {
  expect(problems(block, tcpBlock)[0]).toContain(problem);
});

test.each([
  ['gzip', '', true],
  ['gzip', 'gzip', true],
  ['gzip', 'gzip;q=1.0', true],
  ['gzip', 'gzip, br', true],
  ['gzip', 'br, gzip', true],
  ['br', 'gzip, deflate', false],
  ['br', 'gzip, *', true],
  ['br', 'gzip, *;q=0.1', true],
  ['br', 'gzip, br;q=0.0', false],
  ['br', 'gzip, *;q=0.0', false],
  ['br', 'br;q=0.1, *;q=0.0', true],
  ['br', '*;q=0.0, br;q=0.1', true],
  ['br', 'gzip , br ; q=0.1 , * ; q=0.0', true],
] as [Compression, string, boolean][])(
  'BB-C22 %s under Accept-Encoding %j',
  (coding, header, yes) => {
    expect(isAcceptable(coding, header)).toBe(yes);
  },
);

test.each([
  ['4096', 4096],
  ['10MB', 10 * 2 ** 20],
  ['1.5KiB', 1536],
  ['2G', 2 * 2 ** 30],
  ['B', undefined],
  ['10XB', undefined],
  ['-1MB', undefined],
])('a size of %s', (size, bytes) => {
  expect(parseByteSize(size)).toBe(bytes);
});
