import { formatBytes } from './bytes.ts';
import { jsonFileBytesMax } from '../../model/limits.ts';
import type { RunContext } from '../check-type.ts';
import type { FileFacts } from './file-facts.ts';
import { troubleWith, type FileTrouble } from './file-question.ts';
import type { PatientPrograms } from './patient-programs.ts';

/** What is wrong with a file that should hold JSON; undefined if nothing is. */
export async function judgeJson(
  { path, bytes }: FileFacts,
  programs: PatientPrograms,
  context: RunContext,
): Promise<FileTrouble | undefined> {
  if (bytes > jsonFileBytesMax) {
    const trouble = `${path} has ${formatBytes(bytes)}, more than the ${formatBytes(jsonFileBytesMax)} that are read`;
    return { status: 'unknown', reason: 'body', trouble };
  }
  const answer = await programs.ask(['head', '-c', `${jsonFileBytesMax}`, '--', path], context);
  if (answer.kind !== 'answer') return troubleWith(path, answer);
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.output));
    return undefined;
  } catch (error) {
    const why = answer.output.length === 0 ? 'it is empty' : whyNot(error);
    return { status: 'critical', reason: 'body', trouble: `${path} holds no valid JSON: ${why}` };
  }
}

/** The reason without the text around the place, which may be a secret. */
function whyNot(error: unknown): string {
  if (!(error instanceof SyntaxError)) return 'it is no UTF-8';
  const place = /at position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0];
  return place === undefined ? 'it ends too soon' : `wrong ${place}`;
}

/** The SHA-256 of a file in hexadecimal digits. */
export async function readChecksum(
  { path }: FileFacts,
  programs: PatientPrograms,
  context: RunContext,
): Promise<{ readonly sha256: string } | FileTrouble> {
  const answer = await programs.ask(['sha256sum', '--', path], context);
  if (answer.kind !== 'answer') return troubleWith(path, answer);
  const sha256 = /^\\?([0-9a-f]{64}) /.exec(answer.output.toString('latin1'))?.[1];
  if (sha256 !== undefined) return { sha256 };
  return { status: 'unknown', reason: 'protocol', trouble: `sha256sum made nothing of ${path}` };
}
