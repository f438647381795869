import { FileFault, withPlainFile } from '../../lib/plain-file.ts';
import { openclawFileBytesMax } from '../../model/openclaw-limits.ts';
import type { Unreadable } from '../host/host-file.ts';

/** What a file of the gateway holds: `absent` if there is none, or why it cannot be read. */
export type SmallFile =
  | { readonly kind: 'text'; readonly text: string; readonly changedMs: number }
  | { readonly kind: 'absent' }
  | ({ readonly kind: 'unreadable' } & Unreadable);

/** Reads the beginning of a file; one that is no regular file counts as absent. */
export async function readSmallFile(
  path: string,
  bytesMax: number = openclawFileBytesMax,
): Promise<SmallFile> {
  try {
    return await withPlainFile(path, async (file, { size, mtimeMs }) => {
      const length = Math.min(size, bytesMax);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length);
      const text = buffer.toString('utf8', 0, bytesRead);
      return { kind: 'text' as const, text, changedMs: mtimeMs };
    });
  } catch (error) {
    return whyNot(path, error);
  }
}

/** Why something in the state folder cannot be looked at, and what would let it. */
export function whyNot(
  path: string,
  error: unknown,
): SmallFile & { kind: 'absent' | 'unreadable' } {
  if (error instanceof FileFault) {
    return error.kind === 'hangs'
      ? { kind: 'unreadable', reason: 'timeout', unreadable: error.message }
      : { kind: 'absent' };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
  if (code === 'EACCES' || code === 'EPERM') {
    const unreadable = `the user of the agent lacks the right to read ${path}: run the agent as the user of the gateway, or grant it with an ACL (setfacl -R -m u:USER:rX)`;
    return { kind: 'unreadable', reason: 'permission', unreadable };
  }
  return {
    kind: 'unreadable',
    reason: 'internal',
    unreadable: `${path} cannot be read: ${message}`,
  };
}
