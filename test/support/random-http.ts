import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import {
  certificateKinds,
  type CertificateKind,
  type Certificates,
} from './random-certificates.ts';
import { diceOf, present, type Dice, type RandomCase } from './random-case.ts';
import { startRandomHttp, type HttpAnswer, type HttpScript } from './random-http-server.ts';
import { randomPattern, randomText, randomWord } from './random-pattern.ts';

const statuses = [
  200, 200, 200, 200, 201, 204, 206, 299, 300, 304, 400, 401, 404, 418, 500, 503, 599,
] as const;
/** Not all of them in one chain: what became of a body after 302 and 307 changed with Go. */
const redirectStatuses: readonly [readonly number[], readonly number[]] = [
  [301, 302, 303, 305, 300],
  [307, 308, 304],
];
const names = [
  'X-One',
  'x-two',
  'X-THREE',
  'Server',
  'Set-Cookie',
  'Content-Type',
  'ETag',
] as const;

function randomHeaders(dice: Dice): [string, string][] {
  return dice.several(0, 5, () => {
    const name = dice.pick(names);
    if (name === 'Set-Cookie') return [name, randomCookie(dice)];
    return [name, randomWord(dice)];
  });
}

function randomCookie(dice: Dice): string {
  const attributes = [
    'Path=/',
    'Path=/1',
    'Domain=localhost',
    'Domain=127.0.0.1',
    'Domain=.example.test',
    'HttpOnly',
    'Max-Age=60',
    'Max-Age=0',
    'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'SameSite=Strict',
  ];
  const pair = `${dice.pick(['a', 'b', 'c'])}=${dice.pick(['1', '2', '', 'x=y'])}`;
  return [pair, ...dice.some(attributes, 0.15)].join('; ');
}

const lastModified = [
  'Wed, 21 Oct 2015 07:28:00 GMT',
  'Wednesday, 21-Oct-15 07:28:00 GMT',
  'Wed Oct 21 07:28:00 2015',
  'Wed, 21 Oct 2015 07:28:00 UTC',
  'Wed, 21 Oct 2015 07:28:00 +0200',
  'Wed, 1 Jan 2020 00:00:00 GMT',
  'Thu, 31 Feb 2015 00:00:00 GMT',
  'Mon, 21 Oct 2015 07:28:00 GMT',
  '2015-10-21T07:28:00Z',
  'yesterday',
  '',
] as const;

function packed(body: Buffer, coding: string): Buffer {
  switch (coding) {
    case 'gzip':
      return gzipSync(body);
    case 'br':
      return brotliCompressSync(body);
    case 'deflate':
      return deflateRawSync(body);
    case 'zlib':
      return deflateSync(body);
    default:
      return body;
  }
}

function randomBody(dice: Dice, coding: string): Buffer {
  const text = dice.weighted([
    [6, () => Buffer.from(randomText(dice))],
    [1, () => Buffer.from([0xff, 0xfe, 0x41, 0x80, 0xe2, 0x98])],
    // Where it cannot unpack, blackbox_exporter counts what is behind the first 4 KiB.
    [1, () => Buffer.from(`${randomText(dice)} `.repeat(dice.between(50, 300))).subarray(0, 4000)],
  ]);
  const body = packed(text, coding);
  // How far a broken stream unpacks is a matter of the library.
  if (coding !== 'none') return body;
  return dice.chance(0.06) ? Buffer.concat([body, Buffer.from('behind')]) : body;
}

function randomAnswer(dice: Dice, coding: string): HttpAnswer {
  const body = randomBody(dice, coding);
  const framing = dice.weighted<HttpAnswer['framing']>([
    [5, () => 'length'],
    [4, () => 'chunked'],
    [2, () => 'close'],
  ]);
  const encoding = dice.maybe(0.4, (): [string, string] => [
    'Content-Encoding',
    dice.pick([coding, 'gzip', 'br', 'xxx', 'identity']),
  ]);
  const modified = dice.maybe(0.3, (): [string, string] => [
    'Last-Modified',
    dice.pick(lastModified),
  ]);
  return {
    version: dice.weighted([
      [5, () => '1.1'],
      [1, () => '1.0'],
    ]),
    status: dice.pick(statuses),
    headers: [
      ...randomHeaders(dice),
      ...(encoding === undefined ? [] : [encoding]),
      ...(modified === undefined ? [] : [modified]),
    ],
    framing,
    body,
    cutBytes: dice.maybe(coding === 'none' ? 0.08 : 0, () =>
      dice.between(0, Math.max(0, body.length - 1)),
    ),
    isKept: dice.chance(0.3),
    delayMs: dice.maybe(0.05, () => dice.between(1, 30)) ?? 0,
  };
}

