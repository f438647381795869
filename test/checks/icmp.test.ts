import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { icmpBlock } from '../../src/checks/net/icmp-options.ts';
import { probeIcmp } from '../../src/checks/net/icmp-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
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
  });

  test('BB-I04 a large payload comes back, and one too small for a time stamp', async () => {
    expect((await runIcmp('127.0.0.1', { payload_size: 1000 })).status).toBe('ok');
    const small = await runIcmp('127.0.0.1', { payload_size: 1 });
    expect(small.status).toBe('ok');
    expect(metric(small, 'probe_icmp_duration_seconds', { phase: 'rtt' })).toBeGreaterThan(0);
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

test.each([
  ['BB-C17', { ttl: -1 }],
  ['BB-C18', { ttl: 256 }],
  ['a packet that is too large', { payload_size: 65_508 }],
])('%s is refused', (_id, block) => {
  expect(v.safeParse(icmpBlock, block).success).toBe(false);
});
