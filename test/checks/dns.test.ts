import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Answer } from 'dns-packet';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { createServer as createTlsServer } from 'node:tls';
import { decode } from 'dns-packet';
import { dnsBlock } from '../../src/checks/net/dns/dns-options.ts';
import { probeDns } from '../../src/checks/net/dns/dns-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { encodeReply, startDnsServer, type DnsReply } from '../support/dns-server.ts';
import { familyNames, metric, phasesIn, probeContext } from '../support/probe-context.ts';
import { closedPort, listen, startTcpServer } from '../support/tcp-server.ts';
import { createAuthority } from '../support/tls-authority.ts';

type Block = Partial<v.InferInput<typeof dnsBlock>>;

async function runDns(target: string, block: Block, timeoutMs?: number): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  const options = v.parse(dnsBlock, { query_name: 'example.com', ...block });
  return await probeDns(target, options, context);
}

const families = [
  'probe_dns_additional_rrs',
  'probe_dns_answer_rrs',
  'probe_dns_authority_rrs',
  'probe_dns_duration_seconds',
  'probe_dns_lookup_time_seconds',
  'probe_dns_query_succeeded',
  'probe_ip_addr_hash',
  'probe_ip_protocol',
];

function counts(outcome: ProbeOutcome): (number | undefined)[] {
  return ['answer', 'authority', 'additional'].map((section) =>
    metric(outcome, `probe_dns_${section}_rrs`),
  );
}

function a(name: string, ttl: number, data: string): Answer {
  return { type: 'A', name, ttl, data };
}

const recursive = {
  answers: [a('example.com', 3600, '127.0.0.1'), a('example.com', 3600, '127.0.0.2')],
};
const soa: Answer = {
  type: 'SOA',
  name: 'example.com',
  ttl: 3600,
  data: { mname: 'ns.example.com', rname: 'noc.example.com', serial: 1000, refresh: 7200 },
};
const authoritative: DnsReply = {
  answers: [a('example.com', 3600, '127.0.0.1')],
  authorities: ['ns1.isp.net', 'ns2.isp.net'].map((data) => ({
    type: 'NS',
    name: 'example.com',
    ttl: 7200,
    data,
  })),
  additionals: [
    a('ns1.isp.net', 7200, '127.0.0.1'),
    a('ns2.isp.net', 7200, '127.0.0.2'),
    a('ns3.yyy.isp', 7200, '127.0.0.3'),
  ],
};

/** Every case over both transports; gives the outcomes, which have to agree in what is judged. */
async function overBoth(
  reply: (recursion: boolean) => DnsReply,
  block: Block,
): Promise<ProbeOutcome> {
  await using server = await startDnsServer((query) => reply(query.flag_rd));
  const udp = await runDns(server.udp, { ...block, transport_protocol: 'udp' });
  const tcp = await runDns(server.tcp, { ...block, transport_protocol: 'tcp' });
  expect([tcp.status, tcp.reason, ...counts(tcp)]).toEqual([
    udp.status,
    udp.reason,
    ...counts(udp),
  ]);
  return udp;
}

describe('a recursive answer', () => {
  const answer = (recursion: boolean): DnsReply => (recursion ? recursive : { rcode: 5 });
  test.each([
    ['BB-D01 is sound', {}, undefined, [2, 0, 0]],
    ['BB-D02 has another code', { valid_rcodes: ['SERVFAIL', 'NXDOMAIN'] }, 'status', [2, 0, 0]],
    [
      'BB-D03 has the records wanted',
      {
        validate_answer_rrs: {
          fail_if_matches_regexp: ['.*7200.*'],
          fail_if_not_matches_regexp: ['.*3600.*'],
        },
      },
      undefined,
      [2, 0, 0],
    ],
    [
      'BB-D04 has nothing that could match',
      { validate_authority_rrs: { fail_if_matches_regexp: ['.*7200.*'] } },
      undefined,
      [2, 0, 0],
    ],
    [
      'BB-D05 has nothing that could have to match',
      { validate_additional_rrs: { fail_if_not_matches_regexp: ['.*3600.*'] } },
      'body',
      [2, 0, 0],
    ],
    ['BB-D06 is refused without recursion', { recursion_desired: false }, 'status', [0, 0, 0]],
  ] as [string, Block, string | undefined, number[]][])(
    '%s',
    async (_id, block, reason, records) => {
      const outcome = await overBoth(answer, block);
      expect(outcome.reason).toBe(reason);
      expect(counts(outcome)).toEqual(records);
      expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(1);
    },
  );
});

