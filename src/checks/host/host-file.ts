import { readFile } from 'node:fs/promises';
import { notOk, type CheckResult, type FailureReason } from '../../model/result.ts';

/** Why the agent could not look at something of its host, and what would let it. */
export interface Unreadable {
  readonly unreadable: string;
  readonly reason: FailureReason;
}

export function isUnreadable(found: object): found is Unreadable {
  return 'unreadable' in found;
}

/** The result of a check that could not look. */
export function couldNotLook({ reason, unreadable }: Unreadable): CheckResult {
  return notOk('unknown', reason, unreadable);
}

/** Reads a file of the kernel and what it says; `parse` gives undefined where the text is nonsense. */
export async function readHostFile<Content extends object>(
  path: string,
  parse: (text: string) => Content | undefined,
): Promise<Content | Unreadable> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return whyUnreadable(path, error);
  }
  const content = parse(text);
  if (content !== undefined) return content;
  return { unreadable: `${path} does not say what it should on Linux`, reason: 'protocol' };
}

/** Why a file of the kernel could not be read, from the error of the attempt. */
export function whyUnreadable(path: string, error: unknown): Unreadable {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      unreadable: `the user of the agent lacks the right to read ${path}: grant it with chmod or an ACL`,
      reason: 'permission',
    };
  }
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? {
        unreadable: `${path} is not there: is it mounted, and not hidden by ProcSubset= of the unit?`,
        reason: 'missing',
      }
    : { unreadable: `${path} cannot be read: ${message}`, reason: 'internal' };
}
