import * as v from 'valibot';
import { nonEmptyText, positiveDuration, secret, wholeNumber } from '../lib/schema-atoms.ts';
import { integration } from './integration.ts';
import { exactlyOneOf } from './secret-source.ts';

/** The keys of `webhook_configs`. */
const entries = {
  url: v.optional(secret),
  url_file: v.optional(nonEmptyText),
  max_alerts: v.optional(wholeNumber, 0),
  timeout: v.optional(positiveDuration),
};

/** Any HTTP endpoint that takes what Alertmanager posts. */
export const webhook = integration({
  entries,
  refuse: (options) => exactlyOneOf('url', options.url, options.url_file),
  sendResolvedDefault: true,
  send: () => Promise.resolve({ kind: 'passing', reason: 'internal', detail: 'not built yet' }),
});
