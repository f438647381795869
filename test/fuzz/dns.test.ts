import { encode, type Answer } from 'dns-packet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answers, decodeAnswer, encodeQuery } from '../../src/checks/net/dns/dns-message.ts';
import { queryTypes } from '../../src/checks/net/dns/dns-names.ts';
import { dnsBlock } from '../../src/checks/net/dns/dns-options.ts';
import { encodeName, takeName } from '../../src/checks/net/dns/dns-reader.ts';
import { dnsNamesLengthMax } from '../../src/model/limits.ts';
import * as v from 'valibot';
import { anyText, bytes, holds, inTime, mutated } from '../support/fuzz.ts';
import * as dns from '../support/hostile-dns.ts';

const base = { name: 'www.example.com', ttl: 300 } as const;
const common: Answer[] = [
  { ...base, type: 'A', data: '192.0.2.1' },
  { ...base, type: 'AAAA', data: '2001:db8::1' },
  { ...base, type: 'MX', data: { preference: 5, exchange: 'mx.example.com' } },
  { ...base, type: 'TXT', data: ['v=spf1 -all', 'a"b\\c'] },
  { ...base, type: 'SOA', data: { mname: 'ns.example.com', rname: 'noc.example.com', serial: 7 } },
  { ...base, type: 'SRV', data: { priority: 1, weight: 2, port: 3, target: 'example.com' } },
  { ...base, type: 'CAA', data: { flags: 0, tag: 'issue', value: 'ca.example' } },
  { ...base, type: 'HINFO', data: { cpu: 'x', os: 'y' } },
];
const sound = [
  encode({
    type: 'response',
    id: 1,
    questions: [{ type: 'A', name: 'a.example' }],
    answers: common,
  }),
  encode({ type: 'response', id: 1, answers: common.slice(0, 2), additionals: common.slice(2) }),
  // What compression looks like: every owner points at the first one.
  dns.message(
    { id: 1, counts: [0, 3, 0, 0] },
    dns.record(dns.name('www', 'example', 'com'), 1, Buffer.of(192, 0, 2, 1)),
    dns.record(dns.pointer(dns.bodyOffset), 5, dns.pointer(dns.bodyOffset + 4)),
    dns.record(dns.pointer(dns.bodyOffset + 4), 2, Buffer.from('026e73c010', 'hex')),
  ),
];

/** A message of one record of a type, with any data. */
const record = fc
  .tuple(fc.oneof(fc.nat(300), fc.nat(65_535)), bytes(80))
  .map(([type, data]) =>
    dns.message({ id: 1, counts: [0, 1, 0, 0] }, dns.record(dns.pointer(0), type, data)),
  );

const header = bytes(200).map((body) => Buffer.concat([Buffer.from('000180000001', 'hex'), body]));

const plainLine = /^[^\n\r]*$/;

test('any packet that answers is read or malformed, in time, and never grows beyond its bound', () => {
  let read = 0;
  holds(
    fc.property(fc.oneof(mutated(sound), record, header, bytes(100)), (packet) => {
      const query = { id: packet.length < 2 ? 0 : packet.readUInt16BE(0), bytes: packet };
      if (!inTime(() => answers(packet, query))) return;
      const answer = inTime(() => decodeAnswer(packet, 'peer'));
      if ('reason' in answer) {
        expect(answer.reason).toBe('protocol');
        expect(answer.summary).toMatch(plainLine);
        return;
      }
      read += 1;
      const records = [answer.answers, answer.authorities, answer.additionals].flat();
      expect(records.length).toBeLessThanOrEqual(packet.length / 11);
      const length = records.reduce((sum, { text }) => sum + text.length, 0);
      expect(length).toBeLessThanOrEqual(dnsNamesLengthMax + packet.length * 16 + 200);
      for (const { ttl, type, text, serial = 0 } of records) {
        expect(Number.isInteger(ttl) && Number.isInteger(type)).toBe(true);
        expect(Number.isInteger(serial)).toBe(true);
        expect(text).not.toBe('');
      }
    }),
    2500,
  );
  // Else the property would be about malformed packets only.
  expect(read).toBeGreaterThan(150);
});

test('a name that was written reads back as it was, whatever its labels hold', () => {
  const label = bytes(20).filter(({ length }) => length > 0);
  holds(
    fc.property(fc.array(label, { maxLength: 8 }), (labels) => {
      const wire = Buffer.concat([
        ...labels.map((one) => Buffer.concat([Buffer.of(one.length), one])),
        Buffer.of(0),
      ]);
      const cursor = { bytes: wire, at: 0 };
      const text = takeName(cursor);
      expect(cursor.at).toBe(wire.length);
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(text).toMatch(/^[\x20-\x7e]+$/);
      expect(encodeName(text)).toEqual(wire);
    }),
    2500,
  );
});

test('a query for any name is a packet, or says why the name is none', () => {
  holds(
    fc.property(anyText(80), fc.constantFrom(...queryTypes), (name, type) => {
      if (name === '') return;
      const options = v.parse(dnsBlock, { query_name: name, query_type: type });
      const query = inTime(() => encodeQuery(options));
      if ('reason' in query) {
        expect(query.reason).toBe('protocol');
        return;
      }
      expect(query.bytes.length).toBeLessThanOrEqual(12 + 255 + 4);
      expect(query.bytes.readUInt16BE(0)).toBe(query.id);
      // It is no response, and not even the packet itself answers it.
      expect(answers(query.bytes, query)).toBe(false);
    }),
    1500,
  );
});
