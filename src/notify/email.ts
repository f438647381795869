import * as v from 'valibot';
import { flag, nonEmptyText, secret, text } from '../lib/schema-atoms.ts';
import { integration } from './integration.ts';

const smarthostPattern = /^(?:\[[^\]]+\]|[^:]+):\d{1,5}$/;

/** The keys of `email_configs`. */
const entries = {
  to: nonEmptyText,
  from: nonEmptyText,
  smarthost: v.pipe(
    nonEmptyText,
    v.regex(smarthostPattern, 'host and port, such as smtp.example.com:587'),
  ),
  hello: v.optional(nonEmptyText, 'localhost'),
  auth_username: v.optional(nonEmptyText),
  auth_password: v.optional(secret),
  auth_password_file: v.optional(nonEmptyText),
  auth_identity: v.optional(text),
  require_tls: v.optional(flag, true),
  force_implicit_tls: v.optional(flag),
  tls_config: v.optional(
    v.strictObject({
      insecure_skip_verify: v.optional(flag, false),
      ca_file: v.optional(nonEmptyText),
      server_name: v.optional(nonEmptyText),
    }),
    {},
  ),
  headers: v.optional(v.record(v.string(), text, 'a map of header names to texts'), {}),
};

/** E-mail, through a mail server that takes what it is given (the smarthost). */
export const email = integration({
  entries,
  sendResolvedDefault: false,
  send: () => Promise.resolve({ kind: 'passing', reason: 'internal', detail: 'not built yet' }),
});