function randomFault(dice: Dice, { status, framing }: HttpAnswer): HttpAnswer['fault'] {
  const all = [
    'end',
    'reset',
    'garbage',
    'hang',
    'late body',
    'early hints',
    'bad header',
  ] as const;
  // A length that is none only matters where there is a body of that length.
  const isCounted = framing !== 'chunked' && status !== 204 && status !== 304;
  return isCounted && dice.chance(0.15) ? 'no length' : dice.pick(all);
}

/** Where a redirect leads: `%SAME%` and the like are filled in once the ports are known. */
function randomLocation(dice: Dice, next: number): string {
  return dice.weighted([
    [5, () => `/${next}`],
    [3, () => `%SAME%/${next}?q=1`],
    [3, () => `%LOCALHOST%/${next}`],
    [2, () => `%OTHER%/${next}`],
    [1, () => `${next}`],
    [1, () => `./x/../${next}#part`],
    [1, () => `?again=${next}`],
    [1, () => `//%HOSTPORT%/${next}`],
    [1, () => `/%C3%A4/${next}`],
    [1, () => `/a b/${next}`],
    [1, () => `/ü/${next}`],
    [
      1,
      () =>
        dice.pick([
          '',
          'ftp://127.0.0.1/',
          'http://%zz/',
          'http://127.0.0.1:1/',
          'mailto:a@b',
          'HTTP://%HOSTPORT%/1',
        ]),
    ],
  ]);
}

function randomScript(dice: Dice, coding: string): HttpScript {
  const count = dice.weighted([
    [6, () => 0],
    [3, () => dice.between(1, 3)],
    [1, () => dice.between(9, 12)],
  ]);
  const isLoop = dice.chance(0.04);
  const codes = dice.pick(redirectStatuses) as [number, ...number[]];
  const steps = Array.from({ length: count }, (_, index): HttpAnswer => {
    const answer = randomAnswer(dice, coding);
    const location = isLoop && index === count - 1 ? '/0' : randomLocation(dice, index + 1);
    const plain = count > 4 ? `/${index + 1}` : location;
    return {
      ...answer,
      status: count > 4 ? 302 : dice.pick(codes),
      headers: [
        ...answer.headers,
        ...(dice.chance(0.04) ? [] : [['Location', plain] as [string, string]]),
      ],
    };
  });
  const last = randomAnswer(dice, coding);
  const wrong = dice.maybe(0.1, () => randomFault(dice, last));
  return {
    tls: dice.maybe(0.35, () => randomTls(dice)),
    other: dice.maybe(0.5, () => dice.pick(certificateKinds)),
    isHttp2: dice.chance(0.25),
    answers: [...steps, wrong === undefined ? last : { ...last, fault: wrong }],
  };
}

function randomTls(dice: Dice): NonNullable<HttpScript['tls']> {
  const certificate = dice.weighted<CertificateKind>([
    [5, () => 'good'],
    [4, () => dice.pick(certificateKinds)],
  ]);
  return { certificate, version: dice.pick(['TLSv1.2', 'TLSv1.3', undefined, undefined]) };
}

function randomHeaderRule(dice: Dice): object {
  return present({
    header: dice.pick([...names, 'x-one', 'Content-Length', 'Location', 'X-Missing']),
    regexp: randomPattern(dice, 2) || '.*',
    allow_missing: dice.maybe(0.4, () => dice.chance(0.7)),
  });
}

/** A `tls_config` of either kind of client. */
export function randomTlsConfig(dice: Dice, caFile: string): object {
  return present({
    insecure_skip_verify: dice.maybe(0.4, () => true),
    ca_file: dice.maybe(0.8, () => caFile),
    server_name: dice.maybe(0.25, () =>
      dice.pick(['localhost', 'a.example.test', 'other.example.test', '127.0.0.1']),
    ),
    min_version: dice.maybe(0.15, () => dice.pick(['TLS12', 'TLS13'])),
  });
}

function randomIdentity(dice: Dice): object {
  return dice.weighted<object>([
    [6, () => ({})],
    [1, () => ({ basic_auth: { username: 'user', password: dice.pick(['word', 'ä:b', '']) } })],
    [1, () => ({ bearer_token: 'token-for-tests' })],
    [
      1,
      () => ({
        authorization: present({ type: dice.maybe(0.5, () => 'Custom'), credentials: 'for-tests' }),
      }),
    ],
  ]);
}

