import { glob } from 'node:fs/promises';
import { siteFilesMax } from '../../model/command-limits.ts';

/** Files that match a pattern, in order, `siteFilesMax` at most; none where the folder may not be read. */
export async function filesOf(pattern: string): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const file of glob(pattern)) {
      found.push(file);
      if (found.length >= siteFilesMax) break;
    }
  } catch {
    // What may not be seen cannot be proposed.
  }
  return found.toSorted();
}
