import type { Answer } from 'dns-packet';
import { decode, encode } from 'dns-packet';
import { expect, test } from 'vitest';
import { presentRecord } from '../../../src/checks/net/dns-record.ts';

/** A record after it went over the wire. */
function received(record: Answer): Answer {
  const [answer] = decode(encode({ type: 'response', answers: [record] })).answers ?? [];
  if (answer === undefined) throw new Error('the record was lost');
  return answer;
}

const base = { name: 'example.com', ttl: 60 };

test.each([
  [{ ...base, type: 'A', data: '192.0.2.1' }, 'A\t192.0.2.1'],
  [{ ...base, type: 'AAAA', data: '2001:db8::1' }, 'AAAA\t2001:db8::1'],
  [{ ...base, type: 'CNAME', data: 'www.example.net' }, 'CNAME\twww.example.net.'],
  [{ ...base, type: 'NS', data: 'ns.example.net' }, 'NS\tns.example.net.'],
  [{ ...base, type: 'PTR', data: 'host.example.net' }, 'PTR\thost.example.net.'],
  [
    { ...base, type: 'MX', data: { preference: 10, exchange: 'mx.example.net' } },
    'MX\t10 mx.example.net.',
  ],
  [
    { ...base, type: 'TXT', data: ['v=spf1 -all', 'a"b\\c\u0001'] },
    'TXT\t"v=spf1 -all" "a\\"b\\\\c\\001"',
  ],
  [
    {
      ...base,
      type: 'SOA',
      data: {
        mname: 'ns.a',
        rname: 'noc.a',
        serial: 1,
        refresh: 2,
        retry: 3,
        expire: 4,
        minimum: 5,
      },
    },
    'SOA\tns.a. noc.a. 1 2 3 4 5',
  ],
  [
    { ...base, type: 'SRV', data: { priority: 1, weight: 2, port: 443, target: 'web.a' } },
    'SRV\t1 2 443 web.a.',
  ],
  [
    { ...base, type: 'CAA', data: { flags: 0, tag: 'issue', value: 'ca.example' } },
    'CAA\t0 issue "ca.example"',
  ],
  [
    {
      ...base,
      type: 'DS',
      data: { keyTag: 7, algorithm: 8, digestType: 2, digest: Buffer.of(0xab, 1) },
    },
    'DS\t7 8 2 AB01',
  ],
  [{ ...base, type: 'CERT', data: Buffer.of(1, 2, 255) }, 'CERT\t\\# 3 0102ff'],
] as [Answer, string][])('%j is written as zone files do', (record, text) => {
  expect(presentRecord(received(record))).toBe(`example.com.\t60\tIN\t${text}`);
});

test('a type without a name of its own is written by number', () => {
  const record = { ...base, type: 'UNKNOWN_65280' as 'NULL', data: Buffer.of(1) };
  expect(presentRecord(received(record))).toContain('\tTYPE65280\t');
  const https = { ...base, type: 'UNKNOWN_65' as 'NULL', data: Buffer.of(0, 1, 0) };
  expect(presentRecord(received(https))).toBe('example.com.\t60\tIN\tHTTPS\t\\# 3 000100');
});
