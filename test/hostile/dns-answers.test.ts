import type { DecodedPacket } from 'dns-packet';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { decodeAnswer } from '../../src/checks/net/dns/dns-message.ts';
import { dnsBlock } from '../../src/checks/net/dns/dns-options.ts';
import { probeDns } from '../../src/checks/net/dns/dns-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { encodeReply } from '../support/dns-server.ts';
import { eventually } from '../support/eventually.ts';
import * as dns from '../support/hostile-dns.ts';
import { metric, probeContext } from '../support/probe-context.ts';
import { expectSound, heldToTime } from '../support/siege.ts';

type Block = Partial<v.InferInput<typeof dnsBlock>>;

async function runDns(target: string, block: Block, timeoutMs: number): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  const options = v.parse(dnsBlock, { query_name: 'example.com', query_type: 'A', ...block });
  return await heldToTime(timeoutMs, async () => probeDns(target, options, context));
}

/** Asks over TCP, where a wrong answer ends the probe at once. */
async function overTcp(
  answer: (query: DecodedPacket, bytes: Buffer) => Buffer,
  block: Block = {},
  timeoutMs = 3000,
): Promise<ProbeOutcome> {
  await using server = await dns.startTcpAnswers(answer);
  const target = `127.0.0.1:${server.port}`;
  const outcome = await runDns(target, { transport_protocol: 'tcp', ...block }, timeoutMs);
  await eventually(() => server.open.size === 0, 'the probe closes its connection');
  return outcome;
}

async function overUdp(
  answer: (query: DecodedPacket, bytes: Buffer) => Iterable<Buffer>,
  timeoutMs = 300,
): Promise<ProbeOutcome> {
  await using server = await dns.startUdpAnswers(answer);
  return await runDns(server.address, {}, timeoutMs);
}

const at = dns.bodyOffset;
const one = [0, 1, 0, 0] as const;
const address = Buffer.of(192, 0, 2, 1);
const ofQuery = ({ id = 0 }: DecodedPacket): { readonly id: number } => ({ id });

/** A sound answer with one record of each common kind. */
function rich(query: DecodedPacket): Buffer {
  const base = { name: 'example.com', ttl: 60 } as const;
  return encodeReply(query, {
    answers: [
      { ...base, type: 'A', data: '192.0.2.1' },
      { ...base, type: 'MX', data: { preference: 5, exchange: 'mx.example.com' } },
      { ...base, type: 'TXT', data: ['hello', 'world'] },
      { ...base, type: 'SOA', data: { mname: 'ns.example.com', rname: 'noc.example.com' } },
      { ...base, type: 'CAA', data: { flags: 0, tag: 'issue', value: 'ca.example' } },
      { ...base, type: 'SRV', data: { port: 1, target: 'example.com' } },
    ],
  });
}

