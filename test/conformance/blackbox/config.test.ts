import { judgeModules, type ModuleCase } from './kit/judged-modules.ts';

function http(
  title: string,
  block: object,
  problem?: ModuleCase['problem'],
  beyond?: string,
): ModuleCase {
  return {
    title,
    module: { prober: 'http', http: block },
    ...(problem === undefined ? {} : { problem }),
    ...(beyond === undefined ? {} : { beyond }),
  };
}

const bad = ':[';
const gzipFor = (name: string, value: string): object => ({
  compression: 'gzip',
  headers: { [name]: value },
});
const acceptedBy = /Accept-Encoding header allows/;

const keys: readonly ModuleCase[] = [
  {
    title: 'BB-C02 a key that no module has',
    module: { prober: 'tcp', tcp: { invalid_extra_field: 'value' } },
    problem: ['tcp.invalid_extra_field', /unknown key "invalid_extra_field"/],
  },
  http(
    'BB-C03 bearer_token and bearer_token_file together',
    { bearer_token: 'open-sesame', bearer_token_file: '/run/token' },
    ['http', /only one of|either/],
  ),
  {
    title: 'BB-C04 a prober that does not exist',
    module: { prober: 'invalid' },
    problem: ['prober', /found "invalid"|"invalid"/],
    beyond: 'after 0.28; before, every probe was refused',
  },
  {
    title: 'BB-C29 no prober at all',
    module: { timeout: '5s' },
    problem: ['prober', /missing/],
    beyond: 'after 0.28; before, every probe was refused',
  },
  http('BB-C20 body and body_file together', { body: 'a', body_file: '/run/body' }, [
    'http',
    /either body or body_file/,
  ]),
];

const dns: readonly ModuleCase[] = [
  {
    title: 'BB-C05 a block of dns without query_name',
    module: { prober: 'dns', dns: { preferred_ip_protocol: 'ip4' } },
    problem: ['dns.query_name', /missing/],
  },
  {
    title: 'BB-C06 a class of query that does not exist',
    module: { prober: 'dns', dns: { query_name: 'example.com', query_class: 'X' } },
    problem: ['dns.query_class', /"X"/],
  },
  {
    title: 'BB-C07 a type of query that does not exist',
    module: { prober: 'dns', dns: { query_name: 'example.com', query_type: 'X' } },
    problem: ['dns.query_type', /"X"/],
  },
];

const expressions: readonly ModuleCase[] = [
  http(
    'BB-C08 a rule for a header without an expression',
    { fail_if_header_not_matches: [{ header: 'Access-Control-Allow-Origin' }] },
    ['http.fail_if_header_not_matches[0].regexp', /missing/],
  ),
  http(
    'BB-C28 a rule for a header without its name',
    { fail_if_header_matches: [{ regexp: 'a' }] },
    ['http.fail_if_header_matches[0].header', /missing/],
  ),
  http(
    'BB-C09 an expression that the body must not match and that is none',
    { fail_if_body_matches_regexp: [bad] },
    ['http.fail_if_body_matches_regexp[0]', /regular expression.*":\["/],
  ),
  http(
    'BB-C10 an expression that the body must match and that is none',
    { fail_if_body_not_matches_regexp: [bad] },
    ['http.fail_if_body_not_matches_regexp[0]', /regular expression.*":\["/],
  ),
  http(
    'BB-C11 an expression for a header that is none',
    { fail_if_header_matches: [{ header: 'Origin', regexp: bad }] },
    ['http.fail_if_header_matches[0].regexp', /regular expression/],
  ),
  {
    title: 'BB-C19 an expression in a dialogue over tcp that is none',
    module: { prober: 'tcp', tcp: { query_response: [{ expect: bad }] } },
    problem: ['tcp.query_response[0].expect', /regular expression/],
  },
  {
    title: 'BB-C19 an expression in a dialogue over a socket file that is none',
    module: { prober: 'unix', unix: { query_response: [{ expect: bad }] } },
    problem: ['unix.query_response[0].expect', /regular expression/],
    beyond: 'unix came with 0.28',
  },
  {
    title: 'BB-C19 an expression in a dialogue over a WebSocket that is none',
    module: { prober: 'websocket', websocket: { query_response: [{ expect: bad }] } },
    problem: ['websocket.query_response[0].expect', /regular expression/],
    beyond: 'websocket came after 0.28',
  },
  {
    title: 'BB-C28 expect and expect_bytes in one step',
    module: { prober: 'tcp', tcp: { query_response: [{ expect: 'a', expect_bytes: 'b' }] } },
    problem: ['tcp.query_response[0]', /either expect or expect_bytes/],
    beyond: 'expect_bytes came with 0.28',
  },
];

