import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { dns } from '../../src/checks/dns.ts';
import { encodeQuery } from '../../src/checks/net/dns/dns-message.ts';
import { queryTypes } from '../../src/checks/net/dns/dns-names.ts';
import { dnsBlock, dnsModuleBlock, type DnsOptions } from '../../src/checks/net/dns/dns-options.ts';
import { probeDns } from '../../src/checks/net/dns/dns-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { startDnsServer, type DnsReply } from '../support/dns-server.ts';
import { familyNames, metric, probeContext } from '../support/probe-context.ts';

type Block = Partial<v.InferInput<typeof dnsModuleBlock>>;

const reply: DnsReply = {
  answers: ['192.0.2.1', '192.0.2.2'].map((data) => ({
    type: 'A' as const,
    name: 'example.com',
    ttl: 60,
    data,
  })),
};

function moduleOptions(block: Block): DnsOptions {
  return v.parse(dnsModuleBlock, { query_name: 'example.com', ...block });
}

async function run(target: string, options: DnsOptions, debug?: (line: string) => void) {
  using context = probeContext();
  return await probeDns(target, options, debug === undefined ? context : { ...context, debug });
}

/** The outcome over both transports, which must agree. */
async function overBoth(block: Block, answer: DnsReply = reply): Promise<ProbeOutcome> {
  await using server = await startDnsServer(() => answer);
  const udp = await run(server.udp, moduleOptions({ ...block, transport_protocol: 'udp' }));
  const tcp = await run(server.tcp, moduleOptions({ ...block, transport_protocol: 'tcp' }));
  expect([tcp.status, tcp.reason, familyNames(tcp)]).toEqual([
    udp.status,
    udp.reason,
    familyNames(udp),
  ]);
  return udp;
}

const resolverFamilies = [
  'probe_dns_lookup_time_seconds',
  'probe_ip_addr_hash',
  'probe_ip_protocol',
];

describe('what a module may say, and only the probe finds wrong', () => {
  test.each([
    ['a type', { query_type: 'X' }, 'there is no record type X to ask for'],
    ['a class', { query_class: 'X' }, 'there is no class X to ask for'],
    ['a transport', { transport_protocol: 'pigeon' }, 'transport_protocol is pigeon'],
  ])('BB-D20 %s that does not exist fails before the lookup', async (_what, wrong, words) => {
    await using server = await startDnsServer(() => reply);
    for (const target of [server.udp, server.tcp]) {
      const outcome = await run(target, { ...moduleOptions({}), ...wrong });
      expect(outcome.status).not.toBe('ok');
      expect(outcome.summary).toContain(words);
      expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(0);
      expect(familyNames(outcome)).not.toEqual(expect.arrayContaining(resolverFamilies));
    }
  });

  test('TLS over udp fails after the lookup', async () => {
    await using server = await startDnsServer(() => reply);
    const outcome = await run(server.udp, moduleOptions({ dns_over_tls: true }));
    expect(outcome.status).not.toBe('ok');
    expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(0);
    expect(metric(outcome, 'probe_ip_protocol')).toBe(4);
  });

  test('a name that is none fails after the lookup', async () => {
    await using server = await startDnsServer(() => reply);
    for (const name of ['a..b', '.a', 'a'.repeat(64), 'a.'.repeat(128), String.raw`a\ `.trim()]) {
      const outcome = await run(server.udp, moduleOptions({ query_name: name }));
      expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
      expect(outcome.summary).toContain('is no domain name: it ');
      expect(metric(outcome, 'probe_ip_protocol')).toBe(4);
    }
  });

  test.each([[['NOT_A_CODE']], [['NOERROR', 'NOT_A_CODE']]])(
    'BB-D21 valid_rcodes %j fails after the query',
    async (codes) => {
      const outcome = await overBoth({ valid_rcodes: codes });
      expect(outcome).toMatchObject({
        reason: 'status',
        summary: 'valid_rcodes has NOT_A_CODE, which is no response code',
      });
      expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(1);
    },
  );

  test('an expression that is none fails the probe, even behind one that matches', async () => {
    for (const expressions of [[':['], ['A', ':[']]) {
      const rules = { fail_if_none_matches_regexp: expressions };
      const outcome = await overBoth({ validate_answer_rrs: rules });
      expect(outcome.reason).toBe('body');
      expect(outcome.summary).toContain('an expression is not valid');
    }
    const unused = { validate_authority_rrs: { fail_if_matches_regexp: [':['] } };
    expect((await overBoth(unused)).status).toBe('ok');
  });
});