describe('an answer that is malformed', () => {
  test.each([
    ['a pointer to itself', dns.record(dns.pointer(at), 1, address)],
    ['a pointer forward', dns.record(dns.pointer(at + 16), 1, address)],
    ['a pointer beyond the end', dns.record(dns.pointer(0x3fff), 1, address)],
    ['two pointers in a circle', dns.record(dns.name(), 2, Buffer.from('c019c017', 'hex'))],
    ['a label of a kind that is none', dns.record(Buffer.of(0x80, 0), 1, address)],
    [
      'a name of more than 255 bytes',
      dns.record(dns.name(...Array<string>(9).fill('a'.repeat(60))), 1, address),
    ],
    ['a label beyond the end', Buffer.of(63, 1, 2)],
    ['half an address', dns.record(dns.name('a'), 1, address, 4).subarray(0, 15)],
    ['an address of two bytes', dns.record(dns.name('a'), 1, Buffer.of(192, 0))],
    ['an address of six bytes', dns.record(dns.name('a'), 1, Buffer.alloc(6))],
    ['a text that says it is longer', dns.record(dns.name('a'), 16, Buffer.of(9, 65), 2)],
    ['data that say they are longer', dns.record(dns.name('a'), 65_280, address, 40)],
    ['half a record', dns.record(dns.name('a'), 1, address).subarray(0, 9)],
  ])('%s', async (_what, body) => {
    const outcome = await overTcp((query) =>
      dns.framed(dns.message({ ...ofQuery(query), counts: one }, body)),
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toMatch(/^the answer of 127\.0\.0\.1:\d+ is malformed: /);
    expect(metric(outcome, 'probe_dns_answer_rrs')).toBe(0);
  });

  test.each([
    [65_535, 0, 0, 0],
    [0, 65_535, 0, 0],
    [0, 0, 65_535, 65_535],
    [65_535, 65_535, 65_535, 65_535],
    [0, 2, 0, 0],
    [0, 0, 0, 0],
  ] as const)('counts that lie: %i, %i, %i, %i', async (...counts) => {
    const outcome = await overTcp((query) =>
      dns.framed(dns.message({ ...ofQuery(query), counts }, dns.record(dns.name('a'), 1, address))),
    );
    for (const section of ['answer', 'authority', 'additional']) {
      expect(metric(outcome, `probe_dns_${section}_rrs`)).toBeLessThanOrEqual(1);
    }
  });

  test('cut at any byte has whole records or is malformed', () => {
    const query = { id: 7, questions: [{ type: 'A', name: 'example.com' }] };
    const whole = rich(query as unknown as DecodedPacket);
    const texts = (packet: Buffer): string[] | undefined => {
      const answer = decodeAnswer(packet, 'peer');
      if ('answers' in answer) return answer.answers.map(({ text }) => text);
      expect(answer.reason).toBe('protocol');
      return undefined;
    };
    const all = texts(whole) ?? [];
    expect(all.length).toBe(6);
    let malformed = 0;
    for (let length = at; length < whole.length; length += 1) {
      const found = texts(whole.subarray(0, length));
      if (found === undefined) malformed += 1;
      else expect(found).toEqual(all.slice(0, found.length));
      expect(found?.length).not.toBe(6);
    }
    expect(malformed).toBeGreaterThan(whole.length / 2);
  });
});

describe('an answer that belongs to nothing asked', () => {
  const wrong = (query: DecodedPacket): Buffer =>
    encodeReply({ ...query, id: ((query.id ?? 0) + 1) % 65_536 }, {});

  test('is left aside over udp, until the deadline', async () => {
    const outcome = await overUdp((query) => [wrong(query)]);
    expect(outcome.reason).toBe('timeout');
    expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(0);
  });

  test('does not drown the right one', async () => {
    const outcome = await overUdp((query) => [
      ...Array.from({ length: 100 }, () => wrong(query)),
      rich(query),
    ]);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_dns_answer_rrs')).toBe(6);
  });

  test('in a flood without end lasts until the deadline', async () => {
    const outcome = await overUdp((query) => Array<Buffer>(20_000).fill(wrong(query)));
    expect(outcome.reason).toBe('timeout');
  });

  test.each([
    ['a wrong id', wrong],
    ['the query itself', (_query: DecodedPacket, bytes: Buffer) => bytes],
    ['an empty message', () => Buffer.alloc(0)],
    ['less than a head', () => Buffer.alloc(11)],
    ['text', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('over tcp it ends the probe: %s', async (_what, answer) => {
    const outcome = await overTcp((query, bytes) => dns.framed(answer(query, bytes)));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain('does not answer the query');
  });
});

describe('frames over tcp', () => {
  test.each([
    ['half a length', () => Buffer.of(0)],
    ['more announced than sent', (query: DecodedPacket) => dns.framed(rich(query), 65_535)],
  ])('%s lasts until the deadline', async (_what, answer) => {
    const outcome = await overTcp(answer, {}, 200);
    expect(outcome.reason).toBe('timeout');
  });

  test('less announced than sent is malformed', async () => {
    const outcome = await overTcp((query) => dns.framed(rich(query), 40));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
  });

  test('more frames than one are not read', async () => {
    const outcome = await overTcp((query) => {
      const frame = dns.framed(rich(query));
      return Buffer.concat(Array<Buffer>(500).fill(frame));
    });
    expect(outcome.status).toBe('ok');
  });
});

describe('an answer that costs more than it looks', () => {
  test('a chain of thousands of pointers for every name ends soon', async () => {
    const outcome = await overTcp(({ id = 0 }) => dns.framed(dns.pointerChain(id)), {
      validate_answer_rrs: { fail_if_matches_regexp: ['(a+)+$'] },
    });
    expect(outcome.reason === undefined || outcome.reason === 'protocol').toBe(true);
  });

  test('a record of thousands of names ends soon', async () => {
    const hosts = Buffer.from('00020000', 'hex');
    const start = at + dns.name().length + 10;
    const long = ['a', 'b', 'c', 'd'].map((letter) => `\0${letter}`.repeat(30));
    const first = dns.name(...long);
    const rest = Buffer.concat(Array<Buffer>(30_000).fill(dns.pointer(start + hosts.length)));
    const outcome = await overTcp(
      (query) => {
        const data = Buffer.concat([hosts, first, rest]);
        const one = dns.record(dns.name(), 55, data);
        return dns.framed(dns.message({ ...ofQuery(query), counts: [0, 1, 0, 0] }, one));
      },
      { validate_answer_rrs: { fail_if_matches_regexp: ['(a+)+$'] } },
      5000,
    );
    expect(outcome.reason).toBe('protocol');
    expect(outcome.summary).toContain('its names are too long when written out');
  });

  test('names with control characters are no trouble for a terminal', async () => {
    const owner = dns.name('\u001b[2J\n\r', 'x\0\xff');
    const outcome = await overTcp(
      (query) =>
        dns.framed(dns.message({ ...ofQuery(query), counts: one }, dns.record(owner, 1, address))),
      { validate_answer_rrs: { fail_if_matches_regexp: ['A'] } },
    );
    expectSound(outcome);
    expect(outcome.reason).toBe('body');
  });

  test('the bit that says it was cut off does not lead to another query', async () => {
    let asked = 0;
    const outcome = await overUdp((query) => {
      asked += 1;
      const bits = dns.flags.cut;
      const owner = dns.name('example', 'com');
      return [dns.message({ ...ofQuery(query), bits, counts: one }, dns.record(owner, 1, address))];
    });
    expect(outcome.status).toBe('ok');
    expect(asked).toBe(1);
  });
});
