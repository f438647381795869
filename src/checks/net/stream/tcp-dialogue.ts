import type { Socket } from 'node:net';
import { expectLineBytesMax } from '../../../model/limits.ts';
import type { Labels } from '../../../model/labels.ts';
import { secure, type TlsLayer, type TlsPlan } from '../dial.ts';
import type { DialogueStep } from './dialogue-steps.ts';
import { errorMessage, isFailure, onAbort, timedOut, type Failure } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';
import { excerpt } from '../record.ts';
import { readStream, type StreamReader, type StreamStop } from '../stream-reader.ts';
import { expandTemplate } from './template.ts';

/** What a dialogue found out; its parts are set as far as it got. */
export interface Dialogue {
  failure?: Failure;
  /** The stream ended before a line matched. */
  hasRegexFailure: boolean;
  /** As many bytes as expected came, and they differ. */
  hasBytesFailure: boolean;
  /** One label set for each matched step that has labels. */
  readonly labelSets: Labels[];
  /** TLS, from the start or since the last `starttls`. */
  tls?: TlsLayer | undefined;
  /** What to talk over now. */
  socket: Socket;
}

interface Scene {
  readonly dialogue: Dialogue;
  readonly peer: string;
  readonly context: ProbeContext;
  reader: StreamReader;
}

function stopped(scene: Scene, stop: StreamStop, waitingFor: string, last?: string): Failure {
  const { peer, context } = scene;
  const seen = last === undefined ? '' : `, last came ${JSON.stringify(excerpt(last))}`;
  switch (stop) {
    case 'late':
      return timedOut(context, `waiting for ${waitingFor} from ${peer}${seen}`);
    case 'broken':
      return { reason: 'protocol', summary: `${peer} broke off before ${waitingFor} came${seen}` };
    case 'too long':
      return {
        reason: 'protocol',
        summary: `${peer} sent a line of more than ${expectLineBytesMax} bytes, wanted ${waitingFor}`,
      };
    case 'ended':
      return { reason: 'body', summary: `${peer} ended before ${waitingFor} came${seen}` };
    default:
      return stop satisfies never;
  }
}

/** Reads lines until one matches; gives the match. */
async function expectLine(
  scene: Scene,
  pattern: NonNullable<DialogueStep['expect']>,
): Promise<RegExpExecArray | Failure> {
  let last: string | undefined;
  for (;;) {
    const read = await scene.reader.line(expectLineBytesMax);
    if (typeof read === 'string') {
      scene.dialogue.hasRegexFailure = read === 'ended';
      return stopped(scene, read, `a line that matches ${pattern.source}`, last);
    }
    last = read.line;
    scene.context.log(`received: ${excerpt(last)}`);
    const match = pattern.find(last);
    if (match !== undefined) return match;
  }
}

function asBuffer(value: string | Uint8Array): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
}

async function expectBytes(
  scene: Scene,
  wanted: string | Uint8Array,
): Promise<Failure | undefined> {
  const bytes = asBuffer(wanted);
  const read = await scene.reader.bytes(bytes.length);
  if (typeof read === 'string') return stopped(scene, read, `${bytes.length} bytes`);
  if (read.equals(bytes)) return undefined;
  scene.dialogue.hasBytesFailure = true;
  const [got, expected] = [read, bytes].map((part) => part.subarray(0, 32).toString('hex'));
  return { reason: 'body', summary: `${scene.peer} sent the bytes ${got}, wanted ${expected}` };
}

/** Sends with a line feed behind; waits until it is out, since closing would cut it off. */
async function send(scene: Scene, text: string | Uint8Array): Promise<Failure | undefined> {
  const { dialogue, peer, context } = scene;
  const bytes = Buffer.concat([asBuffer(text), Buffer.of(0x0a)]);
  const failure = await new Promise<Failure | undefined>((resolve) => {
    const stop = onAbort(context.signal, () => resolve(timedOut(context, `sending to ${peer}`)));
    dialogue.socket.write(bytes, (error) => {
      stop();
      resolve(
        error instanceof Error
          ? { reason: 'protocol', summary: `cannot send to ${peer}: ${errorMessage(error)}` }
          : undefined,
      );
    });
  });
  context.log(failure?.summary ?? `sent ${bytes.length} bytes`);
  return failure;
}

async function startTls(scene: Scene, plan: TlsPlan | Failure): Promise<Failure | undefined> {
  const { dialogue, peer, context } = scene;
  if (isFailure(plan)) return plan;
  scene.reader.release();
  const tls = await secure(dialogue.socket, plan, peer, context);
  if (isFailure(tls)) return tls;
  dialogue.tls = tls;
  dialogue.socket = tls.secured.socket;
  scene.reader = readStream(dialogue.socket, context.signal);
  return undefined;
}

async function playStep(
  scene: Scene,
  step: DialogueStep,
  plan: TlsPlan | Failure,
): Promise<Failure | undefined> {
  const { expect, expect_bytes: wanted, labels } = step;
  let text = step.send;
  if (expect !== undefined) {
    const match = await expectLine(scene, expect);
    if ('reason' in match) return match;
    if (typeof text === 'string') text = expandTemplate(text, match);
    if (labels.length > 0) {
      scene.dialogue.labelSets.push(
        Object.fromEntries(labels.map(({ name, value }) => [name, expandTemplate(value, match)])),
      );
    }
  } else if (wanted !== undefined) {
    const failure = await expectBytes(scene, wanted);
    if (failure !== undefined) return failure;
  }
  if (text !== undefined && text.length > 0) {
    const failure = await send(scene, text);
    if (failure !== undefined) return failure;
  }
  return step.starttls ? startTls(scene, plan) : undefined;
}

/**
 * Plays the steps of `query_response` over a connection until one fails. The caller closes it. A failure
 * in place of the plan is what a `starttls` comes to.
 */
export async function playDialogue(
  start: { readonly socket: Socket; readonly tls?: TlsLayer },
  steps: readonly DialogueStep[],
  plan: TlsPlan | Failure,
  peer: string,
  context: ProbeContext,
): Promise<Dialogue> {
  const dialogue: Dialogue = {
    ...start,
    hasRegexFailure: false,
    hasBytesFailure: false,
    labelSets: [],
  };
  const scene = { dialogue, peer, context, reader: readStream(start.socket, context.signal) };
  for (const step of steps) {
    const failure = await playStep(scene, step, plan);
    if (failure === undefined) continue;
    dialogue.failure = failure;
    break;
  }
  scene.reader.release();
  return dialogue;
}
