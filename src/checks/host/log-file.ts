import { createHash } from 'node:crypto';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileFault, withPlainFile } from '../../lib/plain-file.ts';
import { logBehindBytesMax, logReadBytesMax } from '../../model/limits.ts';
import type { Unreadable } from './host-file.ts';

/** How far a file has been read. */
export interface FilePosition {
  /** Tells the file from the one that takes its place; 0 while there is none. */
  readonly inode: number;
  readonly offset: number;
  /** Hash of the first bytes, which a file that is cut off and filled again does not keep. */
  readonly head: { readonly bytes: number; readonly hash: string };
}

export interface FreshText {
  readonly text: string;
  readonly position: FilePosition;
  /** What was left out because there was too much of it. */
  readonly skippedBytes: number;
}

const headBytesMax = 256;
const nothingRead = { bytes: 0, hash: '' };

/** Where a file that is not there yet is read from once it is. */
export const fromTheStart: FilePosition = { inode: 0, offset: 0, head: nothingRead };

/**
 * Reads what was appended since `position`, whole lines of it, at most `logReadBytesMax`. A file that was
 * renamed is read to its end before the one in its place; one that was cut off is read from its start.
 * Without a position reading begins at the end: what is there is nobody's news.
 */
export async function readAppended(
  path: string,
  position: FilePosition | undefined,
): Promise<FreshText | Unreadable> {
  try {
    return await withPlainFile(path, async (file, { ino, size }) => {
      if (position === undefined) {
        return { text: '', skippedBytes: 0, position: await positionAt(file, ino, size) };
      }
      if (position.inode === ino && (await isSame(file, position))) {
        return readFrom(file, ino, size, position.offset);
      }
      const rest = position.inode === ino ? undefined : await readRenamed(path, position);
      const fresh = await readFrom(file, ino, size, 0);
      if (rest === undefined) return fresh;
      const skippedBytes = rest.skippedBytes + fresh.skippedBytes;
      return { ...fresh, text: rest.text + fresh.text, skippedBytes };
    });
  } catch (error) {
    return whyNot(path, error);
  }
}

/** The rest of the file that had the name before, if it still lies beside. */
async function readRenamed(path: string, position: FilePosition): Promise<FreshText | undefined> {
  if (position.inode === 0) return undefined;
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.ino !== position.inode || !found.isFile()) continue;
    await using file = await open(join(folder, name));
    // An inode is used again: a new file with the old number is not the old one.
    if (!(await isSame(file, position))) return undefined;
    return await readFrom(file, found.ino, found.size, position.offset);
  }
  return undefined;
}

async function readFrom(
  file: FileHandle,
  inode: number,
  size: number,
  offset: number,
): Promise<FreshText> {
  const isFarBehind = size - offset > logBehindBytesMax;
  const start = isFarBehind ? size - logReadBytesMax : offset;
  const wanted = Math.min(size - start, logReadBytesMax);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, start);
  const bytes = buffer.subarray(0, bytesRead);
  const lineEnd = bytes.lastIndexOf(0x0a) + 1;
  // A line longer than all that is read at a time is taken in pieces.
  const taken = lineEnd === 0 && bytesRead === logReadBytesMax ? bytesRead : lineEnd;
  return {
    text: bytes.toString('utf8', 0, taken),
    skippedBytes: start - offset,
    position: await positionAt(file, inode, start + taken),
  };
}

async function positionAt(file: FileHandle, inode: number, offset: number): Promise<FilePosition> {
  return { inode, offset, head: await headOf(file, Math.min(offset, headBytesMax)) };
}

async function isSame(file: FileHandle, { offset, head }: FilePosition): Promise<boolean> {
  const { size } = await file.stat();
  return size >= offset && (await headOf(file, head.bytes)).hash === head.hash;
}

async function headOf(file: FileHandle, length: number): Promise<FilePosition['head']> {
  if (length === 0) return nothingRead;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
  const hash = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
  return { bytes: bytesRead, hash };
}

function whyNot(path: string, error: unknown): Unreadable {
  if (error instanceof FileFault) {
    return { unreadable: error.message, reason: error.kind === 'hangs' ? 'timeout' : 'protocol' };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return { unreadable: `${path} is not there`, reason: 'missing' };
  if (code === 'EACCES' || code === 'EPERM') {
    const unreadable =
      `the user of the agent lacks the right to read ${path}: put it into the group of the file (adm, as ` +
      `a rule), or setfacl -m u:USER:r`;
    return { unreadable, reason: 'permission' };
  }
  return { unreadable: `${path} cannot be read: ${message}`, reason: 'internal' };
}
