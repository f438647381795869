import { expect } from 'vitest';
import { contest, type ProbeCase } from './kit/contest.ts';
import { address, nameServer, overBoth, rcodes, records, type Resolve } from './kit/dns.ts';

/** Has two addresses, and only answers who wants recursion. */
const recursive: Resolve = (query) =>
  query.flag_rd
    ? { answers: [address('example.com', '127.0.0.1'), address('example.com', '127.0.0.2')] }
    : { rcode: rcodes.REFUSED };

const recursion: readonly ProbeCase[] = [
  ...overBoth(
    'BB-D01 an answer is enough',
    recursive,
    {},
    { success: 1, metrics: records(2, 0, 0) },
  ),
  ...overBoth(
    'BB-D02 NOERROR is not what was wanted',
    recursive,
    { valid_rcodes: ['SERVFAIL', 'NXDOMAIN'] },
    { success: 0, metrics: records(2, 0, 0) },
  ),
  ...overBoth(
    'BB-D03 no record has what must not be there, all have what must be',
    recursive,
    {
      validate_answer_rrs: {
        fail_if_matches_regexp: ['.*7200.*'],
        fail_if_not_matches_regexp: ['.*3600.*'],
      },
    },
    { success: 1, metrics: records(2, 0, 0) },
  ),
  ...overBoth(
    'BB-D04 nothing in an empty section matches',
    recursive,
    { validate_authority_rrs: { fail_if_matches_regexp: ['.*7200.*'] } },
    { success: 1, metrics: records(2, 0, 0) },
  ),
  ...overBoth(
    'BB-D05 an empty section lacks what must be there',
    recursive,
    { validate_additional_rrs: { fail_if_not_matches_regexp: ['.*3600.*'] } },
    { success: 0, metrics: records(2, 0, 0) },
  ),
  ...overBoth(
    'BB-D06 without recursion the query is refused',
    recursive,
    { recursion_desired: false },
    { success: 0, metrics: records(0, 0, 0) },
  ),
];

/** Has records in every section. */
const authoritative: Resolve = ({ questions: [question] = [] }) => {
  const start = { name: 'example.com', ttl: 3600 };
  const serial = { serial: 1000, refresh: 7200, retry: 3600, expire: 1_209_600, minimum: 3600 };
  const soa = { mname: 'ns.example.com', rname: 'noc.example.com', ...serial };
  const answer =
    question?.type === 'SOA'
      ? ({ ...start, type: 'SOA', class: 'IN', data: soa } as const)
      : question?.class === 'CH' && question.type === 'TXT'
        ? ({ ...start, type: 'TXT', class: 'CH', data: 'tide' } as const)
        : address('example.com', '127.0.0.1');
  const servers = ['ns1.isp.example', 'ns2.isp.example'];
  return {
    answers: [answer],
    authorities: servers.map((data) => ({
      type: 'NS',
      class: 'IN',
      name: 'example.com',
      ttl: 7200,
      data,
    })),
    additionals: [
      address('ns1.isp.example', '127.0.0.1', 7200),
      address('ns1.isp.example', '::1', 7200),
      address('ns2.isp.example', '127.0.0.2', 7200),
    ],
  };
};

const all = records(1, 2, 3);

const authority: readonly ProbeCase[] = [
  ...overBoth('BB-D07 every section is counted', authoritative, {}, { success: 1, metrics: all }),
  ...overBoth(
    'BB-D08 the serial of a zone is shown',
    authoritative,
    { query_type: 'SOA' },
    { success: 1, metrics: { ...all, probe_dns_serial: 1000 } },
  ),
  ...overBoth(
    'BB-D09 records of another class than IN are judged as well',
    authoritative,
    {
      query_class: 'CH',
      query_type: 'TXT',
      validate_answer_rrs: {
        fail_if_matches_regexp: ['.*IN.*'],
        fail_if_not_matches_regexp: ['.*CH.*'],
      },
    },
    { success: 1, metrics: all },
  ),
  ...overBoth(
    'BB-D10 NOERROR is not what was wanted of the authority',
    authoritative,
    { valid_rcodes: ['SERVFAIL', 'NXDOMAIN'] },
    { success: 0, metrics: all },
  ),
  ...overBoth(
    'BB-D11 a record of the answer has what must not be there',
    authoritative,
    {
      validate_answer_rrs: {
        fail_if_matches_regexp: ['.*3600.*'],
        fail_if_not_matches_regexp: ['.*3600.*'],
      },
    },
    { success: 0, metrics: all },
  ),
  ...overBoth(
    'BB-D12 a record of the answer lacks what must be there',
    authoritative,
    {
      validate_answer_rrs: {
        fail_if_matches_regexp: ['.*7200.*'],
        fail_if_not_matches_regexp: ['.*7200.*'],
      },
    },
    { success: 0, metrics: all },
  ),
  ...overBoth(
    'BB-D13 all records of the authority have what must be there',
    authoritative,
    { validate_authority_rrs: { fail_if_not_matches_regexp: ['ns.*.isp.example'] } },
    { success: 1, metrics: all },
  ),
  ...overBoth(
    'BB-D14 all additional records have what must be there',
    authoritative,
    { validate_additional_rrs: { fail_if_not_matches_regexp: ['^ns.*.isp'] } },
    { success: 1, metrics: all },
  ),
  ...overBoth(
    'BB-D15 an additional record has what must not be there',
    authoritative,
    { validate_additional_rrs: { fail_if_matches_regexp: ['^ns.*.isp'] } },
    { success: 0, metrics: all },
  ),
  ...overBoth(
    'BB-D16 fail_if_all_match_regexp fails if one of three records does not match',
    authoritative,
    { validate_additional_rrs: { fail_if_all_match_regexp: ['.*127.0.0.*'] } },
    { success: 0, metrics: all },
  ),
  ...overBoth(
    'BB-D17 no additional record matches where one must',
    authoritative,
    { validate_additional_rrs: { fail_if_none_matches_regexp: ['.*127.0.0.3.*'] } },
    { success: 0, metrics: all },
  ),
];

