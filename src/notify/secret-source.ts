import { FileFault } from '../lib/plain-file.ts';
import { revealed } from '../lib/http-secret.ts';
import type { Outcome } from '../model/delivery.ts';
import type { Secret } from '../model/secret.ts';

/** Says what is wrong unless exactly one of `key` and `key_file` is given. */
export function exactlyOneOf(
  key: string,
  secret: Secret | undefined,
  file: string | undefined,
): string | undefined {
  return (secret === undefined) === (file === undefined)
    ? `exactly one of ${key} and ${key}_file`
    : undefined;
}

/** A secret at the moment of use, or why there is none. */
type Revealed =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly outcome: Outcome };

/**
 * Reads a secret that the configuration gives as a value or as the name of a file. A file is read at
 * every send, so that a rotated secret needs no reload; one that cannot be read now may be there soon.
 */
export async function revealSecret(
  secret: Secret | undefined,
  file: string | undefined,
): Promise<Revealed> {
  try {
    const trimmed = (await revealed(secret, file)).trim();
    return trimmed === '' ? unreadable(secret, file, 'it is empty') : { ok: true, value: trimmed };
  } catch (error) {
    return unreadable(secret, file, errorCode(error));
  }
}

function unreadable(secret: Secret | undefined, file: string | undefined, why: string): Revealed {
  const name = file ?? secret?.reference ?? 'the secret';
  return {
    ok: false,
    outcome: { kind: 'passing', reason: 'secret', detail: `cannot read ${name}: ${why}` },
  };
}

/** Only the code: the message of an error may hold what was read. */
function errorCode(error: unknown): string {
  if (error instanceof FileFault) return error.kind;
  return error instanceof Error && 'code' in error ? String(error.code) : 'it is not available';
}

/**
 * A refused login where the secret comes from a file: it is read anew at the next attempt, and may have been
 * replaced by then, so that the message waits.
 */
export function whileRotating(outcome: Outcome, ...files: (string | undefined)[]): Outcome {
  const isRefusal = outcome.kind === 'permanent' && outcome.reason === 'auth';
  if (!isRefusal || files.every((file) => file === undefined)) return outcome;
  return { kind: 'passing', reason: 'auth', detail: outcome.detail };
}
