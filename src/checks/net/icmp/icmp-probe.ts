import { humanDuration } from '../../../lib/duration.ts';
import type { MetricFamily, Phase } from '../../../model/result.ts';
import { isFailure, type Failure } from '../failure.ts';
import { gauge, phaseFamily } from '../families.ts';
import type { IcmpOptions } from './icmp-options.ts';
import { ping, type Pings } from './ping.ts';
import type { ProbeContext, ProbeOutcome } from '../probe.ts';
import { startRecord } from '../record.ts';
import { resolutionFamilies, resolveHost } from '../resolve.ts';

function icmpFamilies(phases: readonly Phase[], pings: Pings | undefined): MetricFamily[] {
  const duration = phaseFamily(
    'probe_icmp_duration_seconds',
    'Seconds spent in each phase of the echo request.',
    phases,
  );
  const hopLimit = pings?.pongs[0]?.hopLimit;
  if (hopLimit === undefined) return [duration];
  return [
    duration,
    gauge('probe_icmp_reply_hop_limit', 'TTL or hop limit with which the reply arrived.', hopLimit),
  ];
}

/** The share of packets that were lost, 0 to 1. */
function lossOf({ pongs, sent }: Pings): number {
  return 1 - pongs.length / sent;
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

interface RoundTrips {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly jitter: number;
}

/** In milliseconds; the jitter is the mean deviation from the average. */
function roundTrips({ pongs }: Pings): RoundTrips {
  const times = pongs.map((pong) => pong.roundTripMs);
  const avg = meanOf(times);
  const jitter = meanOf(times.map((time) => Math.abs(time - avg)));
  return { min: Math.min(...times), avg, max: Math.max(...times), jitter };
}

/** What several packets tell beyond one, which blackbox_exporter does not have. */
function packetFamilies(pings: Pings, count: number): MetricFamily[] {
  if (pings.sent === 0) return [];
  const loss = gauge(
    'probe_icmp_packet_loss_ratio',
    'Share of the echo requests without a reply, 0 to 1.',
    lossOf(pings),
  );
  if (count === 1) return [loss];
  const counts = [
    gauge('probe_icmp_packets_sent', 'Echo requests sent.', pings.sent),
    gauge('probe_icmp_packets_received', 'Echo requests that got a reply.', pings.pongs.length),
    loss,
  ];
  if (pings.pongs.length === 0) return counts;
  const { jitter, ...stats } = roundTrips(pings);
  return [
    ...counts,
    {
      name: 'probe_icmp_rtt_seconds',
      help: 'The shortest, average and longest time between request and reply.',
      samples: Object.entries(stats).map(([stat, ms]) => ({ labels: { stat }, value: ms / 1000 })),
    },
    gauge(
      'probe_icmp_jitter_seconds',
      'Mean deviation of the times between request and reply from their average.',
      jitter / 1000,
    ),
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10}%`;
}

/** Too much loss, or the sentence of success. */
function judge(pings: Pings, name: string, options: IcmpOptions): Failure | string {
  const { pongs, sent, failure } = pings;
  if (failure !== undefined) return failure;
  const { max_packet_loss: most = 1, count } = options;
  const loss = lossOf(pings);
  if (loss > most) {
    const lost = `${sent - pongs.length} of ${sent} echo requests to ${name} got no reply`;
    const summary = `${lost}: ${percent(loss)} loss, wanted at most ${percent(most)}`;
    return { reason: 'threshold', summary };
  }
  const took = humanDuration(roundTrips(pings).avg);
  return count === 1
    ? `echo reply from ${name} in ${took}`
    : `${pongs.length} of ${sent} echo replies from ${name}, ${took} on average`;
}

/**
 * Sends echo requests to a host: one, unless `count` says more. What is exported follows the icmp prober
 * of blackbox_exporter, where the first reply is the one that counts; `setup` is what starting `ping`
 * took. `program` is the ping to run.
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
  const pings = await ping(address, options, context, program);
  const elapsedMs = context.clock.now().steadyMs - startMs;
  const [first] = pings.pongs;
  const roundTripMs = first?.roundTripMs ?? 0;
  const setupMs = options.count === 1 ? Math.max(0, elapsedMs - roundTripMs) : pings.setupMs;
  const phases = phasesOf(lookupMs, setupMs, roundTripMs);
  const name = host === address.ip ? host : `${host} (${address.ip})`;
  return record.finish(judge(pings, name, options), {
    families: [...common, ...icmpFamilies(phases, pings), ...packetFamilies(pings, options.count)],
    phases,
    values:
      first === undefined
        ? []
        : [{ metric: 'round_trip_time', value: roundTripMs / 1000, unit: 's' }],
  });
}
