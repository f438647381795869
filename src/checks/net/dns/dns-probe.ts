import { counted } from '../../../model/counted.ts';
import { humanDuration } from '../../../lib/duration.ts';
import type { MetricFamily, Phase } from '../../../model/result.ts';
import { exchangeDns } from './dns-exchange.ts';
import { judgeAnswer } from './dns-judge.ts';
import {
  decodeAnswer,
  encodeQuery,
  questionFault,
  responseCodeOf,
  type DnsAnswer,
} from './dns-message.ts';
import type { DnsOptions } from './dns-options.ts';
import { isFailure, type Failure } from '../failure.ts';
import { flagGauge, gauge, phaseFamily } from '../families.ts';
import { describePeer, parseHostPort, type HostPort } from '../host-port.ts';
import type { ProbeContext, ProbeOutcome } from '../probe.ts';
import { startRecord } from '../record.ts';
import { resolutionFamilies, resolveHost, type Address } from '../resolve.ts';

/** The serial of the zone, if the probe asked for it; of several records the last one counts. */
function serialFamily(answer: DnsAnswer, options: DnsOptions): MetricFamily[] {
  if (options.query_type !== 'SOA') return [];
  const record = answer.answers.findLast((entry) => entry.serial !== undefined);
  const serial = record?.serial ?? 0;
  return [gauge('probe_dns_serial', 'Serial of the SOA record in the answer.', serial)];
}

function dnsFamilies(
  answer: DnsAnswer | undefined,
  phases: readonly Phase[],
  options: DnsOptions,
): MetricFamily[] {
  const count = (section: string, records: readonly unknown[] = []): MetricFamily =>
    gauge(
      `probe_dns_${section}_rrs`,
      `Records in the ${section} section of the answer.`,
      records.length,
    );
  return [
    phaseFamily('probe_dns_duration_seconds', 'Seconds spent in each phase of the query.', phases),
    count('answer', answer?.answers),
    count('authority', answer?.authorities),
    count('additional', answer?.additionals),
    flagGauge(
      'probe_dns_query_succeeded',
      'Whether an answer came, whatever it says.',
      answer !== undefined,
    ),
    ...(answer === undefined ? [] : serialFamily(answer, options)),
  ];
}

/** Where to ask, or what forbids it before anything is looked up. */
function placeOf(target: string, options: DnsOptions): HostPort | Failure {
  const { transport_protocol: transport, dns_over_tls: isOverTls } = options;
  if (!['udp', 'tcp', ''].includes(transport)) {
    const summary = `the transport_protocol is ${transport}, wanted udp or tcp`;
    return { reason: 'protocol', summary, unknown: true };
  }
  const place = parseHostPort(target, isOverTls ? 853 : 53);
  const summary = `the target ${target} is not host or host:port`;
  return place ?? { reason: 'resolve', summary };
}

function overTlsFault(options: DnsOptions): Failure | undefined {
  if (!options.dns_over_tls || options.transport_protocol === 'tcp') return undefined;
  const summary = 'dns_over_tls goes over tcp, and transport_protocol is another';
  return { reason: 'protocol', summary, unknown: true };
}

interface Asked {
  readonly result: DnsAnswer | Failure;
  readonly connectMs: number;
  readonly requestMs: number;
}

async function ask(
  server: HostPort & { readonly address: Address },
  options: DnsOptions,
  context: ProbeContext,
): Promise<Asked> {
  const query = overTlsFault(options) ?? encodeQuery(options);
  if (isFailure(query)) return { result: query, connectMs: 0, requestMs: 0 };
  const { packet, connectMs, requestMs } = await exchangeDns(query, server, options, context);
  const peer = describePeer(server.host, server.address.ip, server.port);
  const result = isFailure(packet) ? packet : decodeAnswer(packet, peer);
  return { result, connectMs, requestMs };
}

function logAnswer(answer: DnsAnswer, context: ProbeContext): void {
  const cut = answer.isTruncated ? ', cut off since it did not fit' : '';
  context.log(`answered ${responseCodeOf(answer)}${cut}`);
  for (const record of answer.answers) context.log(record.text.replaceAll(/\s/g, ' '));
  for (const section of ['authorities', 'additionals'] as const) {
    for (const record of answer[section]) {
      context.debug?.(`${section}: ${record.text.replaceAll(/\s/g, ' ')}`);
    }
  }
}

function success(answer: DnsAnswer, { query_name: name, query_type: type }: DnsOptions): string {
  const count = answer.answers.length;
  const records = `${counted(count, 'record')} for ${name} ${type}`;
  return `${responseCodeOf(answer)}, ${records}`;
}

/**
 * Asks the resolver `host[:port]` one question and judges the answer. What is exported follows the dns
 * prober of blackbox_exporter.
 */
export async function probeDns(
  target: string,
  options: DnsOptions,
  outer: ProbeContext,
): Promise<ProbeOutcome> {
  const record = startRecord(outer);
  const { context } = record;
  const phasesOf = (resolve: number, connect = 0, request = 0): Phase[] =>
    Object.entries({ resolve, connect, request }).map(([name, ms]) => ({ name, ms }));
  const place = questionFault(options) ?? placeOf(target, options);
  if (isFailure(place)) {
    const phases = phasesOf(0);
    return record.finish(place, { families: dnsFamilies(undefined, phases, options), phases });
  }
  const resolution = await resolveHost(place.host, options, context);
  const common = resolutionFamilies(resolution);
  const { found: address, lookupMs } = resolution;
  if (isFailure(address)) {
    const phases = phasesOf(lookupMs);
    const families = [...common, ...dnsFamilies(undefined, phases, options)];
    return record.finish(address, { families, phases });
  }
  const server = { ...place, address };
  const { result, connectMs, requestMs } = await ask(server, options, context);
  const answer = isFailure(result) ? undefined : result;
  const peer = describePeer(place.host, address.ip, place.port);
  if (answer !== undefined) logAnswer(answer, context);
  const failure = isFailure(result) ? result : judgeAnswer(result, peer, options);
  const phases = phasesOf(lookupMs, connectMs, requestMs);
  const families = [...common, ...dnsFamilies(answer, phases, options)];
  const took = humanDuration(record.elapsedMs());
  const passed = answer === undefined ? '' : `${success(answer, options)} from ${peer} in ${took}`;
  return record.finish(failure ?? passed, { families, phases });
}
