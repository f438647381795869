import { redactor, redactResult } from '../../lib/redact.ts';
import { revealed } from '../../lib/http-secret.ts';
import { nonEmptyText, optionalKey, secret } from '../../lib/schema-atoms.ts';
import { Secret } from '../../model/secret.ts';
import type { CheckResult } from '../../model/result.ts';
import { isFailure, unreadable, type Failure } from '../net/failure.ts';

/** The keys by which a check says to a service who it is. */
export const passwordEntries = {
  password: optionalKey('The password, best written as ${ENV_NAME} or ${file:/path}.', secret),
  password_file: optionalKey(
    'A file that holds the password; it is read at each run.',
    nonEmptyText,
  ),
};

interface PasswordOptions {
  readonly password?: Secret | undefined;
  readonly password_file?: string | undefined;
}

export function refusePasswords(options: PasswordOptions): string | undefined {
  return options.password === undefined || options.password_file === undefined
    ? undefined
    : 'either password or password_file';
}

/** The password, empty if none is configured, or why it cannot be read. */
async function passwordOf(options: PasswordOptions): Promise<{ readonly text: string } | Failure> {
  try {
    return { text: await revealed(options.password, options.password_file) };
  } catch (error) {
    return unreadable(error, options.password_file ?? 'the password');
  }
}

/** Looks with the password, which a service that repeats what it was sent cannot bring into the result. */
export async function withPassword(
  options: PasswordOptions,
  look: (password: string | undefined) => Promise<CheckResult>,
  failed: (failure: Failure) => CheckResult,
): Promise<CheckResult> {
  const password = await passwordOf(options);
  if (isFailure(password)) return failed(password);
  const { text } = password;
  if (text === '') return look(undefined);
  return redactResult(await look(text), redactor([Secret.of(text)]));
}
