import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { icmpBlock, icmpModuleBlock } from '../../src/checks/net/icmp/icmp-options.ts';
import { probeIcmp } from '../../src/checks/net/icmp/icmp-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { createPingNetwork, type PingNetwork } from '../support/ping-network.ts';
import { familyNames, metric, phasesIn, probeContext } from '../support/probe-context.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function runIcmp(
  target: string,
  block: v.InferInput<typeof icmpBlock> = {},
  { timeoutMs, program }: { timeoutMs?: number; program?: string } = {},
): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  return await probeIcmp(target, v.parse(icmpBlock, block), context, program);
}

/** A ping that behaves as the shell lines say. */
function fakePing(lines: string): string {
  const program = join(temporaryFolder(), 'ping');
  writeFileSync(program, `#!/bin/sh\n${lines}\n`);
  chmodSync(program, 0o755);
  return program;
}

const families = [
  'probe_dns_lookup_time_seconds',
  'probe_icmp_duration_seconds',
  'probe_ip_addr_hash',
  'probe_ip_protocol',
];

/** Whether the ping of this machine works at all: containers may forbid it. */
const canPing = (await runIcmp('127.0.0.1')).status === 'ok';

describe.skipIf(!canPing)('with the ping of this machine', () => {
  test('BB-I01 an address of this host answers, with its hop limit', async () => {
    const outcome = await runIcmp('127.0.0.1');
    expect(outcome.status).toBe('ok');
    expect(familyNames(outcome)).toEqual([...families, 'probe_icmp_reply_hop_limit'].toSorted());
    const phases = ['resolve', 'setup', 'rtt'];
    expect(phasesIn(outcome, 'probe_icmp_duration_seconds')).toEqual(phases);
    expect(metric(outcome, 'probe_icmp_duration_seconds', { phase: 'rtt' })).toBeGreaterThan(0);
    expect(metric(outcome, 'probe_ip_protocol')).toBe(4);
    expect(metric(outcome, 'probe_icmp_reply_hop_limit')).toBeGreaterThan(0);
    const beyond = outcome.families.filter(({ name }) => /icmp_(?:packet|rtt|jitter)/.test(name));
    expect(beyond.map(({ name }) => name)).toEqual(['probe_icmp_packet_loss_ratio']);
    expect(metric(outcome, 'probe_icmp_packet_loss_ratio')).toBe(0);
  });

  test('BB-I04 a large payload comes back, and one too small for a time stamp', async () => {
    expect((await runIcmp('127.0.0.1', { payload_size: 1000 })).status).toBe('ok');
    const small = await runIcmp('127.0.0.1', { payload_size: 1 });
    expect(small.status).toBe('ok');
    expect(metric(small, 'probe_icmp_duration_seconds', { phase: 'rtt' })).toBeGreaterThan(0);
  });
});

const network = createPingNetwork();
if (typeof network === 'string')
  process.stdout.write(`icmp over a wire is not tested: ${network}\n`);
else afterAll(() => network[Symbol.dispose]());

