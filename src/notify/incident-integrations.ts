import type { IntegrationName } from '../model/delivery.ts';

/** Receivers with a life cycle of their own: what they are told opens, changes and closes incidents. */
const names: ReadonlySet<string> = new Set<IntegrationName>(['pagerduty']);

/** Whether each message moves an incident, so that the opening and the closing one stay two messages. */
export function keepsIncidents(integration: IntegrationName): boolean {
  return names.has(integration);
}
