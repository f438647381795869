import { isFailure, type Failure } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';
import { excerpt } from '../record.ts';
import { expandTemplate } from '../stream/template.ts';
import type { WebsocketConnection } from './websocket-connection.ts';
import type { WebsocketStep } from './websocket-options.ts';

async function playStep(
  connection: WebsocketConnection,
  { expect, send }: WebsocketStep,
  peer: string,
  context: ProbeContext,
): Promise<Failure | undefined> {
  let text = send;
  if (expect !== undefined) {
    const received = await connection.receive();
    if (isFailure(received)) return received;
    const shown = excerpt(received.text);
    context.log(`received: ${shown}`);
    const match = expect.find(received.text);
    if (match === undefined) {
      const summary = `${peer} sent ${JSON.stringify(shown)}, wanted a match of ${expect.source}`;
      return { reason: 'body', summary };
    }
    if (typeof text === 'string') text = expandTemplate(text, match);
  }
  if (text === undefined || text.length === 0) return undefined;
  const failure = await connection.send(text);
  context.log(failure?.summary ?? `sent a message of ${text.length} characters`);
  return failure;
}

/** Plays the steps until one fails; each `expect` is about the next message. */
export async function playSteps(
  connection: WebsocketConnection,
  steps: readonly WebsocketStep[],
  peer: string,
  context: ProbeContext,
): Promise<Failure | undefined> {
  for (const step of steps) {
    const failure = await playStep(connection, step, peer, context);
    if (failure !== undefined) return failure;
  }
  return undefined;
}
