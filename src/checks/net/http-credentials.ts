import { readFile } from 'node:fs/promises';
import type { Secret } from '../../model/secret.ts';
import { unreadable, type Failure } from './failure.ts';
import type { HttpOptions } from './http-options.ts';

export function hasCredentials(options: HttpOptions): boolean {
  const { basic_auth: basic, authorization, bearer_token: token } = options;
  return (basic ?? authorization ?? token ?? options.bearer_token_file) !== undefined;
}

async function reveal(value: Secret | undefined, file: string | undefined): Promise<string> {
  if (file !== undefined) return (await readFile(file, 'utf8')).trim();
  return value?.reveal() ?? '';
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** The Authorization header that the options ask for; files are read anew each time. */
async function configured(options: HttpOptions): Promise<string | undefined> {
  const { basic_auth: basicAuth, authorization } = options;
  if (basicAuth !== undefined) {
    return basic(basicAuth.username, await reveal(basicAuth.password, basicAuth.password_file));
  }
  if (authorization !== undefined) {
    const { type, credentials, credentials_file: file } = authorization;
    return `${type} ${await reveal(credentials, file)}`;
  }
  if (!hasCredentials(options)) return undefined;
  return `Bearer ${await reveal(options.bearer_token, options.bearer_token_file)}`;
}

/** The Authorization header for a target: of the options, else of the user in its URL. */
export async function authorizationFor(
  options: HttpOptions,
  url: URL,
): Promise<{ readonly header?: string } | Failure> {
  try {
    const header = await configured(options);
    if (header !== undefined) return { header };
    if (url.username === '' && url.password === '') return {};
    return { header: basic(decodeURIComponent(url.username), decodeURIComponent(url.password)) };
  } catch (error) {
    return unreadable(error, 'the credentials');
  }
}