describe.skipIf(typeof network === 'string' || !canPing)('over a wire', () => {
  const wire = network as PingNetwork;
  const program = wire.ping;

  /** What the far host makes of a request, by the bytes of its payload. */
  const behaviours = {
    silent: [100, '[]'],
    otherId: [101, '[reply(id ^ 1, number, data)]'],
    otherNumber: [102, '[reply(id, 7, data)]'],
    otherData: [103, '[reply(id, number, data[:-1] + b"!")]'],
    otherIdFirst: [104, '[reply(id ^ 1, number, data), reply(id, number, data)]'],
    everyOther: [105, '[reply(id, number, data)] if number % 2 else []'],
    sound: [106, '[reply(id, number, data)]'],
  } as const;

  /** The option that makes the far host behave so. */
  function meeting(behaviour: keyof typeof behaviours): { readonly payload_size: number } {
    return { payload_size: behaviours[behaviour][0] };
  }

  beforeAll(async () => {
    const choices = Object.values(behaviours).map(([size, reply]) => `${size}: lambda: ${reply}`);
    const child = await wire.answerWith(`{${choices.join(', ')}}.get(len(data), list)()`);
    return async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
  });

  test('BB-I02 no reply until the deadline fails, without a hop limit', async () => {
    const outcome = await runIcmp(wire.far, meeting('silent'), { program, timeoutMs: 600 });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(familyNames(outcome)).toEqual(families);
    expect(metric(outcome, 'probe_icmp_duration_seconds', { phase: 'rtt' })).toBe(0);
    expect(metric(outcome, 'probe_icmp_packet_loss_ratio')).toBe(1);
  });

  test('BB-I03 a hop limit of 1 does not reach what is two hops away', async () => {
    const outcome = await runIcmp(wire.beyond, { ttl: 1 }, { program });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'connect' });
    expect(outcome.summary).toContain(`${wire.far} says Time to live exceeded`);
  });

  test('BB-I05 replies with another id or number, or other data, are ignored', async () => {
    for (const behaviour of ['otherId', 'otherNumber', 'otherData'] as const) {
      const limits = { program, timeoutMs: 600 };
      const outcome = await runIcmp(wire.far, meeting(behaviour), limits);
      expect(outcome.status).toBe('critical');
      expect(metric(outcome, 'probe_icmp_reply_hop_limit')).toBeUndefined();
    }
    const mixed = await runIcmp(wire.far, meeting('otherIdFirst'), { program });
    expect(mixed.status).toBe('ok');
  });

  test('lost packets are counted, and judged by max_packet_loss', async () => {
    const block = { count: 4, ping_interval: '20ms', ...meeting('everyOther') };
    const lax = await runIcmp(wire.far, block, { program });
    const strict = await runIcmp(wire.far, { ...block, max_packet_loss: 0.2 }, { program });
    expect(lax).toMatchObject({ status: 'ok' });
    expect(lax.summary).toMatch(/^2 of 4 echo replies from 198\.51\.100\.2, [\d.]+ms on average$/);
    expect(strict).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary: '2 of 4 echo requests to 198.51.100.2 got no reply: 50% loss, wanted at most 20%',
    });
    expect(metric(strict, 'probe_icmp_packet_loss_ratio')).toBe(0.5);
    expect(metric(strict, 'probe_icmp_packets_sent')).toBe(4);
    expect(metric(strict, 'probe_icmp_packets_received')).toBe(2);
    expect(familyNames(strict)).toContain('probe_icmp_reply_hop_limit');
  });

  test('what came before the deadline counts', async () => {
    const block = { count: 20, ping_interval: '200ms', ...meeting('sound') };
    const outcome = await runIcmp(wire.far, block, { program, timeoutMs: 700 });
    const sent = metric(outcome, 'probe_icmp_packets_sent') ?? 0;
    expect(outcome.status).toBe('ok');
    expect(sent).toBeGreaterThanOrEqual(1);
    expect(sent).toBeLessThanOrEqual(4);
    expect(outcome.values[0]?.value).toBeLessThan(2);
  });
});

