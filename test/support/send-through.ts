import * as v from 'valibot';
import type { ConversationMemory, SendContext } from '../../src/notify/integration.ts';
import { integrations } from '../../src/notify/table.ts';
import type { Delivery, IntegrationName, Outcome } from '../../src/model/delivery.ts';
import { noon, sampleDelivery } from './sample-delivery.ts';

/** Remembers nothing, as after a crash. */
const forgetful: ConversationMemory = { recall: () => undefined, remember: () => {} };

/** A memory that holds one conversation. */
export function oneMemory(): ConversationMemory {
  let known: unknown;
  return { recall: () => known, remember: (value) => void (known = value) };
}

/** Options as the reader of a configuration gives them. */
export function parsedOptions(
  name: IntegrationName,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return v.parse(v.strictObject(integrations[name].entries), options);
}

/** Sends a delivery through an integration, with options as they would stand in a configuration. */
export function sendThrough(
  name: IntegrationName,
  options: Readonly<Record<string, unknown>>,
  delivery: Delivery = sampleDelivery(),
  context: Partial<SendContext> = {},
): Promise<Outcome> {
  return sendParsed(name, parsedOptions(name, options), delivery, context);
}

/** The same with options that were read before, as all sends of one receiver have them. */
export function sendParsed(
  name: IntegrationName,
  options: Readonly<Record<string, unknown>>,
  delivery: Delivery = sampleDelivery(),
  context: Partial<SendContext> = {},
): Promise<Outcome> {
  return integrations[name].send(delivery, options, {
    signal: new AbortController().signal,
    timeoutMs: 5000,
    nowMs: noon,
    externalURL: '',
    userAgent: 'tocsin/0.0.0-test',
    memory: forgetful,
    ...context,
  });
}
