import * as v from 'valibot';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { tcpBlock } from '../../src/checks/net/stream/tcp-options.ts';
import { probeTcp } from '../../src/checks/net/stream/tcp-probe.ts';
import { probeContext } from './probe-context.ts';

/** What every tcp probe exports that got a connection. */
export const addressFamilies = [
  'probe_dns_lookup_time_seconds',
  'probe_ip_addr_hash',
  'probe_ip_protocol',
];
export const dialogueFamilies = ['probe_failed_due_to_bytes', 'probe_failed_due_to_regex'];

/** Runs a tcp probe with a block as a user writes it. */
export async function runTcp(
  target: string,
  block: v.InferInput<typeof tcpBlock> = {},
  timeoutMs?: number,
): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  return await probeTcp(target, v.parse(tcpBlock, block), context);
}
