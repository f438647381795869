import { diceOf, type Dice } from './random-case.ts';

/** A file of modules that may have something wrong with it. */
export interface RandomModules {
  readonly text: string;
  /** What was done to it. */
  readonly change: string;
}

type Tree = Record<string, unknown>;

/** Every option of 0.23.0 with a value that it takes, by prober. */
function fullModules(): Record<string, Tree> {
  const tls = { insecure_skip_verify: true, server_name: 'a', min_version: 'TLS12' };
  const rules = {
    fail_if_matches_regexp: ['a'],
    fail_if_all_match_regexp: ['b'],
    fail_if_not_matches_regexp: ['c'],
    fail_if_none_matches_regexp: ['d'],
  };
  return {
    http: {
      valid_status_codes: [200, 404],
      valid_http_versions: ['HTTP/1.1'],
      preferred_ip_protocol: 'ip4',
      ip_protocol_fallback: false,
      skip_resolve_phase_with_proxy: true,
      no_follow_redirects: true,
      follow_redirects: true,
      fail_if_ssl: false,
      fail_if_not_ssl: true,
      method: 'POST',
      headers: { Accept: 'text/plain' },
      fail_if_body_matches_regexp: ['a+'],
      fail_if_body_not_matches_regexp: ['b+'],
      fail_if_header_matches: [{ header: 'A', regexp: 'c', allow_missing: true }],
      fail_if_header_not_matches: [{ header: 'B', regexp: 'd' }],
      body: 'text',
      body_size_limit: '10MB',
      compression: 'gzip',
      enable_http2: true,
      proxy_url: 'http://127.0.0.1:3128',
      tls_config: tls,
      basic_auth: { username: 'user', password: 'word' },
    },
    tcp: {
      preferred_ip_protocol: 'ip6',
      ip_protocol_fallback: true,
      source_ip_address: '127.0.0.1',
      query_response: [{ expect: '^a', send: 'b', starttls: false }],
      tls: true,
      tls_config: tls,
    },
    icmp: {
      preferred_ip_protocol: 'ip4',
      ip_protocol_fallback: true,
      source_ip_address: '127.0.0.1',
      payload_size: 10,
      dont_fragment: false,
      ttl: 64,
    },
    dns: {
      preferred_ip_protocol: 'ip4',
      ip_protocol_fallback: true,
      dns_over_tls: true,
      tls_config: tls,
      source_ip_address: '127.0.0.1',
      transport_protocol: 'tcp',
      query_class: 'IN',
      query_name: 'example.com',
      query_type: 'A',
      recursion_desired: false,
      valid_rcodes: ['NOERROR'],
      validate_answer_rrs: rules,
      validate_authority_rrs: rules,
      validate_additional_rrs: rules,
    },
    grpc: {
      preferred_ip_protocol: 'ip4',
      ip_protocol_fallback: true,
      service: 'shop',
      tls: true,
      tls_config: tls,
    },
  };
}

