import { converse } from './converse.ts';
import { dial, type TlsPlan } from '../dial.ts';
import { isFailure, type Failure } from '../failure.ts';
import { describePeer, parseHostPort } from '../host-port.ts';
import type { ProbeContext, ProbeOutcome } from '../probe.ts';
import { startRecord } from '../record.ts';
import { resolutionFamilies, resolveHost } from '../resolve.ts';
import type { TcpOptions } from './tcp-options.ts';

/**
 * Connects to `host:port`, with TLS if wanted, and plays a dialogue. What is exported follows the tcp
 * prober of blackbox_exporter.
 */
export async function probeTcp(
  target: string,
  options: TcpOptions,
  outer: ProbeContext,
): Promise<ProbeOutcome> {
  const record = startRecord(outer);
  const { context } = record;
  const place = parseHostPort(target);
  if (place === undefined) {
    const verdict: Failure = {
      reason: 'resolve',
      summary: `the target ${target} is not host:port`,
    };
    return record.finish(verdict, { families: [], phases: [] });
  }
  const { host, port } = place;
  const resolution = await resolveHost(host, options, context);
  const phases = [{ name: 'resolve', ms: resolution.lookupMs }];
  const families = resolutionFamilies(resolution);
  const address = resolution.found;
  if (isFailure(address)) return record.finish(address, { families, phases });
  const plan: TlsPlan = { config: options.tls_config, name: host };
  const startMs = context.clock.now().steadyMs;
  const dialled = await dial(
    {
      host,
      address,
      port,
      source: options.source_ip_address,
      ...(options.tls ? { tls: plan } : {}),
    },
    context,
  );
  if (isFailure(dialled)) return record.finish(dialled, { families, phases });
  const peer = describePeer(host, address.ip, port);
  const steps = options.query_response;
  return converse({ record, dialled, startMs, peer, steps, plan, families, phases });
}
