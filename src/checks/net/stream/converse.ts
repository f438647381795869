import { humanDuration } from '../../../lib/duration.ts';
import type { Labels } from '../../../model/labels.ts';
import type { MetricFamily, Phase } from '../../../model/result.ts';
import type { SteadyMs } from '../../../model/time.ts';
import type { Dialled, TlsPlan } from '../dial.ts';
import type { DialogueStep } from './dialogue-steps.ts';
import type { Failure } from '../failure.ts';
import { flagGauge } from '../families.ts';
import type { ProbeOutcome } from '../probe.ts';
import type { ProbeRecord } from '../record.ts';
import { playDialogue, type Dialogue } from './tcp-dialogue.ts';
import { tlsFamilies } from '../tls/tls-facts.ts';

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

/** A connection that stands, and what is to be said over it. */
interface Conversation {
  readonly record: ProbeRecord;
  readonly dialled: Dialled;
  /** When connecting began. */
  readonly startMs: SteadyMs;
  /** How sentences name the peer. */
  readonly peer: string;
  readonly steps: readonly DialogueStep[];
  /** What a `starttls` does, or why it cannot. */
  readonly plan: TlsPlan | Failure;
  /** What the probe found before it connected. */
  readonly families: readonly MetricFamily[];
  readonly phases: readonly Phase[];
}

/** What the tcp and unix probers do once connected: plays the dialogue, closes, and tells the outcome. */
export async function converse(conversation: Conversation): Promise<ProbeOutcome> {
  const { record, dialled, startMs, peer, steps, plan } = conversation;
  const { context } = record;
  const phases = [...conversation.phases, { name: 'connect', ms: dialled.connectedAt - startMs }];
  const readyMs = context.clock.now().steadyMs;
  if (dialled.tls !== undefined) phases.push({ name: 'tls', ms: readyMs - dialled.connectedAt });
  const dialogue = await playDialogue(dialled, steps, plan, peer, context);
  dialogue.socket.destroy();
  const now = context.clock.now();
  if (steps.length > 0) phases.push({ name: 'dialogue', ms: now.steadyMs - readyMs });
  const took = humanDuration(record.elapsedMs());
  const passed = steps.length === 0 ? '' : `, all steps of the dialogue passed`;
  return record.finish(dialogue.failure ?? `connected to ${peer} in ${took}${passed}`, {
    families: [...conversation.families, ...dialogueFamilies(dialogue, now.wallMs)],
    phases,
  });
}
