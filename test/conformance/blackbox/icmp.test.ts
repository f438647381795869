import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { createPingNetwork } from '../../support/ping-network.ts';
import { contest, type ProbeCase, type Served } from './kit/contest.ts';

const ip4 = { preferred_ip_protocol: 'ip4' };
const rtt = 'probe_icmp_duration_seconds{phase="rtt"}';
const phases = ['resolve', 'rtt', 'setup'].map((phase) => `{phase="${phase}"}`);
const families = [
  'probe_dns_lookup_time_seconds',
  'probe_ip_addr_hash',
  'probe_ip_protocol',
  'probe_icmp_duration_seconds',
];
const hopLimit = 'probe_icmp_reply_hop_limit';

const here: readonly ProbeCase[] = [
  {
    title: 'BB-I01 an address of this host answers',
    module: { prober: 'icmp', timeout: '8s', icmp: ip4 },
    target: 'localhost',
    expect: {
      success: 1,
      metrics: { probe_ip_protocol: 4, [hopLimit]: 64 },
      families: [...families, hopLimit],
    },
    judge: (page) => {
      const samples = page.families.get('probe_icmp_duration_seconds')?.samples;
      expect([...(samples?.keys() ?? [])]).toEqual(phases);
      expect(samples?.get('{phase="rtt"}')).toBeGreaterThan(0);
    },
  },
  {
    title: 'BB-I04 a payload of a thousand bytes comes back',
    module: { prober: 'icmp', timeout: '8s', icmp: { ...ip4, payload_size: 1000 } },
    target: '127.0.0.1',
    expect: { success: 1, metrics: { probe_ip_protocol: 4 } },
  },
];

contest({ here });

const network = createPingNetwork();
if (typeof network === 'string')
  process.stderr.write(`what needs another host is not tested: ${network}\n`);
else afterAll(() => network[Symbol.dispose]());

const wire = typeof network === 'string' ? undefined : network;

/** Has whoever looks for `ping` find the one that runs on the near host, which must not find itself. */
const directory = mkdtempSync(join(tmpdir(), 'tocsin-near-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const path = process.env['PATH'] ?? '';
const script = `#!/bin/sh\nPATH='${path}' exec '${wire?.ping ?? ''}' "$@"\n`;
writeFileSync(join(directory, 'ping'), script, { mode: 0o755 });

/** Has the far host answer as a piece of Python says while it is probed. */
function answering(python: string): () => Promise<Served> {
  return async () => {
    const child = await wire?.answerWith(python);
    return {
      target: wire?.far ?? '',
      async [Symbol.asyncDispose]() {
        if (child === undefined) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  };
}

const beyond = 'its requests do not come from the host that has the wire';
const noReply: ProbeCase['expect'] = { success: 0, metrics: { [rtt]: 0 }, absent: [hopLimit] };

const overWire: readonly ProbeCase[] = [
  {
    title: 'BB-I02 without a reply it fails at the deadline',
    module: { prober: 'icmp', timeout: '600ms', icmp: ip4 },
    server: answering('[]'),
    expect: { ...noReply, families },
    judge: ({ families: shown }) => {
      const took = shown.get('probe_duration_seconds')?.samples.get('');
      expect(took).toBeGreaterThan(0.4);
      expect(took).toBeLessThan(2);
    },
    beyond,
  },
  {
    title: 'BB-I03 one hop does not lead to a host behind another',
    module: { prober: 'icmp', timeout: '1s', icmp: { ...ip4, ttl: 1 } },
    target: wire?.beyond ?? '',
    expect: noReply,
    beyond,
  },
  {
    title: 'BB-I05 a reply with another number is ignored',
    module: { prober: 'icmp', timeout: '600ms', icmp: ip4 },
    server: answering('[reply(id, number + 1, data)]'),
    expect: noReply,
    beyond,
  },
  {
    title: 'BB-I05 a reply to somebody else is ignored',
    module: { prober: 'icmp', timeout: '600ms', icmp: ip4 },
    server: answering('[reply(id ^ 1, number, data)]'),
    expect: noReply,
    beyond,
  },
  {
    title: 'BB-I05 the right reply after wrong ones is taken',
    module: { prober: 'icmp', timeout: '8s', icmp: ip4 },
    server: answering('[reply(id ^ 1, number, data), reply(id, number, data)]'),
    expect: { success: 1 },
    beyond,
  },
];

describe.skipIf(wire === undefined)('over a wire', () => {
  contest(
    { overWire },
    {
      env: { PATH: `${directory}:${path}` },
      config: { server: { probe: { allow: ['198.51.100.0/24', '203.0.113.0/24'] } } },
    },
  );
});