describe('several packets', () => {
  const three = [
    'PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.',
    '64 bytes from 127.0.0.1: icmp_seq=1 ttl=63 time=2.00 ms',
    'no answer yet for icmp_seq=2',
    '64 bytes from 127.0.0.1: icmp_seq=3 ttl=60 time=4.00 ms',
    '64 bytes from 127.0.0.1: icmp_seq=3 ttl=60 time=5.00 ms (DUP!)',
    '64 bytes from 127.0.0.9: icmp_seq=4 ttl=60 time=5.00 ms (DIFFERENT ADDRESS!)',
    '64 bytes from 127.0.0.1: icmp_seq=5 ttl=60 time=9.00 ms',
    '',
    '--- 127.0.0.1 ping statistics ---',
    '5 packets transmitted, 3 received, 40% packet loss, time 80ms',
  ];
  const echo = `cat <<'END'\n${three.join('\n')}\nEND\nexit 1`;
  const block = { count: 5, ping_interval: '20ms' };

  test('tell their times, and the first reply fills the old families', async () => {
    const outcome = await runIcmp('127.0.0.1', block, { program: fakePing(echo) });
    expect(outcome.summary).toBe('3 of 5 echo replies from 127.0.0.1, 5ms on average');
    const rtt = (stat: string) => metric(outcome, 'probe_icmp_rtt_seconds', { stat });
    expect([rtt('min'), rtt('avg'), rtt('max')]).toEqual([0.002, 0.005, 0.009]);
    expect(metric(outcome, 'probe_icmp_jitter_seconds')).toBeCloseTo(0.008 / 3, 10);
    expect(metric(outcome, 'probe_icmp_packet_loss_ratio')).toBeCloseTo(0.4, 10);
    expect(metric(outcome, 'probe_icmp_reply_hop_limit')).toBe(63);
    expect(metric(outcome, 'probe_icmp_duration_seconds', { phase: 'rtt' })).toBe(0.002);
  });

  test('are asked for with their number and interval', async () => {
    const program = fakePing('echo "64 bytes from x: icmp_seq=1 ttl=61 time=1.5 ms $*"');
    const outcome = await runIcmp('127.0.0.1', block, { program, timeoutMs: 2500 });
    const line = outcome.detail.find((entry) => entry.includes('bytes from'));
    expect(line).toMatch(/ms -4 -n -c5 -O -i0\.02 -W3 -s28 -t64 -- 127\.0\.0\.1$/);
  });

  test('of which one is still on its way at the deadline are not lost', async () => {
    const first = three.slice(0, 2).join('\n');
    const program = fakePing(`cat <<'END'\n${first}\nEND\nexec sleep 30`);
    const outcome = await runIcmp('127.0.0.1', block, { program, timeoutMs: 300 });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_icmp_packets_sent')).toBe(1);
    expect(metric(outcome, 'probe_icmp_packet_loss_ratio')).toBe(0);
  });

  test('without any reply fail, and are all lost', async () => {
    const end = '3 packets transmitted, 0 received, 100% packet loss, time 41ms';
    const program = fakePing(`echo 'PING x'; echo '${end}'; exit 1`);
    const outcome = await runIcmp('127.0.0.1', { count: 3, max_packet_loss: 1 }, { program });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(metric(outcome, 'probe_icmp_packets_sent')).toBe(3);
    expect(metric(outcome, 'probe_icmp_packets_received')).toBe(0);
    expect(metric(outcome, 'probe_icmp_packet_loss_ratio')).toBe(1);
    expect(metric(outcome, 'probe_icmp_jitter_seconds')).toBeUndefined();
  });

  test('faster than ping allows say nothing about the target', async () => {
    const words = 'ping: cannot flood; minimal interval allowed for user is 200ms';
    const program = fakePing(`echo '${words}' >&2; exit 2`);
    const outcome = await runIcmp('127.0.0.1', block, { program });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(outcome.summary).toContain('ping_interval');
    expect(metric(outcome, 'probe_icmp_packet_loss_ratio')).toBeUndefined();
  });
});

