import { troubleWith, type FileTrouble } from './file-question.ts';
import type { PatientPrograms } from './patient-programs.ts';
import type { RunContext } from '../check-type.ts';

/** What `stat` says of a file, links followed. */
export interface FileFacts {
  readonly path: string;
  readonly bytes: number;
  /** Unix milliseconds of the last change of its content; whole seconds. */
  readonly changedMs: number;
  readonly owner: { readonly name: string; readonly uid: number };
  /** Permissions as four octal digits, such as `0640`. */
  readonly mode: string;
  readonly isFile: boolean;
}

/** The words of `stat` of coreutils and BusyBox: see `parseFacts`. */
const format = '%Y %s %u %U %a %f %n';

/** The folder and the pattern of the last part, where it holds `*`, `?` or `[`. */
export function patternOf(
  path: string,
): { readonly folder: string; readonly name: string } | undefined {
  const at = path.lastIndexOf('/');
  const name = path.slice(at + 1);
  return /[*?[]/.test(name) ? { folder: at === 0 ? '/' : path.slice(0, at), name } : undefined;
}

/** The files that a path or a pattern stands for; none where a pattern matches nothing. */
export async function readFacts(
  path: string,
  programs: PatientPrograms,
  context: RunContext,
): Promise<readonly FileFacts[] | FileTrouble> {
  const pattern = patternOf(path);
  const answer = await programs.ask(
    pattern === undefined
      ? ['stat', '-L', '-c', format, '--', path]
      : // prettier-ignore
        ['find', '-L', pattern.folder, '-mindepth', '1', '-maxdepth', '1', '-name', pattern.name, '-type', 'f', '-exec', 'stat', '-L', '-c', format, '--', '{}', '+'],
    context,
  );
  if (answer.kind === 'answer') {
    const text = answer.output.toString('utf8');
    const files = parseFacts(text);
    if (files.length > 0 || (pattern !== undefined && text === '')) return files;
    const trouble = `stat printed ${JSON.stringify(text.slice(0, 100))} about ${path}`;
    return { status: 'unknown', reason: 'protocol', trouble };
  }
  const right = pattern === undefined ? 'to enter its folder' : 'to list the folder';
  if (pattern === undefined || answer.kind === 'silent') return troubleWith(path, answer, right);
  // Files may go away while they are being listed.
  const found = parseFacts(answer.output.toString('utf8'));
  return found.length > 0 ? found : troubleWith(pattern.folder, answer, right);
}

/** Reads what `stat -c '%Y %s %u %U %a %f %n'` printed; lines that are something else are left out. */
export function parseFacts(text: string): readonly FileFacts[] {
  return text.split('\n').flatMap((line) => {
    const [, changed, bytes, uid, name, mode, kind, path] =
      /^(\d+) (\d+) (\d+) (\S+) ([0-7]+) ([0-9a-f]+) (.+)$/.exec(line) ?? [];
    if (name === undefined || mode === undefined || path === undefined) return [];
    return [
      {
        path,
        bytes: Number(bytes),
        changedMs: Number(changed) * 1000,
        owner: { name, uid: Number(uid) },
        mode: mode.padStart(4, '0'),
        // S_IFREG of inode(7).
        isFile: (Number.parseInt(kind ?? '0', 16) & 0o170_000) === 0o100_000,
      },
    ];
  });
}
