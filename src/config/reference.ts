import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { secretBytesMax } from '../model/limits.ts';
import { refusalOf } from './source.ts';

/** The variables of the environment by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where references are looked up. */
export interface Surroundings {
  readonly environment: Environment;
  /** Where credentials are when systemd laid none down: beside the configuration. Absent without a file. */
  readonly credentialsDirectory?: string;
}

/** Where a value comes from that the configuration only names. */
export type Reference =
  | { readonly kind: 'env'; readonly name: string; readonly fallback?: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'credential'; readonly name: string };

/** A text in pieces: literal text, and references with the way they were written. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly reference: Reference; readonly written: string };

/** Reads `${…}` out of a text; `$$` stands for one `$`. The error says what would be right. */
export function parsePieces(text: string): readonly Piece[] | { readonly error: string } {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(/\$\$|\$\{([^}]*)(\}?)/g)) {
    const [written, content, closed] = match;
    pieces.push({ kind: 'text', text: text.slice(end, match.index) });
    end = match.index + written.length;
    if (content === undefined) pieces.push({ kind: 'text', text: '$' });
    else {
      const reference = closed === '' ? undefined : parseReference(content);
      if (reference === undefined) return { error: malformed(written) };
      pieces.push({ kind: 'reference', reference, written });
    }
  }
  pieces.push({ kind: 'text', text: text.slice(end) });
  return pieces.filter((piece) => piece.kind === 'reference' || piece.text !== '');
}

function malformed(written: string): string {
  return (
    `${written} is no reference; expected \${ENV_NAME}, \${ENV_NAME:-default}, \${file:/path} ` +
    'or ${credential:NAME}, and $${ for a literal ${'
  );
}

function parseReference(content: string): Reference | undefined {
  if (content.startsWith('file:')) return { kind: 'file', path: content.slice('file:'.length) };
  const credential = /^credential:([\w.-]+)$/.exec(content)?.[1];
  if (credential !== undefined) return { kind: 'credential', name: credential };
  const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(content) ?? [];
  if (name === undefined || fallback?.includes('${') === true) return undefined;
  return { kind: 'env', name, ...(fallback === undefined ? {} : { fallback }) };
}

/** The value of a reference and how to read it again, or why there is none. */
export type Resolved =
  | { readonly ok: true; readonly value: string; readonly reread: () => string }
  | { readonly ok: false; readonly message: string };

/** Finds the value. A file is read anew by every `reread`, so that a secret can change while the agent runs. */
export function resolveReference(reference: Reference, around: Surroundings): Resolved {
  if (reference.kind === 'env') return resolveVariable(reference, around.environment);
  if (reference.kind === 'credential') return resolveCredential(reference.name, around);
  const { path } = reference;
  if (isAbsolute(path)) return resolveFile(path);
  return { ok: false, message: `the path in \${file:${path}} must start with /` };
}

function resolveVariable(
  { name, fallback }: Extract<Reference, { kind: 'env' }>,
  environment: Environment,
): Resolved {
  const value = environment[name];
  // As in a shell, an empty variable counts as unset where there is a default.
  const found = value === '' ? (fallback ?? value) : (value ?? fallback);
  if (found !== undefined) return { ok: true, value: found, reread: () => found };
  const message = `the environment variable ${name} is not set; set it or write \${${name}:-default}`;
  return { ok: false, message };
}

/**
 * What systemd laid down for the service, or else what it would lay down: the commands that a person types
 * are to understand the same configuration. Source: systemd.exec(5), `LoadCredential`.
 */
function resolveCredential(
  name: string,
  { environment, credentialsDirectory }: Surroundings,
): Resolved {
  const given = environment['CREDENTIALS_DIRECTORY'];
  const directory = given ?? credentialsDirectory;
  if (directory === undefined) {
    const message = `there is no credential ${name}, since systemd gave none; add LoadCredential=${name}:/path to the unit`;
    return { ok: false, message };
  }
  const found = resolveFile(join(directory, name));
  if (found.ok || given !== undefined) return found;
  const message = `there is no credential ${name}: ${found.message}; put it into that file (mode 0600), or add LoadCredential=${name}:/path to the unit`;
  return { ok: false, message };
}

function resolveFile(path: string): Resolved {
  const reread = (): string => readSecretFile(path);
  try {
    return { ok: true, value: reread(), reread };
  } catch (error) {
    return { ok: false, message: `${path}: ${refusalOf(error)}` };
  }
}

/** The content without the newline at its end. Throws if it is no readable file of a sensible size. */
function readSecretFile(path: string): string {
  const found = statSync(path);
  if (!found.isFile()) throw new Error('no regular file');
  if (found.size > secretBytesMax) throw new Error(`longer than ${secretBytesMax} bytes`);
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
}

const secretNames =
  /TOKEN|SECRET|PASSW|PASSPHRASE|KEY|WEBHOOK|DSN|CREDENTIAL|AUTH|PRIVATE|SIGNATURE|COOKIE|SESSION/i;

/** Whether a value from there is likely a secret, wherever it is used. */
export function looksSecret(reference: Reference): boolean {
  return reference.kind !== 'env' || secretNames.test(reference.name);
}
