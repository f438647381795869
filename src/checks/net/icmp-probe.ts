import { humanDuration } from '../../lib/duration.ts';
import type { MetricFamily, Phase } from '../../model/result.ts';
import { isFailure } from './failure.ts';
import { gauge, phaseFamily } from './families.ts';
import type { IcmpOptions } from './icmp-options.ts';
import { ping, type Pong } from './ping.ts';
import type { ProbeContext, ProbeOutcome } from './probe.ts';
import { startRecord } from './record.ts';
import { resolutionFamilies, resolveHost } from './resolve.ts';

function icmpFamilies(phases: readonly Phase[], pong: Pong | undefined): MetricFamily[] {
  const duration = phaseFamily(
    'probe_icmp_duration_seconds',
    'Seconds spent in each phase of the echo request.',
    phases,
  );
  if (pong?.hopLimit === undefined) return [duration];
  return [
    duration,
    gauge(
      'probe_icmp_reply_hop_limit',
      'TTL or hop limit with which the reply arrived.',
      pong.hopLimit,
    ),
  ];
}

/**
 * Sends one echo request to a host. What is exported follows the icmp prober of blackbox_exporter; `setup`
 * is what starting `ping` took. `program` is the ping to run.
 */
export async function probeIcmp(
  target: string,
  options: IcmpOptions,
  outer: ProbeContext,
  program?: string,
): Promise<ProbeOutcome> {
  const record = startRecord(outer);
  const { context } = record;
  const phasesOf = (resolve: number, setup = 0, rtt = 0): Phase[] =>
    Object.entries({ resolve, setup, rtt }).map(([name, ms]) => ({ name, ms }));
  const host = target.replace(/^\[(.+)\]$/, '$1');
  const resolution = await resolveHost(host, options, context);
  const common = resolutionFamilies(resolution);
  const { found: address, lookupMs } = resolution;
  if (isFailure(address)) {
    const phases = phasesOf(lookupMs);
    return record.finish(address, {
      families: [...common, ...icmpFamilies(phases, undefined)],
      phases,
    });
  }
  const startMs = context.clock.now().steadyMs;
  const pong = await ping(address, options, context, program);
  const elapsedMs = context.clock.now().steadyMs - startMs;
  if (isFailure(pong)) {
    const phases = phasesOf(lookupMs, elapsedMs);
    return record.finish(pong, {
      families: [...common, ...icmpFamilies(phases, undefined)],
      phases,
    });
  }
  const { roundTripMs } = pong;
  const phases = phasesOf(lookupMs, Math.max(0, elapsedMs - roundTripMs), roundTripMs);
  const name = host === address.ip ? host : `${host} (${address.ip})`;
  return record.finish(`echo reply from ${name} in ${humanDuration(roundTripMs)}`, {
    families: [...common, ...icmpFamilies(phases, pong)],
    phases,
    values: [{ metric: 'round_trip_time', value: roundTripMs / 1000, unit: 's' }],
  });
}