describe('the words of a block', () => {
  test('of an empty text are the usual ones', () => {
    const options = moduleOptions({ query_type: '', query_class: '', transport_protocol: '' });
    expect(options).toMatchObject({
      query_type: 'ANY',
      query_class: 'IN',
      transport_protocol: 'udp',
    });
    const strict = v.parse(dnsBlock, { query_name: 'a', query_type: '', query_class: '' });
    expect(strict).toMatchObject({ query_type: 'ANY', query_class: 'IN' });
  });

  test.each(['NAPTR', 'NSAP-PTR', 'NXT', 'None', 'Reserved', 'RESINFO', 'ZONEMD', 'UNSPEC'])(
    'may be the type %s, which goes out by its number',
    async (type) => {
      const asked: (string | undefined)[] = [];
      await using server = await startDnsServer(({ questions = [] }) => {
        asked.push(questions[0]?.type);
        return reply;
      });
      const block = { query_type: type } as const;
      expect(v.safeParse(dnsBlock, { query_name: 'a', ...block }).success).toBe(true);
      expect((await run(server.udp, moduleOptions(block))).status).toBe('ok');
      expect(asked).toHaveLength(1);
    },
  );

  test('are some ninety types, and of the classes NONE as well', () => {
    expect(queryTypes.length).toBeGreaterThan(85);
    expect(moduleOptions({ query_class: 'NONE' }).query_class).toBe('NONE');
    expect(v.safeParse(dnsModuleBlock, { query_name: 'a', query_type: 'TYPE1' }).success).toBe(
      false,
    );
  });

  test('NOTIMPL means NOTIMP', async () => {
    expect((await overBoth({ valid_rcodes: ['NOTIMPL'] }, { rcode: 4 })).status).toBe('ok');
    expect((await overBoth({ valid_rcodes: ['NOTIMP'] }, { rcode: 4 })).status).toBe('ok');
  });
});

test('BB-D25 a module without a block asks for the root', async () => {
  const asked: unknown[] = [];
  await using server = await startDnsServer(({ questions }) => {
    asked.push(questions?.[0]);
    return reply;
  });
  const options = v.parse(dnsModuleBlock, dns.prober?.absent ?? {});
  expect((await run(server.udp, options)).status).toBe('ok');
  expect((await run(server.tcp, { ...options, transport_protocol: 'tcp' })).status).toBe('ok');
  const root = { name: '.', type: 'ANY', class: 'IN' };
  expect(asked).toEqual([root, root]);
});

describe('the two names of one rule', () => {
  const rule = (key: string, expressions: string[]): Block => ({
    validate_answer_rrs: { [key]: expressions },
  });
  test.each(['fail_if_all_match_regexp', 'fail_if_not_all_match_regexp'])(
    'BB-D24 %s fails unless every record matches',
    async (key) => {
      expect((await overBoth(rule(key, ['192\\.0\\.2\\.']))).status).toBe('ok');
      const outcome = await overBoth(rule(key, ['192\\.0\\.2\\.1$']));
      expect(outcome.reason).toBe('body');
      expect(outcome.summary).toContain('wanted every record to match 192');
    },
  );
});

test.each([
  ['www.Example.com', '\u0003www\u0007Example\u0003com\0'],
  ['www.example.com.', '\u0003www\u0007example\u0003com\0'],
  [String.raw`first\.last.example`, '\u000Afirst.last\u0007example\0'],
  [String.raw`a\032b\\c`, '\u0005a b\\c\0'],
  ['.', '\0'],
])('the name %s goes out with its escapes undone', (written, wire) => {
  const query = encodeQuery(moduleOptions({ query_name: written }));
  if ('reason' in query) throw new Error(query.summary);
  expect(query.bytes.toString('latin1', 12, query.bytes.length - 4)).toBe(wire);
});

test('what is asked and the sections nobody judges are for whoever looks for a fault', async () => {
  await using server = await startDnsServer(() => ({
    authorities: [{ type: 'NS', name: 'example.com', ttl: 60, data: 'ns.example.net' }],
  }));
  const lines: string[] = [];
  await run(server.udp, moduleOptions({ query_type: 'NS' }), (line) => lines.push(line));
  expect(lines).toEqual([
    'asking 127.0.0.1 over udp for example.com IN NS',
    'authorities: example.com. 60 IN NS ns.example.net.',
  ]);
});
