import { humanDuration } from '../../lib/duration.ts';
import type { Labels } from '../../model/labels.ts';
import type { MetricFamily, Phase } from '../../model/result.ts';
import { dial, type TlsPlan } from './dial.ts';
import { isFailure, type Failure } from './failure.ts';
import { flagGauge } from './families.ts';
import { describePeer, parseHostPort } from './host-port.ts';
import type { ProbeContext, ProbeOutcome } from './probe.ts';
import { startRecord } from './record.ts';
import { resolutionFamilies, resolveHost } from './resolve.ts';
import { playDialogue, type Dialogue } from './tcp-dialogue.ts';
import type { TcpOptions } from './tcp-options.ts';
import { certificateDaysLeft, tlsFamilies } from './tls-facts.ts';

/** The label sets of all matched steps; two steps that say the same are one sample. */
function expectInfo(labelSets: readonly Labels[]): MetricFamily[] {
  if (labelSets.length === 0) return [];
  const distinct = new Map(labelSets.map((labels) => [JSON.stringify(labels), labels]));
  return [
    {
      name: 'probe_expect_info',
      help: 'What the matched lines of the dialogue held, as labels.',
      samples: [...distinct.values()].map((labels) => ({ labels, value: 1 })),
    },
  ];
}

function dialogueFamilies(dialogue: Dialogue, nowMs: number): MetricFamily[] {
  const { tls } = dialogue;
  return [
    flagGauge(
      'probe_failed_due_to_regex',
      'Whether the stream ended before a line matched what was expected.',
      dialogue.hasRegexFailure,
    ),
    flagGauge(
      'probe_failed_due_to_bytes',
      'Whether other bytes came than were expected.',
      dialogue.hasBytesFailure,
    ),
    ...expectInfo(dialogue.labelSets),
    ...(tls === undefined ? [] : tlsFamilies(tls.secured, tls.setup, nowMs)),
  ];
}

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
  const phases: Phase[] = [{ name: 'resolve', ms: resolution.lookupMs }];
  const common = resolutionFamilies(resolution);
  const address = resolution.found;
  if (isFailure(address)) return record.finish(address, { families: common, phases });
  const tls: TlsPlan = { config: options.tls_config, name: host };
  const startMs = context.clock.now().steadyMs;
  const dialled = await dial(
    {
      host,
      address,
      port,
      source: options.source_ip_address,
      ...(options.tls ? { tls } : {}),
    },
    context,
  );
  if (isFailure(dialled)) return record.finish(dialled, { families: common, phases });
  phases.push({ name: 'connect', ms: dialled.connectedAt - startMs });
  const readyMs = context.clock.now().steadyMs;
  if (options.tls) phases.push({ name: 'tls', ms: readyMs - dialled.connectedAt });
  const peer = describePeer(host, address.ip, port);
  const steps = options.query_response;
  const dialogue = await playDialogue(dialled, steps, tls, peer, context);
  dialogue.socket.destroy();
  const now = context.clock.now();
  if (steps.length > 0) phases.push({ name: 'dialogue', ms: now.steadyMs - readyMs });
  const took = humanDuration(record.elapsedMs());
  const passed = steps.length === 0 ? '' : `, all steps of the dialogue passed`;
  return record.finish(dialogue.failure ?? `connected to ${peer} in ${took}${passed}`, {
    families: [...common, ...dialogueFamilies(dialogue, now.wallMs)],
    phases,
    values: dialogue.tls === undefined ? [] : certificateDaysLeft(dialogue.tls.secured, now.wallMs),
  });
}
