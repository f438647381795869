import { converse } from './converse.ts';
import { secure, type Dialled, type TlsPlan } from '../dial.ts';
import { isFailure, type Failure } from '../failure.ts';
import { withGroup } from '../../service/socket-right.ts';
import type { ProbeContext, ProbeOutcome } from '../probe.ts';
import { startRecord } from '../record.ts';
import { connectUnix } from './unix-connect.ts';
import { lacksServerName, type UnixOptions } from './unix-options.ts';

function planOf(options: UnixOptions): TlsPlan | Failure {
  if (!lacksServerName(options)) return { config: options.tls_config, name: '' };
  return {
    reason: 'tls',
    summary: 'tls_config has no server_name, and a path does not tell who the server is',
    unknown: true,
  };
}

async function dialUnix(
  path: string,
  options: UnixOptions,
  plan: TlsPlan | Failure,
  context: ProbeContext,
): Promise<Dialled | Failure> {
  if (options.tls && isFailure(plan)) return plan;
  const socket = await connectUnix(path, context);
  if (isFailure(socket)) return withGroup(socket, path);
  const connectedAt = context.clock.now().steadyMs;
  if (!options.tls || isFailure(plan)) return { socket, connectedAt };
  const tls = await secure(socket, plan, path, context);
  return isFailure(tls) ? tls : { socket: tls.secured.socket, tls, connectedAt };
}

/**
 * Connects to the Unix stream socket at a path, with TLS if wanted, and plays a dialogue. What is exported
 * follows the unix prober of blackbox_exporter.
 */
export async function probeUnix(
  target: string,
  options: UnixOptions,
  outer: ProbeContext,
): Promise<ProbeOutcome> {
  const record = startRecord(outer);
  const { context } = record;
  const plan = planOf(options);
  const startMs = context.clock.now().steadyMs;
  const dialled = await dialUnix(target, options, plan, context);
  if (isFailure(dialled)) return record.finish(dialled, { families: [], phases: [] });
  const steps = options.query_response;
  return converse({
    record,
    dialled,
    startMs,
    peer: target,
    steps,
    plan,
    families: [],
    phases: [],
  });
}
