import * as v from 'valibot';
import { nonEmptyText, secret, text } from '../lib/schema-atoms.ts';
import { integration } from './integration.ts';
import { exactlyOneOf } from './secret-source.ts';

/** The keys of `pagerduty_configs` that concern Events v2, and `incident`. */
const entries = {
  routing_key: v.optional(secret),
  routing_key_file: v.optional(nonEmptyText),
  url: v.optional(nonEmptyText, 'https://events.pagerduty.com/v2/enqueue'),
  client: v.optional(nonEmptyText, 'tocsin'),
  client_url: v.optional(nonEmptyText),
  severity: v.optional(
    v.picklist(['critical', 'error', 'warning', 'info'], 'critical, error, warning or info'),
  ),
  class: v.optional(nonEmptyText),
  component: v.optional(nonEmptyText),
  group: v.optional(nonEmptyText),
  details: v.optional(v.record(v.string(), text, 'a map of names to texts'), {}),
  links: v.optional(
    v.array(v.strictObject({ href: nonEmptyText, text: v.optional(text) }), 'a list of links'),
    [],
  ),
  incident: v.optional(v.picklist(['group', 'alert'], 'group or alert'), 'group'),
};

/** PagerDuty, Events API v2. */
export const pagerduty = integration({
  entries,
  refuse: (options) => exactlyOneOf('routing_key', options.routing_key, options.routing_key_file),
  sendResolvedDefault: true,
  splitsAlerts: (options) => options.incident === 'alert',
  send: () => Promise.resolve({ kind: 'passing', reason: 'internal', detail: 'not built yet' }),
});