describe('the ping program', () => {
  test('gets the options as arguments, and an address for a name', async () => {
    const program = fakePing('echo "64 bytes from x: icmp_seq=1 ttl=61 time=1.5 ms $*"');
    const block = {
      payload_size: 100,
      ttl: 5,
      dont_fragment: true,
      source_ip_address: '127.0.0.1',
      preferred_ip_protocol: 'ip4' as const,
    };
    const outcome = await runIcmp('localhost', block, { program, timeoutMs: 2500 });
    expect(outcome.summary).toBe('echo reply from localhost (127.0.0.1) in 2ms');
    const line = outcome.detail.find((entry) => entry.includes('bytes from'));
    expect(line).toMatch(/ms -4 -n -c1 -W3 -s100 -t5 -Mdo -I 127\.0\.0\.1 -- 127\.0\.0\.1$/);
    expect(metric(outcome, 'probe_icmp_reply_hop_limit')).toBe(61);
    const rtt = metric(outcome, 'probe_icmp_duration_seconds', { phase: 'rtt' });
    expect(rtt).toBeCloseTo(0.0015, 10);
  });

  test('BB-I02 no reply is a timeout, without a hop limit', async () => {
    const program = fakePing('echo "1 packets transmitted, 0 received, 100% packet loss"; exit 1');
    const outcome = await runIcmp('127.0.0.1', {}, { program });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(familyNames(outcome)).toEqual(families);
    expect(metric(outcome, 'probe_icmp_duration_seconds', { phase: 'rtt' })).toBe(0);
  });

  test('is killed at the deadline', async () => {
    const program = fakePing('exec sleep 30');
    const outcome = await runIcmp('127.0.0.1', {}, { program, timeoutMs: 200 });
    expect(outcome.summary).toBe(
      'no answer within 200ms while waiting for an echo reply from 127.0.0.1',
    );
    expect(outcome.values[0]?.value).toBeLessThan(5);
  });

  test('BB-I03 what a router says is passed on', async () => {
    const program = fakePing('echo "From 192.0.2.9 icmp_seq=1 Time to live exceeded"; exit 1');
    const outcome = await runIcmp('127.0.0.1', {}, { program });
    expect(outcome.reason).toBe('connect');
    expect(outcome.summary).toContain('192.0.2.9 says Time to live exceeded');
  });

  test.each([
    [
      'echo "ping: socktype: SOCK_RAW" >&2; echo "ping: socket: Operation not permitted" >&2; exit 2',
    ],
    ['echo "ping: socket: Permission denied, attempting raw socket..." >&2; exit 2'],
  ])('without permission says nothing about the target: %s', async (lines) => {
    const outcome = await runIcmp('127.0.0.1', {}, { program: fakePing(lines) });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(outcome.summary).toContain('net.ipv4.ping_group_range');
  });

  test('that is not there is unknown, with the way to get it', async () => {
    const outcome = await runIcmp('127.0.0.1', {}, { program: 'no-such-ping' });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'internal' });
    expect(outcome.summary).toContain('apt install iputils-ping');
  });

  test('is not started from something that is no address', async () => {
    const outcome = await runIcmp('127.0.0.1', { source_ip_address: '-h' });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'connect' });
  });

  test('is not started for a name that does not resolve', async () => {
    const outcome = await runIcmp('nothing.invalid', {}, { program: 'no-such-ping' });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'resolve' });
    expect(familyNames(outcome)).toEqual(families);
  });
});

test('a module may say what the probe then finds wrong, or nothing', async () => {
  const lax = v.parse(icmpModuleBlock, { preferred_ip_protocol: 'x', source_ip_address: '' });
  using context = probeContext();
  const program = fakePing('echo "64 bytes from x: icmp_seq=1 ttl=61 time=1.5 ms $*"');
  expect((await probeIcmp('127.0.0.1', lax, context, program)).status).toBe('ok');
  const wrong = v.parse(icmpModuleBlock, { source_ip_address: 'nowhere' });
  const outcome = await probeIcmp('127.0.0.1', wrong, context, program);
  expect(outcome.summary).toBe('source_ip_address nowhere is not an IP address');
});

test('how ping is run is for whoever looks for a fault', async () => {
  using context = probeContext();
  const lines: string[] = [];
  const debug = (line: string) => void lines.push(line);
  await probeIcmp('127.0.0.1', v.parse(icmpBlock, {}), { ...context, debug }, fakePing('exit 1'));
  expect(lines).toEqual([expect.stringMatching(/^running .*ping -4 -n -c1 -W5 -s28 -t64 -- 127/)]);
});

test.each([
  ['BB-C17', { ttl: -1 }],
  ['BB-C18', { ttl: 256 }],
  ['a packet that is too large', { payload_size: 65_508 }],
  ['no packet', { count: 0 }],
  ['more packets than 20', { count: 21 }],
  ['an interval below 10ms', { ping_interval: '5ms' }],
  ['more than all lost', { max_packet_loss: 1.5 }],
])('%s is refused', (_id, block) => {
  expect(v.safeParse(icmpBlock, block).success).toBe(false);
});