describe('an authoritative answer', () => {
  const rules = (section: string, key: string, expressions: string[]): Block => ({
    [`validate_${section}_rrs`]: { [key]: expressions },
  });
  test.each([
    ['BB-D07', {}, undefined],
    ['BB-D10', { valid_rcodes: ['SERVFAIL', 'NXDOMAIN'] }, 'status'],
    ['BB-D11', rules('answer', 'fail_if_matches_regexp', ['.*3600.*']), 'body'],
    ['BB-D12', rules('answer', 'fail_if_not_matches_regexp', ['.*7200.*']), 'body'],
    [
      'BB-D13',
      rules('authority', 'fail_if_not_matches_regexp', ['ns.*\\.isp\\.net\\.$']),
      undefined,
    ],
    ['BB-D14', rules('additional', 'fail_if_not_matches_regexp', ['^ns.*.isp']), undefined],
    ['BB-D15', rules('additional', 'fail_if_matches_regexp', ['^ns.*.isp']), 'body'],
    ['BB-D16', rules('additional', 'fail_if_all_match_regexp', ['.*127\\.0\\.0\\.[12]$']), 'body'],
    ['BB-D24', rules('additional', 'fail_if_all_match_regexp', ['127\\.0\\.0\\.']), undefined],
    ['BB-D17', rules('additional', 'fail_if_none_matches_regexp', ['nowhere']), 'body'],
    ['BB-D17 but one', rules('additional', 'fail_if_none_matches_regexp', ['yyy']), undefined],
    [
      'BB-D26',
      rules('answer', 'fail_if_not_matches_regexp', [
        '^example\\.com\\.\\t3600\\tIN\\tA\\t127\\.0\\.0\\.1$',
      ]),
      undefined,
    ],
  ] as [string, Block, string | undefined][])('%s is judged %j', async (_id, block, reason) => {
    const outcome = await overBoth(() => authoritative, block);
    expect(outcome.reason).toBe(reason);
    expect(counts(outcome)).toEqual([1, 2, 3]);
  });

  test('BB-D08 exports the serial of a zone that was asked for', async () => {
    const outcome = await overBoth(() => ({ answers: [soa] }), { query_type: 'SOA' });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_dns_serial')).toBe(1000);
  });

  test('BB-D09 may be of another class', async () => {
    const version: Answer = {
      type: 'TXT',
      name: 'version.bind',
      class: 'CH',
      ttl: 0,
      data: 'own "1"',
    };
    const outcome = await overBoth(() => ({ answers: [version] }), {
      query_name: 'version.bind',
      query_class: 'CH',
      query_type: 'TXT',
      validate_answer_rrs: { fail_if_not_matches_regexp: ['\tCH\tTXT\t"own \\\\"1\\\\""$'] },
    });
    expect(outcome.status).toBe('ok');
  });
});

describe('the response code', () => {
  test('BB-D18 BB-D19 SERVFAIL fails unless it is wanted, and is an answer either way', async () => {
    const failed = await overBoth(() => ({ rcode: 2 }), {});
    expect(failed.summary).toMatch(/^SERVFAIL for example.com ANY from 127.*, wanted NOERROR$/);
    expect(metric(failed, 'probe_dns_query_succeeded')).toBe(1);
    const wanted = await overBoth(() => ({ rcode: 2 }), { valid_rcodes: ['SERVFAIL'] });
    expect(wanted.status).toBe('ok');
  });

  test('BB-D25 an empty list accepts nothing', async () => {
    const outcome = await overBoth(() => recursive, { valid_rcodes: [] });
    expect(outcome.reason).toBe('status');
    expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(1);
  });
});

test('BB-D23 exports exactly these families, with three phases', async () => {
  const outcome = await overBoth(() => recursive, {});
  expect(familyNames(outcome)).toEqual(families);
  const phases = ['resolve', 'connect', 'request'];
  expect(phasesIn(outcome, 'probe_dns_duration_seconds')).toEqual(phases);
  expect(metric(outcome, 'probe_ip_protocol')).toBe(4);
});

test('what is asked is the name, type, class and flag of the options', async () => {
  const questions: unknown[] = [];
  await using server = await startDnsServer((query) => {
    questions.push(query.questions?.[0], query.flag_rd);
    return {};
  });
  await runDns(server.udp, { query_name: 'www.example.com.' });
  await runDns(server.udp, { query_name: '.', query_type: 'HTTPS', recursion_desired: false });
  expect(questions).toEqual([
    { name: 'www.example.com', type: 'ANY', class: 'IN' },
    true,
    { name: '.', type: 'UNKNOWN_65', class: 'IN' },
    false,
  ]);
});