const failing: Resolve = () => ({ rcode: rcodes.SERVFAIL });
const none = records(0, 0, 0);

const failures: readonly ProbeCase[] = [
  ...overBoth('BB-D18 SERVFAIL is a failure', failing, {}, { success: 0, metrics: none }),
  ...overBoth(
    'BB-D19 SERVFAIL can be what is wanted',
    failing,
    { valid_rcodes: ['SERVFAIL', 'NXDOMAIN'] },
    { success: 1, metrics: none },
  ),
  {
    title: 'BB-D20 a transport that does not exist fails before the query',
    module: { prober: 'dns', dns: { query_name: 'example.com', transport_protocol: 'pigeon' } },
    server: nameServer(failing),
    expect: { success: 0, metrics: records(0, 0, 0, 0), absent: ['probe_ip_protocol'] },
  },
  {
    title: 'BB-D20 TLS over udp fails before the query',
    module: { prober: 'dns', dns: { query_name: 'example.com', dns_over_tls: true } },
    server: nameServer(failing),
    expect: { success: 0, metrics: { ...records(0, 0, 0, 0), probe_ip_protocol: 4 } },
  },
  ...overBoth(
    'BB-D21 the name of a response code that does not exist is found after the query',
    failing,
    { valid_rcodes: ['NOT_A_CODE'] },
    { success: 0, metrics: none },
  ),
];

const resolver = ['probe_dns_lookup_time_seconds', 'probe_ip_addr_hash', 'probe_ip_protocol'];

const shape: readonly ProbeCase[] = [
  {
    title: 'BB-D22 without a transport it is udp',
    module: { prober: 'dns', dns: { query_name: 'example.com' } },
    server: nameServer(recursive, 'udp'),
    expect: { success: 1, metrics: { probe_ip_protocol: 4 } },
  },
  {
    title: 'BB-D22 without a transport it is not tcp',
    module: { prober: 'dns', timeout: '500ms', dns: { query_name: 'example.com' } },
    server: nameServer(recursive, 'tcp'),
    expect: { success: 0, metrics: { probe_ip_protocol: 4, probe_dns_query_succeeded: 0 } },
  },
  {
    title: 'BB-D23 there are exactly these families and phases',
    module: { prober: 'dns', dns: { query_name: 'example.com' } },
    server: nameServer(recursive),
    expect: {
      success: 1,
      families: [...resolver, ...Object.keys(none), 'probe_dns_duration_seconds'],
    },
    judge: ({ families }) =>
      expect([...(families.get('probe_dns_duration_seconds')?.samples.keys() ?? [])]).toEqual([
        '{phase="connect"}',
        '{phase="request"}',
        '{phase="resolve"}',
      ]),
  },
  ...overBoth(
    'BB-D24 fail_if_all_match_regexp does not fail if both records match',
    recursive,
    { validate_answer_rrs: { fail_if_all_match_regexp: ['127.0.0.'] } },
    { success: 1, metrics: records(2, 0, 0) },
  ),
  ...overBoth(
    'BB-D24 fail_if_all_match_regexp fails if one of two records matches',
    recursive,
    { validate_answer_rrs: { fail_if_all_match_regexp: ['127.0.0.1'] } },
    { success: 0, metrics: records(2, 0, 0) },
  ),
  ...overBoth(
    'BB-D25 an empty list of response codes accepts none',
    recursive,
    { valid_rcodes: [] },
    { success: 0, metrics: records(2, 0, 0) },
  ),
  {
    title: 'BB-D25 a module without a block asks for the root',
    module: { prober: 'dns' },
    server: nameServer(({ questions: [question] = [] }) =>
      question?.name === '.' || question?.name === ''
        ? { answers: [address('example.com', '127.0.0.1')] }
        : { rcode: rcodes.SERVFAIL },
    ),
    expect: { success: 1, metrics: records(1, 0, 0) },
  },
  ...overBoth(
    'BB-D26 a record is judged by its text with tabs',
    (query) => ({ ...recursive(query), answers: [address('example.com', '127.0.0.1', 60)] }),
    {
      validate_answer_rrs: {
        fail_if_not_matches_regexp: ['^example\\.com\\.\\t60\\tIN\\tA\\t127\\.0\\.0\\.1$'],
      },
    },
    { success: 1, metrics: records(1, 0, 0) },
  ),
];

contest({ recursion, authority, failures, shape });
