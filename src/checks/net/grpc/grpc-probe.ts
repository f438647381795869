import { humanDuration } from '../../../lib/duration.ts';
import type { MetricFamily, Phase } from '../../../model/result.ts';
import { dial, type Dialled, type TlsLayer } from '../dial.ts';
import { isFailure, type Failure } from '../failure.ts';
import { flagGauge, gauge, phaseFamily } from '../families.ts';
import { callGrpc, type GrpcAnswer } from './grpc-call.ts';
import { healthRequest, servingStatusNumber } from './grpc-message.ts';
import { metadataHeaders } from './grpc-metadata.ts';
import type { GrpcOptions } from './grpc-options.ts';
import { grpcCode } from './grpc-status.ts';
import { describePeer, parseHostPort, type HostPort } from '../host-port.ts';
import type { ProbeContext, ProbeOutcome } from '../probe.ts';
import { startRecord } from '../record.ts';
import { resolutionFamilies, resolveHost, type Address } from '../resolve.ts';
import { tlsSetup } from '../tls/tls-setup.ts';
import { tlsFamilies } from '../tls/tls-facts.ts';

/** The serving states of the health service, by number. */
const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

const healthPath = '/grpc.health.v1.Health/Check';

/** What one health call brought. */
interface Health {
  readonly code: number;
  readonly failure?: Failure;
  /** Only where the call succeeded; a number that has no name stands for itself. */
  readonly servingStatus?: string;
  readonly tls?: TlsLayer | undefined;
}

