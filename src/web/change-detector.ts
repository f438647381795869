import { statSync } from 'node:fs';

/**
 * Gives a function that tells whether any of the files changed since it was last asked. Asking is one
 * `stat` each, done without the thread pool: it has to answer while hung name lookups occupy that.
 */
export function changeDetector(files: readonly string[]): () => boolean {
  const look = (): string => files.map(stamp).join('\n');
  let seen = look();
  return () => {
    const now = look();
    if (now === seen) return false;
    seen = now;
    return true;
  };
}

function stamp(file: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return 'missing';
  }
}
