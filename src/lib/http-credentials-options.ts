import * as v from 'valibot';
import { nonEmptyText, secret, text, textOrNone, type OutputOf } from './schema-atoms.ts';
import type { Secret } from '../model/secret.ts';
import { headerToken } from './header-text.ts';
import { oauth2Block } from './http-oauth2-options.ts';
import type { Strictness } from './choice.ts';

function isEmpty(value: Secret): boolean {
  try {
    return value.reveal() === '';
  } catch {
    return false;
  }
}

/** The name of a file. In a module an empty one stands for none, as for blackbox_exporter. */
export const fileName = (strictness: Strictness) =>
  v.optional(strictness === 'strict' ? nonEmptyText : textOrNone);

/** A secret, of which in a module an empty one stands for none as well. */
const secretText = (strictness: Strictness) =>
  v.optional(
    v.pipe(
      secret,
      v.transform((value): Secret | undefined =>
        strictness === 'lax' && isEmpty(value) ? undefined : value,
      ),
    ),
  );

const basicAuth = (strictness: Strictness) =>
  v.pipe(
    v.strictObject({
      username: v.optional(text, ''),
      username_file: fileName(strictness),
      password: secretText(strictness),
      password_file: fileName(strictness),
    }),
    v.check(
      (auth) => auth.username === '' || auth.username_file === undefined,
      'either username or username_file',
    ),
    v.check(
      (auth) => auth.password === undefined || auth.password_file === undefined,
      'either password or password_file',
    ),
  );

/** The scheme of an Authorization header; nothing means Bearer, as blackbox_exporter reads it. */
const scheme = (strictness: Strictness) =>
  v.optional(
    v.pipe(
      text,
      v.transform((type) => (strictness === 'lax' && type.trim() === '' ? 'Bearer' : type.trim())),
      v.regex(headerToken, 'a scheme such as Bearer'),
    ),
    'Bearer',
  );

const authorization = (strictness: Strictness) =>
  v.pipe(
    v.strictObject({
      type: scheme(strictness),
      credentials: secretText(strictness),
      credentials_file: fileName(strictness),
    }),
    v.check(
      (auth) => auth.type.toLowerCase() !== 'basic',
      'another type than Basic, for which there is basic_auth',
    ),
    v.check(
      (auth) => auth.credentials === undefined || auth.credentials_file === undefined,
      'either credentials or credentials_file',
    ),
  );

/** The keys by which a request says who asks. */
export const credentialEntries = (strictness: Strictness) => ({
  basic_auth: v.optional(basicAuth(strictness)),
  authorization: v.optional(authorization(strictness)),
  oauth2: v.optional(oauth2Block(strictness)),
  bearer_token: secretText(strictness),
  bearer_token_file: fileName(strictness),
});

/** What the keys of `credentialEntries` give. */
export type CredentialOptions = OutputOf<ReturnType<typeof credentialEntries>>;

/** Whether there are no two ways of saying who asks. */
export function isOneIdentity(options: CredentialOptions): boolean {
  const { basic_auth: basic, authorization, oauth2, bearer_token: token } = options;
  const given = [basic, authorization, oauth2, token, options.bearer_token_file];
  return given.filter((credentials) => credentials !== undefined).length <= 1;
}
