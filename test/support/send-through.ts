import * as v from 'valibot';
import type { SendContext } from '../../src/notify/integration.ts';
import { integrations } from '../../src/notify/table.ts';
import type { Delivery, IntegrationName, Outcome } from '../../src/model/delivery.ts';
import { sampleDelivery } from './sample-delivery.ts';

/** Sends a delivery through an integration, with options as they would stand in a configuration. */
export function sendThrough(
  name: IntegrationName,
  options: Readonly<Record<string, unknown>>,
  delivery: Delivery = sampleDelivery(),
  context: Partial<SendContext> = {},
): Promise<Outcome> {
  const integration = integrations[name];
  return integration.send(delivery, v.parse(v.strictObject(integration.entries), options), {
    signal: new AbortController().signal,
    timeoutMs: 5000,
    externalURL: '',
    userAgent: 'tocsin/0.0.0-test',
    ...context,
  });
}