const compression: readonly ModuleCase[] = [
  http('BB-C12 gzip where the header accepts deflate', gzipFor('Accept-Encoding', 'deflate'), [
    'http',
    acceptedBy,
  ]),
  http('BB-C13 the name of the header in another case', gzipFor('accEpt-enCoding', 'deflate'), [
    'http',
    acceptedBy,
  ]),
  http('BB-C14 a header that accepts nothing', gzipFor('Accept-Encoding', '*;q=0.0'), [
    'http',
    acceptedBy,
  ]),
  ...(
    [
      ['', 'gzip', true],
      ['gzip', 'gzip', true],
      ['gzip', 'gzip;q=1.0', true],
      ['gzip', 'gzip, compress', true],
      ['gzip', 'compress, gzip', true],
      ['br', 'gzip, compress', false],
      ['br', 'gzip, compress, *', true],
      ['br', 'gzip, compress, *;q=0.1', true],
      ['br', 'gzip, compress, br;q=0.0', false],
      ['br', 'gzip, compress, *;q=0.0', false],
      ['br', 'gzip;q=1.0, compress;q=0.5, br;q=0.1, *;q=0.0', true],
      ['br', '*;q=0.0, compress;q=0.5, br;q=0.1, gzip;q=1.0', true],
      ['br', ' gzip;q=1.0, compress; q=0.5, br;q=0.1, *; q=0.0 ', true],
    ] as const
  ).map(([coding, accepted, isFine]) =>
    http(
      `BB-C22 ${coding || 'no compression'} where the header says "${accepted}"`,
      {
        ...(coding === '' ? {} : { compression: coding }),
        headers: { 'Accept-Encoding': accepted },
      },
      isFine ? undefined : ['http', acceptedBy],
    ),
  ),
];

const noHttp3 = 'HTTP/3 came with 0.28';
const http3: readonly ModuleCase[] = [
  http(
    'BB-C15 HTTP/3 together with HTTP/2.0 and HTTP/3.0',
    { enable_http3: true, enable_http2: false, valid_http_versions: ['HTTP/3.0', 'HTTP/2.0'] },
    ['http.enable_http3', /HTTP\/3/],
    noHttp3,
  ),
  http(
    'BB-C15 HTTP/3 together with HTTP/2.0 alone',
    { enable_http3: true, enable_http2: false, valid_http_versions: ['HTTP/2.0'] },
    ['http.enable_http3', /HTTP\/3/],
    noHttp3,
  ),
  http(
    'BB-C16 HTTP/3 while HTTP/2 is on',
    { enable_http3: true, enable_http2: true, valid_http_versions: ['HTTP/3.0'] },
    ['http.enable_http3', /HTTP\/3/],
    noHttp3,
  ),
  http(
    'BB-C16 HTTP/3 while nothing is said of HTTP/2',
    { enable_http3: true },
    ['http.enable_http3', /HTTP\/3/],
    noHttp3,
  ),
  http(
    'BB-C27 HTTP/3.0 as a valid version while HTTP/3 is off',
    { valid_http_versions: ['HTTP/3.0'] },
    ['http.valid_http_versions[0]', /HTTP\/3/],
    noHttp3,
  ),
  http(
    'BB-T101 HTTP/3 as the only valid version is refused, as tocsin does not speak it',
    { enable_http3: true, enable_http2: false, valid_http_versions: ['HTTP/3.0'] },
    ['http.enable_http3', /HTTP\/3/],
    noHttp3,
  ),
  http(
    'BB-T102 HTTP/3 is refused, as tocsin does not speak it',
    { enable_http3: true, enable_http2: false },
    ['http.enable_http3', /HTTP\/3/],
    noHttp3,
  ),
  http(
    'BB-T103 HTTP/3 for targets of any scheme is refused, as tocsin does not speak it',
    { enable_http3: true, enable_http2: false, valid_status_codes: [200] },
    ['http.enable_http3', /HTTP\/3/],
    noHttp3,
  ),
];

const others: readonly ModuleCase[] = [
  {
    title: 'BB-C17 a ttl below zero',
    module: { prober: 'icmp', icmp: { ttl: -1 } },
    problem: ['icmp.ttl', /./],
  },
  {
    title: 'BB-C18 a ttl beyond 255',
    module: { prober: 'icmp', icmp: { ttl: 256 } },
    problem: ['icmp.ttl', /255/],
  },
  http(
    'BB-C23 an expression of CEL that can be told',
    { fail_if_body_json_matches_cel: "body.foo == 'bar'" },
    undefined,
    'CEL came with 0.27',
  ),
  http(
    'BB-C23 an expression of CEL with a variable that there is not',
    { fail_if_body_json_matches_cel: 'foo.bar' },
    ['http.fail_if_body_json_matches_cel', /foo/],
    'CEL came with 0.27',
  ),
  http(
    'BB-C23 an expression of CEL that is empty',
    { fail_if_body_json_matches_cel: '' },
    ['http.fail_if_body_json_matches_cel', /./],
    'CEL came with 0.27',
  ),
  {
    title: 'BB-D20 a type of query that does not exist is refused before any query',
    module: { prober: 'dns', dns: { query_name: 'example.com', query_type: 'NOT_A_TYPE' } },
    problem: ['dns.query_type', /NOT_A_TYPE/],
  },
];

judgeModules({ keys, dns, expressions, compression, http3, others });
