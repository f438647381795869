import type { Socket } from 'node:net';
import { humanDuration } from '../../../lib/duration.ts';
import type { MetricFamily, Phase } from '../../../model/result.ts';
import { connect } from '../connect.ts';
import { secure } from '../dial.ts';
import { isFailure, type Failure } from '../failure.ts';
import { flagGauge, gauge, phaseFamily } from '../families.ts';
import { describePeer } from '../host-port.ts';
import { hostOf, isSecure, portOf, shownUrl } from '../../../lib/http-url.ts';
import type { ProbeContext, ProbeOutcome } from '../probe.ts';
import { startRecord } from '../record.ts';
import { resolutionFamilies, resolveHost, type Address } from '../resolve.ts';
import { tlsSetup } from '../tls/tls-setup.ts';
import { upgrade } from './websocket-connection.ts';
import { playSteps } from './websocket-dialogue.ts';
import { upgradeHeaders } from './websocket-headers.ts';
import type { WebsocketOptions } from './websocket-options.ts';

/** What a probe found out, as far as it got. */
interface Findings {
  status: number;
  isUpgraded: boolean;
  hasDialogueFailed: boolean;
  readonly phases: Phase[];
}

function websocketFamilies(findings: Findings): MetricFamily[] {
  const { phases } = findings;
  return [
    gauge('probe_websocket_status_code', 'Status of the answer to the upgrade.', findings.status),
    flagGauge(
      'probe_websocket_connection_upgraded',
      'Whether the connection became a websocket.',
      findings.isUpgraded,
    ),
    flagGauge(
      'probe_websocket_failed_due_to_regex',
      'Whether a step of the dialogue failed.',
      findings.hasDialogueFailed,
    ),
    ...(phases.length === 0
      ? []
      : [
          phaseFamily(
            'probe_websocket_duration_seconds',
            'Seconds spent in each phase of the probe.',
            phases,
          ),
        ]),
  ];
}

/** Connects, with TLS for `wss`. The TCP connection is a phase even where TLS fails on it. */
async function connectTo(
  url: URL,
  address: Address,
  options: WebsocketOptions,
  phases: Phase[],
  context: ProbeContext,
): Promise<Socket | Failure> {
  const host = hostOf(url);
  const port = portOf(url);
  const startMs = context.clock.now().steadyMs;
  const socket = await connect({ host, address, port }, context);
  if (isFailure(socket)) return socket;
  phases.push({ name: 'connect', ms: context.clock.now().steadyMs - startMs });
  if (!isSecure(url)) return socket;
  const plan = { config: options.http_config?.tls_config, name: host, protocols: ['http/1.1'] };
  const tls = await secure(socket, plan, describePeer(host, address.ip, port), context);
  return isFailure(tls) ? tls : tls.secured.socket;
}

/** Connects, upgrades and plays the dialogue; fills in what it finds on the way. */
async function talk(
  url: URL,
  address: Address,
  options: WebsocketOptions,
  findings: Findings,
  context: ProbeContext,
): Promise<Failure | undefined> {
  const headers = await upgradeHeaders(options, url, context);
  if (isFailure(headers)) return headers;
  const now = (): number => context.clock.now().steadyMs;
  const { phases } = findings;
  const startMs = now();
  const processed = (): void => {
    const connectMs = phases.find(({ name }) => name === 'connect')?.ms ?? 0;
    phases.push({ name: 'processing', ms: Math.max(0, now() - startMs - connectMs) });
  };
  const socket = await connectTo(url, address, options, phases, context);
  if (isFailure(socket)) {
    processed();
    return socket;
  }
  try {
    const peer = describePeer(hostOf(url), address.ip, portOf(url));
    const { status, result } = await upgrade(socket, { url, headers, peer }, context);
    processed();
    findings.status = status;
    if (isFailure(result)) return result;
    findings.isUpgraded = true;
    context.log(`upgraded to a websocket`);
    const steps = options.query_response;
    if (steps.length === 0) return undefined;
    const talkMs = now();
    const failure = await playSteps(result, steps, peer, context);
    findings.hasDialogueFailed = failure !== undefined;
    phases.push({ name: 'transfer', ms: now() - talkMs });
    return failure;
  } finally {
    socket.destroy();
  }
}

/** A URL as it is asked for: without user and password, which go into a header, and without fragment. */
function requestUrl(target: string): URL | undefined {
  const url = URL.parse(target) ?? undefined;
  if (url !== undefined) url.hash = '';
  return url;
}

/**
 * Upgrades a connection to `ws://` or `wss://` and plays a dialogue of messages. What is exported follows
 * the websocket prober of blackbox_exporter; unlike there, reading keeps the deadline.
 */
export async function probeWebsocket(
  target: string,
  options: WebsocketOptions,
  outer: ProbeContext,
): Promise<ProbeOutcome> {
  const record = startRecord(outer);
  const { context } = record;
  const url = requestUrl(target);
  if (url === undefined) {
    const verdict: Failure = { reason: 'resolve', summary: 'the target is no ws or wss URL' };
    return record.finish(verdict, { families: [], phases: [] });
  }
  const findings: Findings = {
    status: 0,
    isUpgraded: false,
    hasDialogueFailed: false,
    phases: [],
  };
  const finish = (verdict: Failure | string, common: readonly MetricFamily[] = []): ProbeOutcome =>
    record.finish(verdict, {
      families: [...common, ...websocketFamilies(findings)],
      phases: findings.phases,
    });
  if (!/^wss?:$/.test(url.protocol)) {
    return finish({ reason: 'resolve', summary: 'the target is no ws or wss URL' });
  }
  const config = options.http_config?.tls_config;
  const setup = config === undefined ? {} : await tlsSetup(config);
  if (isFailure(setup)) return finish(setup);
  const resolution = await resolveHost(hostOf(url), options, context);
  const common = resolutionFamilies(resolution);
  const { found: address } = resolution;
  if (isFailure(address)) return finish(address, common);
  findings.phases.push({ name: 'resolve', ms: resolution.lookupMs });
  const failure = await talk(url, address, options, findings, context);
  const took = humanDuration(record.elapsedMs());
  const passed = options.query_response.length === 0 ? '' : ', all steps of the dialogue passed';
  return finish(failure ?? `${shownUrl(url)} upgraded in ${took}${passed}`, common);
}