function randomRequestHeaders(
  dice: Dice,
  compression: string | undefined,
  isTls: boolean,
): Record<string, string> {
  // A name with a port fits no certificate in blackbox_exporter.
  const hosts: readonly [string, ...string[]] = isTls
    ? ['other.example.test', 'localhost']
    : ['other.example.test', 'localhost:1234'];
  const pool: readonly (readonly [string, string])[] = [
    ['Accept', 'text/plain'],
    ['x-lower', 'ä and more'],
    ['X-Empty', ''],
    ['Host', dice.pick(hosts)],
    ['User-Agent', 'tests'],
    ['Content-Type', 'application/json'],
    ['Cookie', 'given=1'],
    ['Authorization', 'by hand'],
    ['Accept-Encoding', compression === undefined ? 'gzip' : `${compression}, *;q=0.1`],
  ];
  return Object.fromEntries(dice.some(pool, 0.12));
}

function randomHttpBlock(dice: Dice, coding: string, script: HttpScript, caFile: string): object {
  const rule = (share: number): string[] | undefined =>
    dice.maybe(share, () => dice.several(0, 2, () => randomPattern(dice)));
  const fits = (): number[] => [script.answers.at(-1)?.status ?? 200];
  const compression = dice.maybe(coding === 'none' ? 0.05 : 0.6, () =>
    dice.chance(0.8) && ['gzip', 'br', 'deflate'].includes(coding)
      ? coding
      : dice.pick(['gzip', 'identity']),
  );
  return present({
    valid_status_codes: dice.weighted<number[] | undefined>([
      [2, () => undefined],
      [3, fits],
      [1, () => dice.some([200, 204, 301, 302, 404, 500])],
    ]),
    valid_http_versions: dice.maybe(0.2, () =>
      dice.some(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0', 'HTTP/2']),
    ),
    method: dice.maybe(0.4, () =>
      dice.pick(['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'PATCH', 'WEIRD']),
    ),
    headers: randomRequestHeaders(
      dice,
      compression,
      script.tls !== undefined || script.other !== undefined,
    ),
    body: dice.maybe(0.25, () => randomText(dice)),
    compression,
    body_size_limit: dice.maybe(0.2, () => dice.pick(['1B', '10B', '1KB', '1MB', '64B'])),
    follow_redirects: dice.maybe(0.25, () => dice.chance(0.3)),
    no_follow_redirects: dice.maybe(0.08, () => dice.chance(0.5)),
    fail_if_ssl: dice.maybe(0.1, () => dice.chance(0.7)),
    fail_if_not_ssl: dice.maybe(0.1, () => dice.chance(0.7)),
    fail_if_body_matches_regexp: rule(0.3),
    fail_if_body_not_matches_regexp: rule(0.3),
    fail_if_header_matches: dice.maybe(0.2, () => dice.several(0, 2, () => randomHeaderRule(dice))),
    fail_if_header_not_matches: dice.maybe(0.2, () =>
      dice.several(0, 2, () => randomHeaderRule(dice)),
    ),
    preferred_ip_protocol: dice.maybe(0.3, () => dice.pick(['ip4', 'ip6', 'ip5', ''])),
    ip_protocol_fallback: dice.maybe(0.15, () => dice.chance(0.5)),
    enable_http2: dice.maybe(0.2, () => dice.chance(0.5)),
    tls_config:
      script.tls !== undefined || script.other !== undefined || dice.chance(0.1)
        ? randomTlsConfig(dice, caFile)
        : undefined,
    ...randomIdentity(dice),
  });
}

/** Whether an answer only ends with the deadline. */
function isSlow({ answers }: HttpScript): boolean {
  return answers.some(({ fault }) => fault === 'hang' || fault === 'late body');
}

/** A module of the http prober with what answers it. */
export function randomHttpCase(seed: number, certificates: Certificates): RandomCase {
  const dice = diceOf(seed);
  const coding = dice.pick(['none', 'none', 'gzip', 'br', 'deflate', 'zlib']);
  const script = randomScript(dice, coding);
  const block = randomHttpBlock(dice, coding, script, certificates.caFile);
  const path = dice.weighted([
    [12, () => '/0'],
    [1, () => '/0#part'],
    [1, () => '/~x/0?x=A&y'],
    [1, () => "/a'b(c)!*[d]|^`{}/0"],
    [1, () => '/a//b/0'],
  ]);
  const host = dice.weighted([
    [5, () => '127.0.0.1'],
    [3, () => 'localhost'],
    [1, () => 'LocalHost'],
    [1, () => 'user:word@127.0.0.1'],
  ]);
  const hasScheme = script.tls !== undefined || dice.chance(0.8);
  return {
    seed,
    module: { prober: 'http', timeout: isSlow(script) ? '1500ms' : '9s', http: block },
    isTimed: isSlow(script),
    behaviour: { coding, host, path, hasScheme, ...script },
    start: () => startRandomHttp(script, certificates, { host, path, hasScheme }),
  };
}
