import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Problem } from '../model/config.ts';
import { configBytesMax } from '../model/limits.ts';
import { problemAt } from './problem.ts';

/** The text of one configuration file, or the one thing that is wrong with it. */
export type Source =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: Problem };

/** What people can do about a file that the system refuses to read. */
const refusals: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'is a directory, expected a file',
  EACCES: 'permission denied; the user who runs tocsin must be allowed to read it',
  EPERM: 'permission denied; the user who runs tocsin must be allowed to read it',
  ELOOP: 'is a symbolic link that leads to itself',
};

/** Why a file could not be read, as a clause that follows its name. */
export function refusalOf(error: unknown): string {
  if (!(error instanceof Error)) return `cannot be read (${String(error)})`;
  const code = 'code' in error ? String(error.code) : error.message;
  return refusals[code] ?? `cannot be read (${code})`;
}

/** Reads a file that must be UTF-8 text of a sensible size. */
export async function readSource(file: string): Promise<Source> {
  const refuse = (message: string): Source => ({
    ok: false,
    problem: problemAt({ file, path: '' }, message),
  });
  let bytes: Buffer;
  try {
    const found = await stat(file);
    // A device may never end.
    if (found.isCharacterDevice() || found.isBlockDevice())
      return refuse('is a device, expected a file');
    if (found.size > configBytesMax) {
      return refuse(
        `has ${found.size} bytes, expected at most ${configBytesMax}; is it the right file?`,
      );
    }
    bytes = await readFile(file);
  } catch (error) {
    return refuse(refusalOf(error));
  }
  const line = (offset: number): number =>
    bytes.subarray(0, offset).toString('latin1').split('\n').length;
  const zero = bytes.indexOf(0);
  if (zero !== -1) return refuse(`is no text: line ${line(zero)} holds a NUL byte`);
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return refuse(`is no UTF-8 text: line ${line(invalidAt(bytes))} holds other bytes`);
  }
}

/** Offset of the first byte that is not UTF-8: where decoding and encoding again stops being the same. */
function invalidAt(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'));
  return bytes.findIndex((byte, offset) => again[offset] !== byte);
}

/** The files of `conf.d/` beside a configuration, in name order; none where there is no such folder. */
export async function listFragments(
  mainFile: string,
): Promise<{ readonly files: readonly string[]; readonly problems: readonly Problem[] }> {
  const directory = join(dirname(mainFile), 'conf.d');
  try {
    const names = await readdir(directory);
    const files = names.filter((name) => name.endsWith('.yaml') && !name.startsWith('.'));
    return { files: files.toSorted().map((name) => join(directory, name)), problems: [] };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const absent = code === 'ENOENT';
    const message = code === 'ENOTDIR' ? 'is a file, expected a directory' : refusalOf(error);
    const problem = problemAt({ file: directory, path: '' }, message);
    return { files: [], problems: absent ? [] : [problem] };
  }
}
