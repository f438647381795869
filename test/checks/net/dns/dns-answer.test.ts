import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { dnsModuleBlock } from '../../../../src/checks/net/dns/dns-options.ts';
import { probeDns } from '../../../../src/checks/net/dns/dns-probe.ts';
import { startOracle } from '../../../conformance/blackbox/kit/oracle.ts';
import { ask } from '../../../support/ask.ts';
import {
  framed,
  message,
  name,
  pointer,
  record,
  startTcpAnswers,
  startUdpAnswers,
} from '../../../support/hostile-dns.ts';
import { metric, probeContext } from '../../../support/probe-context.ts';

/** An answer out of the ordinary, and what becomes of a probe that gets it. */
interface Case {
  readonly title: string;
  readonly packet: (id: number) => Buffer;
  readonly succeeded: 0 | 1;
  readonly answers: number;
  /** Whether the probe as a whole is sound, with NOERROR as the one valid code. */
  readonly success: 0 | 1;
}

const address = Buffer.of(192, 0, 2, 1);
const one = record(name('a'), 1, address);
const edns = (code: number): Buffer => {
  const whole = record(name(), 41, Buffer.alloc(0));
  whole.writeUInt8(code, 5);
  return whole;
};

function answering(
  title: string,
  counts: readonly [number, number, number, number],
  body: readonly Buffer[],
  [success, succeeded, answers]: readonly [0 | 1, 0 | 1, number],
  bits = 0,
): Case {
  const packet = (id: number): Buffer => message({ id, bits, counts }, ...body);
  return { title, packet, success, succeeded, answers };
}

const fine = [1, 1] as const;
const malformed = [0, 0, 0] as const;

const cases: readonly Case[] = [
  answering('as promised', [0, 1, 0, 0], [one], [...fine, 1]),
  answering('nothing at all', [0, 0, 0, 0], [], [...fine, 0]),
  answering('a head alone that promises more', [1, 2, 0, 0], [], [...fine, 0]),
  answering('a head alone that refuses', [1, 0, 0, 0], [], [0, 1, 0], 5),
  answering('fewer records than promised', [0, 2, 0, 0], [one], [...fine, 1]),
  answering('far fewer records than promised', [0, 65_535, 9, 9], [one, one], [...fine, 2]),
  answering('more records than promised', [0, 1, 0, 0], [one, one], [...fine, 1]),
  answering('something behind the records', [0, 1, 0, 0], [one, Buffer.from('?')], [...fine, 1]),
  answering('cut off, and says so', [0, 1, 0, 0], [one], [...fine, 1], 0x0200),
  answering('cut off in a record', [0, 2, 0, 0], [one, one.subarray(0, 9)], malformed),
  answering('cut off in a name', [0, 1, 0, 0], [Buffer.of(3, 0x61)], malformed),
  answering(
    'data longer than the message',
    [0, 1, 0, 0],
    [record(name('a'), 1, address, 9)],
    malformed,
  ),
  answering(
    'data longer than their type',
    [0, 1, 0, 0],
    [record(name('a'), 1, Buffer.alloc(5))],
    malformed,
  ),
  answering(
    'data shorter than their type',
    [0, 1, 0, 0],
    [record(name('a'), 1, Buffer.alloc(3))],
    malformed,
  ),
  answering(
    'a name that points to itself',
    [0, 1, 0, 0],
    [record(pointer(12), 1, address)],
    malformed,
  ),
  answering(
    'a name that points ahead',
    [0, 1, 0, 0],
    [record(pointer(28), 65_280, name('a'))],
    malformed,
  ),
  answering(
    'a name that points back',
    [0, 2, 0, 0],
    [one, record(pointer(12), 1, address)],
    [...fine, 2],
  ),
  answering(
    'a label of an unknown kind',
    [0, 1, 0, 0],
    [record(Buffer.of(0x41, 0), 1, address)],
    malformed,
  ),
  answering('a code in two parts', [0, 0, 0, 1], [edns(1)], [0, 1, 0]),
  answering('a code in one part, beside EDNS', [0, 1, 0, 1], [one, edns(0)], [...fine, 1]),
];

const options = { query_name: 'example.com', preferred_ip_protocol: 'ip4' };
const modules = Object.fromEntries(
  (['udp', 'tcp'] as const).map((transport) => [
    transport,
    { prober: 'dns', timeout: '2s', dns: { ...options, transport_protocol: transport } },
  ]),
);

describe('an answer out of the ordinary', async () => {
  const oracle = await startOracle({ modules: JSON.stringify({ modules }) });
  afterAll(async () => oracle?.[Symbol.asyncDispose]());

  /** Runs with a server that gives the answer of a case over one transport. */
  async function served<Result>(
    { packet }: Case,
    transport: 'udp' | 'tcp',
    look: (target: string) => Promise<Result>,
  ): Promise<Result> {
    if (transport === 'udp') {
      await using server = await startUdpAnswers((query) => [packet(query.id ?? 0)]);
      return await look(server.address);
    }
    await using server = await startTcpAnswers((query) => framed(packet(query.id ?? 0)));
    return await look(`127.0.0.1:${server.port}`);
  }

  const both = cases.flatMap((one) =>
    (['udp', 'tcp'] as const).map((transport) => [one.title, transport, one] as const),
  );

  test.each(both)('%s, over %s', async (_title, transport, one) => {
    const block = v.parse(dnsModuleBlock, { ...options, transport_protocol: transport });
    const outcome = await served(one, transport, async (target) => {
      using context = probeContext(2000);
      return await probeDns(target, block, context);
    });
    expect(outcome.status).toBe(one.success === 1 ? 'ok' : 'critical');
    expect(metric(outcome, 'probe_dns_query_succeeded')).toBe(one.succeeded);
    expect(metric(outcome, 'probe_dns_answer_rrs')).toBe(one.answers);
  });

  test.skipIf(oracle === undefined).each(both)(
    'blackbox_exporter finds the same: %s, over %s',
    async (_title, transport, one) => {
      const { body } = await served(one, transport, async (target) =>
        ask(`${oracle?.url}/probe?module=${transport}&target=${target}`),
      );
      const valueOf = (family: string): number =>
        Number(new RegExp(`^${family} (.+)$`, 'm').exec(body)?.[1]);
      expect(valueOf('probe_success')).toBe(one.success);
      expect(valueOf('probe_dns_query_succeeded')).toBe(one.succeeded);
      expect(valueOf('probe_dns_answer_rrs')).toBe(one.answers);
    },
  );
});
