import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '../model/secret.ts';

/**
 * Keeps secrets in files that only their owner can read, in a folder that only he can enter, and gives how a
 * configuration names each: as a credential where those are looked up (`beside`), so that a service can be given
 * them by systemd, else by their file. A value that is such a reference already is kept nowhere. Throws what the file
 * system says.
 */
export async function keepSecrets(
  secrets: ReadonlyMap<string, Secret>,
  folder: string,
  where: { readonly beside: string },
): Promise<(name: string) => string> {
  const references = new Map<string, string>();
  for (const [name, secret] of secrets) {
    const value = secret.reveal();
    const isReference = /^\$\{[^{}]+\}$/.test(value);
    const reference =
      folder === where.beside ? `\${credential:${name}}` : `\${file:${join(folder, name)}}`;
    references.set(name, isReference ? value : reference);
    if (!isReference) await keep(folder, name, value);
  }
  return (name) => references.get(name) ?? '';
}

async function keep(folder: string, name: string, value: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  // Never readable for others, not even while it is written, nor half written.
  const next = `${file}.new`;
  await writeFile(next, `${value}\n`, { mode: 0o600 });
  await chmod(next, 0o600);
  await rename(next, file);
}