describe('over udp', () => {
  test('packets that answer nothing asked are left aside', async () => {
    await using server = await startDnsServer((query) => {
      const other = encodeReply({ ...query, id: ((query.id ?? 0) + 1) & 0xffff }, { rcode: 2 });
      return [Buffer.from('?'), other, encodeReply(query, recursive)];
    });
    const outcome = await runDns(server.udp, {});
    expect(outcome.status).toBe('ok');
    expect(outcome.detail.filter((line) => line.startsWith('left aside'))).toHaveLength(2);
  });

  test('an answer from another address is not taken for one', async () => {
    const stranger = createSocket('udp4');
    stranger.bind(0, '127.0.0.2');
    await once(stranger, 'listening');
    const asked = createSocket('udp4');
    asked.on('message', (bytes, from) =>
      stranger.send(encodeReply(decode(bytes), recursive), from.port, from.address),
    );
    asked.bind(0, '127.0.0.1');
    await once(asked, 'listening');
    const outcome = await runDns(`127.0.0.1:${asked.address().port}`, {}, 250);
    asked.close();
    stranger.close();
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toMatch(/^no answer within 250ms while waiting for the answer of 127/);
    expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(0);
    expect(metric(outcome, 'probe_dns_duration_seconds', { phase: 'request' })).toBeGreaterThan(
      0.1,
    );
  });

  test.each([
    ['half of a name', 17],
    ['half of a record', 40],
  ])('an answer of %s is malformed', async (_what, length) => {
    await using server = await startDnsServer((query) => [
      encodeReply(query, recursive).subarray(0, length),
    ]);
    const outcome = await runDns(server.udp, {});
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain('is malformed');
    expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(0);
  });

  test('a name that points to itself is malformed', async () => {
    await using server = await startDnsServer((query) => {
      const packet = encodeReply(query, recursive);
      packet.writeUInt16BE(0xc00c, 12);
      return [packet];
    });
    expect((await runDns(server.udp, {})).reason).toBe('protocol');
  });
});

describe('over tcp', () => {
  test('a closed port is refused', async () => {
    const outcome = await runDns(`127.0.0.1:${await closedPort()}`, { transport_protocol: 'tcp' });
    expect(outcome.reason).toBe('connect');
    expect(familyNames(outcome)).toEqual(families);
  });

  test('a connection closed in the middle of an answer is no answer', async () => {
    await using server = await startTcpServer((socket) => {
      socket.once('data', () => socket.end(Buffer.of(0, 200, 1, 2, 3)));
    });
    const outcome = await runDns(`127.0.0.1:${server.port}`, { transport_protocol: 'tcp' });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
  });
});

describe('over TLS', () => {
  const authority = createAuthority();
  afterAll(() => authority[Symbol.dispose]());

  test('the certificate is verified for the host of the target', async () => {
    const tls = createTlsServer(authority.issue(), (socket) => {
      socket.once('data', (bytes) => {
        const packet = encodeReply(decode(bytes.subarray(2)), recursive);
        const prefix = Buffer.alloc(2);
        prefix.writeUInt16BE(packet.length);
        socket.end(Buffer.concat([prefix, packet]));
      });
      socket.on('error', () => {});
    });
    await using server = await listen(tls);
    const target = `127.0.0.1:${server.port}`;
    const block: Block = { transport_protocol: 'tcp', dns_over_tls: true };
    expect((await runDns(target, block)).reason).toBe('tls');
    const outcome = await runDns(target, { ...block, tls_config: { ca: authority.ca } });
    expect(outcome.status).toBe('ok');
    expect(familyNames(outcome)).toEqual(families);
  });
});

describe('the block', () => {
  test.each([
    ['BB-C05 no name', {}],
    ['BB-C06 an unknown class', { query_name: 'a', query_class: 'X' }],
    ['BB-C07 an unknown type', { query_name: 'a', query_type: 'X' }],
    ['TLS over udp', { query_name: 'a', dns_over_tls: true }],
    ['an unknown key', { query_name: 'a', query: 'b' }],
    [
      'a bad expression',
      { query_name: 'a', validate_answer_rrs: { fail_if_matches_regexp: [':['] } },
    ],
  ])('with %s is refused', (_id, block) => {
    expect(v.safeParse(dnsBlock, block).success).toBe(false);
  });
});
