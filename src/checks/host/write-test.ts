import type { RunContext } from '../check-type.ts';
import { troubleWith, type FileTrouble } from './file-question.ts';
import { reasonNotRun } from './missing-program.ts';
import type { PatientPrograms } from './patient-programs.ts';

/**
 * Writes 4 KiB into a new file of the folder `$1`, waits until they are on the disk, and takes the file
 * away, also when it is told to end meanwhile. Never through a link or into a file that is there: the shell
 * refuses both (`set -C`). `$2` tells agents of several hosts apart that write into one folder.
 */
const script =
  'set -C; file="$1/.tocsin-write-test-$2-$$"; ' +
  'exec 3> "$file" || exit 1; trap \'rm -f -- "$file"\' EXIT; trap "exit 1" TERM; ' +
  'dd if=/dev/zero bs=4096 count=1 conv=fsync >&3';

/** Seconds that a small write takes until it is on the disk; `writer` is unique among all agents. */
export async function testWrite(
  path: string,
  writer: string,
  programs: PatientPrograms,
  context: RunContext,
): Promise<{ readonly seconds: number } | FileTrouble> {
  const answer = await programs.ask(['sh', '-c', script, 'sh', path, writer], context);
  if (answer.kind === 'silent') {
    const { trouble, ...found } = troubleWith(path, answer);
    return { ...found, trouble: trouble.replace('hangs:', 'hangs while something is written:') };
  }
  if (answer.kind === 'answer') {
    // coreutils says `s`, BusyBox `seconds`.
    const seconds = Number(/copied, ([\d.e-]+) s/.exec(answer.said)?.[1]);
    if (Number.isFinite(seconds)) return { seconds };
    return { status: 'unknown', reason: 'protocol', trouble: `dd does not say how long it took` };
  }
  const { message } = answer;
  if (/permission denied|operation not permitted/i.test(message)) {
    const trouble = `the user of the agent lacks the right to write into ${path}: grant it w and x there, or leave out write_test`;
    return { status: 'unknown', reason: 'permission', trouble };
  }
  if (reasonNotRun(message) === 'missing') return troubleWith(path, answer);
  const trouble = `nothing can be written into ${path}: ${message}`;
  return { status: 'critical', reason: 'status', trouble };
}