/** `host[:port]`, with a scheme in front and a path behind tolerated. */
function placeOf(target: string, options: GrpcOptions): HostPort | undefined {
  const host = target.replace(/^https?:\/\//, '').replace(/[/?#].*$/s, '');
  return parseHostPort(host, options.tls ? 443 : 80);
}

/** As grpc-go names the server: over TLS by the name in its certificate, else by host and port. */
function authorityOf({ host, port }: HostPort, options: GrpcOptions): string {
  const { server_name: forced = '' } = options.tls_config ?? {};
  const name = options.tls && forced !== '' ? forced : host;
  const bracketed = name.includes(':') ? `[${name}]` : name;
  return options.tls ? bracketed : `${bracketed}:${port}`;
}

async function dialServer(
  { host, port, address }: HostPort & { readonly address: Address },
  options: GrpcOptions,
  context: ProbeContext,
): Promise<Dialled | Failure> {
  const tls = { config: options.tls_config, name: host, protocols: ['h2'] };
  const dialled = await dial({ host, address, port, ...(options.tls ? { tls } : {}) }, context);
  if (isFailure(dialled) || dialled.tls === undefined) return dialled;
  if (dialled.tls.secured.socket.alpnProtocol === 'h2') return dialled;
  dialled.socket.destroy();
  const peer = describePeer(host, address.ip, port);
  return {
    reason: 'tls',
    summary: `${peer} did not agree on HTTP/2 in the TLS handshake (ALPN), which gRPC needs`,
  };
}

function healthOf(answer: GrpcAnswer, peer: string, service: string): Health {
  if (!Buffer.isBuffer(answer)) return answer;
  const number = servingStatusNumber(answer);
  if (number === undefined) {
    const summary = `${peer} sent a message that is no health answer`;
    return { code: grpcCode.internal, failure: { reason: 'protocol', summary } };
  }
  const servingStatus = servingStatuses[number] ?? String(number);
  if (servingStatus === 'SERVING') return { code: grpcCode.ok, servingStatus };
  const what = service === '' ? 'the server' : `the service ${service}`;
  const summary = `${peer} says that ${what} is ${servingStatus}, wanted SERVING`;
  return { code: grpcCode.ok, servingStatus, failure: { reason: 'status', summary } };
}

/** Connects to the one address that was chosen, and asks the health service. */
async function askHealth(
  place: HostPort & { readonly address: Address },
  options: GrpcOptions,
  context: ProbeContext,
): Promise<Health> {
  const metadata = metadataHeaders(options.metadata);
  if (typeof metadata === 'string') {
    const failure: Failure = { reason: 'header', summary: metadata, unknown: true };
    return { code: grpcCode.internal, failure };
  }
  const dialled = await dialServer(place, options, context);
  if (isFailure(dialled)) {
    const isLate = dialled.reason === 'timeout' && context.signal.aborted;
    return { code: isLate ? grpcCode.deadlineExceeded : grpcCode.unavailable, failure: dialled };
  }
  const peer = describePeer(place.host, place.address.ip, place.port);
  const answer = await callGrpc(
    dialled.socket,
    {
      scheme: options.tls ? 'https' : 'http',
      authority: authorityOf(place, options),
      path: healthPath,
      metadata,
      request: healthRequest(options.service),
      peer,
    },
    context,
  );
  return { ...healthOf(answer, peer, options.service), tls: dialled.tls };
}

/** The families of the prober but those of the resolver step; `health` is absent before the call. */
function grpcFamilies(
  phases: readonly Phase[],
  health: Health | undefined,
  nowMs: number,
): MetricFamily[] {
  const isAnswered = health?.servingStatus !== undefined;
  const { code = 0, servingStatus = '', tls } = health ?? {};
  const shown = servingStatuses.includes(servingStatus) || servingStatus === '';
  const labels = shown ? servingStatuses : [...servingStatuses, servingStatus];
  const secured = isAnswered && tls !== undefined ? tlsFamilies(tls.secured, tls.setup, nowMs) : [];
  return [
    phaseFamily('probe_grpc_duration_seconds', 'Seconds spent in each phase of the call.', phases),
    flagGauge(
      'probe_grpc_ssl',
      'Whether the call succeeded over TLS.',
      isAnswered && tls !== undefined,
    ),
    gauge('probe_grpc_status_code', 'Status code of the health call, as gRPC numbers them.', code),
    ...(health === undefined
      ? []
      : [
          {
            name: 'probe_grpc_healthcheck_response',
            help: 'The serving status that the health service answered: 1 for this one.',
            samples: labels.map((status) => ({
              labels: { serving_status: status },
              value: status === servingStatus ? 1 : 0,
            })),
          },
        ]),
    ...secured.filter(({ name }) => name !== 'probe_ssl_last_chain_expiry_timestamp_seconds'),
  ];
}

/**
 * Asks the health service of a gRPC server. What is exported follows the grpc prober of
 * blackbox_exporter; unlike there the call goes to the address that was chosen, and keeps the deadline.
 */
export async function probeGrpc(
  target: string,
  options: GrpcOptions,
  outer: ProbeContext,
): Promise<ProbeOutcome> {
  const record = startRecord(outer);
  const { context } = record;
  const unresolved = [{ name: 'resolve', ms: 0 }];
  const early = (failure: Failure): ProbeOutcome =>
    record.finish(failure, { families: grpcFamilies(unresolved, undefined, 0), phases: [] });
  const place = placeOf(target, options);
  if (place === undefined) {
    return early({ reason: 'resolve', summary: `the target ${target} is not host or host:port` });
  }
  if (options.tls_config !== undefined) {
    const setup = await tlsSetup(options.tls_config);
    if (isFailure(setup)) return early(setup);
  }
  const resolution = await resolveHost(place.host, options, context);
  const resolve = { name: 'resolve', ms: resolution.lookupMs };
  const common = resolutionFamilies(resolution);
  const { found: address } = resolution;
  if (isFailure(address)) {
    const families = [...common, ...grpcFamilies([resolve], undefined, 0)];
    return record.finish(address, { families, phases: [resolve] });
  }
  const startMs = context.clock.now().steadyMs;
  const health = await askHealth({ ...place, address }, options, context);
  const now = context.clock.now();
  const phases = [resolve, { name: 'check', ms: now.steadyMs - startMs }];
  const families = [...common, ...grpcFamilies(phases, health, now.wallMs)];
  const peer = describePeer(place.host, address.ip, place.port);
  const took = humanDuration(record.elapsedMs());
  return record.finish(health.failure ?? `${peer} is SERVING, told in ${took}`, {
    families,
    phases,
  });
}
