import { basicOf } from './http-basic.ts';
import type { CredentialOptions } from './http-credentials-options.ts';
import type { OAuth2Options } from './http-oauth2-options.ts';
import { revealed } from './http-secret.ts';

/** Whether the options say who asks. */
export function hasCredentials(options: CredentialOptions): boolean {
  const { basic_auth: basic, authorization, oauth2, bearer_token: token } = options;
  return (basic ?? authorization ?? oauth2 ?? token ?? options.bearer_token_file) !== undefined;
}

/**
 * The Authorization header that the options ask for; files are read anew each time. `token` brings the one
 * of `oauth2`. Throws what reading a file throws.
 */
export async function authorizationOf<Fault extends object>(
  options: CredentialOptions,
  token: (oauth2: OAuth2Options) => Promise<string | Fault>,
): Promise<string | Fault | undefined> {
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
  if (oauth2 !== undefined) return token(oauth2);
  if (!hasCredentials(options)) return undefined;
  return `Bearer ${await revealed(options.bearer_token, options.bearer_token_file)}`;
}
