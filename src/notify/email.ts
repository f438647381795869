import * as v from 'valibot';
import { headerText, headerToken } from '../lib/header-text.ts';
import { defaultedKey, flag, optionalKey, secret, text } from '../lib/schema-atoms.ts';
import { tlsBlock } from '../lib/tls-options.ts';
import type { Secret } from '../model/secret.ts';
import { emailMessage } from './email-message.ts';
import { noteThread, threadOf } from './email-thread.ts';
import { integration } from './integration.ts';
import { plainText } from './plain-text.ts';
import { revealSecret, whileRotating } from './secret-source.ts';
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

/** Headers that follow from the content of the message. */
const ownHeaders = /^(?:content-.*|mime-version|bcc)$/i;

const headerName = v.pipe(
  v.string(),
  v.regex(headerToken, 'a header name'),
  v.check((name) => !ownHeaders.test(name), 'another header: this one follows from the message'),
);

const headerValue = v.pipe(plainText, v.regex(headerText, 'one line of text'));

/** The keys of `email_configs`. */
const entries = {
  to: plainText,
  from: plainText,
  smarthost,
  hello: v.optional(plainText, 'localhost'),
  auth_username: v.optional(plainText),
  auth_password: v.optional(secret),
  auth_password_file: v.optional(plainText),
  auth_secret: optionalKey('For CRAM-MD5, in place of a password.', secret),
  auth_secret_file: optionalKey('File that holds auth_secret; read at each send.', plainText),
  auth_identity: v.optional(text, ''),
  /** Whether a server that offers no STARTTLS is refused. */
  require_tls: v.optional(flag, true),
  /** TLS from the first byte; without it, on port 465 only. */
  force_implicit_tls: v.optional(flag),
  tls_config: v.optional(tlsBlock),
  headers: v.optional(v.record(headerName, headerValue, 'a map of header names to texts'), {}),
  threading: defaultedKey(
    'Messages about one incident are one thread; by date, all about one group are, or those of a day.',
    v.strictObject({
      enabled: v.optional(flag, true),
      thread_by_date: v.optional(v.picklist(['none', 'daily'], 'none or daily')),
    }),
    {},
  ),
};

type Options = v.InferOutput<v.StrictObjectSchema<typeof entries, undefined>>;

/** E-mail, through a mail server that takes what it is given (the smarthost). */
export const email = integration({
  entries,
  refuse(options) {
    const { auth_password: password, auth_password_file: passwordFile } = options;
    const { auth_secret: cramSecret, auth_secret_file: secretFile } = options;
    const isTwice = [
      [password, passwordFile],
      [cramSecret, secretFile],
    ].some(([value, file]) => value !== undefined && file !== undefined);
    const given = password ?? passwordFile ?? cramSecret ?? secretFile;
    if (isTwice || (given === undefined) !== (options.auth_username === undefined)) {
      return 'auth_username together with auth_password or auth_secret (each as such or as a file), or none of them';
    }
    const names = Object.keys(options.headers).map((name) => name.toLowerCase());
    return new Set(names).size < names.length ? 'each header once, whatever its case' : undefined;
  },
  sendResolvedDefault: false,
  async send(delivery, options, context) {
    const parent = threadOf(delivery, options.threading, options.from, context.memory);
    const message = emailMessage(delivery, options, parent, context);
    const login = await loginOf(options);
    if (!login.ok) return login.outcome;
    const outcome = await sendMail(message, options, login.value, context);
    if (options.threading.enabled && options.threading.thread_by_date === undefined) {
      noteThread(delivery, outcome, parent, options.from, context.memory);
    }
    return whileRotating(outcome, options.auth_password_file, options.auth_secret_file);
  },
});

/** How to log in, with the files that say so read now; the value is undefined where nobody has to. */
async function loginOf(options: Options) {
  const { auth_username: user, auth_identity: identity } = options;
  if (user === undefined) return { ok: true, value: undefined } as const;
  const password = await revealed(options.auth_password, options.auth_password_file);
  const secret = await revealed(options.auth_secret, options.auth_secret_file);
  if (!password.ok) return password;
  if (!secret.ok) return secret;
  return {
    ok: true,
    value: { user, password: password.value, secret: secret.value, identity },
  } as const;
}

/** As `revealSecret`, but none is as good as one. */
async function revealed(value: Secret | undefined, file: string | undefined) {
  if (value === undefined && file === undefined) return { ok: true, value: undefined } as const;
  return revealSecret(value, file);
}
