import { secretBytesMax } from '../model/limits.ts';
import type { Secret } from '../model/secret.ts';
import { readPlainFile } from './plain-file.ts';

/** A secret as written, or the trimmed content of its file, read anew each time. Throws what reading does. */
export async function revealed(
  value: Secret | undefined,
  file: string | undefined,
): Promise<string> {
  if (file !== undefined) return (await readPlainFile(file, secretBytesMax)).toString().trim();
  return value?.reveal() ?? '';
}
