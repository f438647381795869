import type { AddressOptions } from './address-options.ts';
import { unreadable, type Failure } from './failure.ts';
import { basicAuthorization, basicOf } from './http-basic.ts';
import { tokenFor } from './http-oauth2.ts';
import type { HttpOptions } from './http-options.ts';
import { revealed } from './http-secret.ts';
import type { ProbeContext } from './probe.ts';

type CredentialOptions = AddressOptions &
  Pick<
    HttpOptions,
    'basic_auth' | 'authorization' | 'oauth2' | 'bearer_token' | 'bearer_token_file'
  >;

export function hasCredentials(options: CredentialOptions): boolean {
  const { basic_auth: basic, authorization, oauth2, bearer_token: token } = options;
  return (basic ?? authorization ?? oauth2 ?? token ?? options.bearer_token_file) !== undefined;
}

/** The Authorization header that the options ask for; files are read anew each time. */
async function configured(
  options: CredentialOptions,
  context: ProbeContext,
): Promise<string | Failure | undefined> {
  const { basic_auth: basicAuth, authorization, oauth2 } = options;
  if (basicAuth !== undefined) {
    const { username, username_file: file, password, password_file: passwordFile } = basicAuth;
    const user = file === undefined ? username : await revealed(undefined, file);
    return basicOf(user, await revealed(password, passwordFile));
  }
  if (authorization !== undefined) {
    const { type, credentials, credentials_file: file } = authorization;
    return `${type} ${await revealed(credentials, file)}`;
  }
  if (oauth2 !== undefined) return tokenFor(oauth2, options, context);
  if (!hasCredentials(options)) return undefined;
  return `Bearer ${await revealed(options.bearer_token, options.bearer_token_file)}`;
}

/** The Authorization header for a target: of the user in its URL, else of the options. */
export async function authorizationFor(
  options: CredentialOptions,
  url: URL,
  context: ProbeContext,
): Promise<{ readonly header?: string } | Failure> {
  try {
    if (url.username !== '' || url.password !== '') return { header: basicAuthorization(url) };
    const header = await configured(options, context);
    if (typeof header === 'object') return header;
    return header === undefined ? {} : { header };
  } catch (error) {
    return unreadable(error, 'the credentials');
  }
}
