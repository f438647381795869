import { readFile } from 'node:fs/promises';
import type { Secret } from '../model/secret.ts';

/** A secret as written, or the trimmed content of its file, read anew each time. Throws what reading does. */
export async function revealed(
  value: Secret | undefined,
  file: string | undefined,
): Promise<string> {
  if (file !== undefined) return (await readFile(file, 'utf8')).trim();
  return value?.reveal() ?? '';
}
