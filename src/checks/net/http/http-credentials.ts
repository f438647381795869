import { authorizationOf } from '../../../lib/http-authorization.ts';
import { basicAuthorization } from '../../../lib/http-basic.ts';
import type { CredentialOptions } from '../../../lib/http-credentials-options.ts';
import type { AddressOptions } from '../address-options.ts';
import { unreadable, type Failure } from '../failure.ts';
import { tokenFor } from './http-oauth2.ts';
import type { ProbeContext } from '../probe.ts';

/** The Authorization header for a target: of the user in its URL, else of the options. */
export async function authorizationFor(
  options: CredentialOptions & AddressOptions,
  url: URL,
  context: ProbeContext,
): Promise<{ readonly header?: string } | Failure> {
  try {
    if (url.username !== '' || url.password !== '') return { header: basicAuthorization(url) };
    const header = await authorizationOf(options, (oauth2) => tokenFor(oauth2, options, context));
    if (typeof header === 'object') return header;
    return header === undefined ? {} : { header };
  } catch (error) {
    return unreadable(error, 'the credentials');
  }
}
