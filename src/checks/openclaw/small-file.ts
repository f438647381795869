import { open } from 'node:fs/promises';
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
    await using file = await open(path);
    const facts = await file.stat();
    if (!facts.isFile()) return { kind: 'absent' };
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(facts.size, bytesMax)),
      0,
      Math.min(facts.size, bytesMax),
    );
    const text = buffer.toString('utf8', 0, bytesRead);
    return { kind: 'text', text, changedMs: facts.mtimeMs };
  } catch (error) {
    return whyNot(path, error);
  }
}

/** Why something in the state folder cannot be looked at, and what would let it. */
export function whyNot(
  path: string,
  error: unknown,
): SmallFile & { kind: 'absent' | 'unreadable' } {
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
