import * as v from 'valibot';
import { flag, secret, text } from '../lib/schema-atoms.ts';
import { emailMessage } from './email-message.ts';
import { integration } from './integration.ts';
import { plainText } from './plain-text.ts';
import { revealSecret } from './secret-source.ts';
import { sendMail } from './smtp.ts';

const smarthost = v.pipe(
  plainText,
  v.regex(/^(?:\[[^\]]+\]|[^:]+):\d{1,5}$/, 'host and port, such as smtp.example.com:587'),
  v.transform((hostAndPort) => {
    const colon = hostAndPort.lastIndexOf(':');
    const host = hostAndPort.slice(0, colon).replaceAll(/[[\]]/g, '');
    return { host, port: Number(hostAndPort.slice(colon + 1)) };
  }),
);

/** The keys of `email_configs`. */
const entries = {
  to: plainText,
  from: plainText,
  smarthost,
  hello: v.optional(plainText, 'localhost'),
  auth_username: v.optional(plainText),
  auth_password: v.optional(secret),
  auth_password_file: v.optional(plainText),
  auth_identity: v.optional(text, ''),
  /** Whether a server that offers no STARTTLS is refused. */
  require_tls: v.optional(flag, true),
  /** TLS from the first byte; without it, on port 465 only. */
  force_implicit_tls: v.optional(flag),
  tls_config: v.optional(
    v.strictObject({
      insecure_skip_verify: v.optional(flag, false),
      ca_file: v.optional(plainText),
      server_name: v.optional(plainText),
    }),
    {},
  ),
  headers: v.optional(v.record(v.string(), plainText, 'a map of header names to texts'), {}),
};

/** E-mail, through a mail server that takes what it is given (the smarthost). */
export const email = integration({
  entries,
  refuse(options) {
    const passwords = [options.auth_password, options.auth_password_file];
    const given = passwords.filter((password) => password !== undefined).length;
    if (given !== (options.auth_username === undefined ? 0 : 1)) {
      return 'auth_username together with one of auth_password and auth_password_file, or none of them';
    }
    const names = Object.keys(options.headers).map((name) => name.toLowerCase());
    return new Set(names).size < names.length ? 'each header once, whatever its case' : undefined;
  },
  sendResolvedDefault: false,
  async send(delivery, options, context) {
    const message = emailMessage(delivery, options, context);
    const { auth_username: user } = options;
    if (user === undefined) return sendMail(message, options, undefined, context);
    const password = await revealSecret(options.auth_password, options.auth_password_file);
    if (!password.ok) return password.outcome;
    const login = { user, password: password.value, identity: options.auth_identity };
    return sendMail(message, options, login, context);
  },
});