/** A value of any type that YAML knows, some near the edge of what is taken. */
function randomValue(dice: Dice): unknown {
  return dice.pick([
    '',
    'text',
    ':[',
    '(',
    '(?=a)',
    'a**',
    '\\Qa',
    '[[:nope:]]',
    '(?P<n>a)',
    '\\1',
    '\\p{Nope}',
    'a{1001}',
    'a{1000}',
    '(?i)x',
    'ip4',
    'ip6',
    'ipx',
    'GET',
    'udp',
    'tcp',
    'sctp',
    'A',
    'a',
    'X',
    'ANY',
    'TYPE65',
    'IN',
    'CH',
    'NOERROR',
    'TLS10',
    'TLS13',
    'TLS14',
    'gzip',
    'GZIP',
    'br',
    'zstd',
    '10MB',
    '10mb',
    '1.5KB',
    '10',
    '10XB',
    '-1B',
    '0',
    '5s',
    '1m30s',
    '2d',
    '1.5h',
    '-1s',
    '5',
    'yes',
    'no',
    'true',
    'null',
    '~',
    '0x10',
    '1e3',
    'HTTP/1.1',
    'HTTP/2.0',
    'HTTP/9',
    'http://127.0.0.1',
    '://',
    'http://%zz',
    true,
    false,
    null,
    0,
    1,
    -1,
    255,
    256,
    64,
    1.5,
    200,
    65_536,
    99,
    1000,
    1e20,
    [],
    ['a'],
    [1],
    [null],
    [[]],
    ['('],
    [':['],
    ['NOERROR', 'WHAT'],
    [200, '404'],
    ['200'],
    [{}],
    {},
    { a: 'b' },
    { a: 1 },
    { header: 'A', regexp: 'b' },
    [{ header: 'A' }],
    [{ regexp: 'a' }],
    [{ header: '', regexp: 'a' }],
    [{ header: 'A', regexp: '' }],
    [{ header: 'A', regexp: '(' }],
    [{ expect: '(' }],
    [{ send: 'a', starttls: true }],
    [{ expect: 'a', wrong: 1 }],
    [{ send: 5 }],
    { username: 'u' },
    { username: 'u', password: 1 },
    { credentials: 'a' },
    { type: 'Basic', credentials: 'a' },
    { insecure_skip_verify: 'yes' },
    { ca_file: '/nowhere' },
    { min_version: 'TLS09' },
    { cert_file: 'a' },
    { key_file: 'a' },
    { 'Accept-Encoding': 'gzip' },
    { 'accept-encoding': 'br' },
    { 'Accept-Encoding': '*;q=0' },
    { Accept: null },
    { Accept: 5 },
  ] as [unknown, ...unknown[]]);
}

const furtherKeys: Readonly<Record<string, readonly string[]>> = {
  http: [
    'bearer_token',
    'bearer_token_file',
    'authorization',
    'body_file',
    'oauth2',
    'wrong',
    'Method',
  ],
  tcp: ['wrong', 'query', 'expect'],
  icmp: ['wrong', 'TTL'],
  dns: ['wrong', 'query'],
  grpc: ['wrong', 'name'],
};

/** Changes one thing somewhere in a tree. */
function mutate(dice: Dice, tree: Tree, further: readonly string[]): string {
  const keys = Object.keys(tree);
  return dice.weighted([
    [
      8,
      () => {
        const key = dice.pick([...keys, ...further] as [string, ...string[]]);
        const inner = tree[key];
        if (
          inner !== null &&
          typeof inner === 'object' &&
          !Array.isArray(inner) &&
          dice.chance(0.5)
        ) {
          const copy = { ...inner } as Tree;
          tree[key] = copy;
          return `${key}.${mutate(dice, copy, ['wrong'])}`;
        }
        const value = randomValue(dice);
        tree[key] = value;
        return `${key} = ${JSON.stringify(value)}`;
      },
    ],
    [
      1,
      () => {
        const key = dice.pick(keys as [string, ...string[]]);
        delete tree[key];
        return `without ${key}`;
      },
    ],
    [
      1,
      () => {
        const key = dice.pick(further as [string, ...string[]]);
        tree[key] = 'text';
        return `${key} = "text"`;
      },
    ],
  ]);
}

/** A file that takes part of all options there are, with one or two changes. */
export function randomModules(seed: number): RandomModules {
  const dice = diceOf(seed);
  const prober = dice.pick(['http', 'http', 'tcp', 'dns', 'icmp', 'grpc']);
  const full = fullModules()[prober] ?? {};
  const kept = Object.entries(full).filter(([key]) => key === 'query_name' || dice.chance(0.3));
  const block: Tree = Object.fromEntries(kept);
  const changes = dice.several(1, 2, () => mutate(dice, block, furtherKeys[prober] ?? ['wrong']));
  const module: Tree = { prober, timeout: '5s', [prober]: block };
  if (dice.chance(0.15)) {
    changes.push(`module: ${mutate(dice, module, ['wrong', 'Timeout', 'http', 'dns', 'tcp'])}`);
  }
  return {
    text: JSON.stringify({ modules: { one: module } }),
    change: `${prober}: ${changes.join(', ')}`,
  };
}
