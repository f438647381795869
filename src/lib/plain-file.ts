import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { filePatienceMs, filesReadAtOnceMax } from '../model/limits.ts';
import { systemClock } from './clock.ts';
import { humanDuration } from './duration.ts';

/*
 * Files that people name: keys, certificates, passwords, logs. Node reads files in one of four threads, and so it
 * resolves names. A pipe that nobody writes into, or a file system that does not answer, keeps a thread for good;
 * four such reads, and the agent does nothing any more. So nobody waits for a pipe, no more than half of the threads
 * read such files at the same time, and whoever waits for them is patient only for so long.
 */

/** Why a file is not read although it is there. The message never holds what is in it. */
export class FileFault extends Error {
  override readonly name = 'FileFault';
  readonly kind: 'hangs' | 'no regular file' | 'too long';

  constructor(kind: FileFault['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

const clock = systemClock();
const waiting: (() => void)[] = [];
let reading = 0;
/** Paths whose reading was given up and has not come back. */
const hanging = new Set<string>();

/** Opens a regular file and uses it. Throws what the system says, or a `FileFault`. */
export async function withPlainFile<Result>(
  path: string,
  use: (file: FileHandle, facts: Stats) => Promise<Result>,
): Promise<Result> {
  if (hanging.has(path)) throw new FileFault('hangs', `${path} still hangs with its file system`);
  let isOver = false;
  const work = inTurn(async () => {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = await file.stat();
    if (!facts.isFile()) throw new FileFault('no regular file', `${path} is no regular file`);
    return await use(file, facts);
  }).finally(() => {
    isOver = true;
    hanging.delete(path);
  });
  const { promise, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(filePatienceMs, () => {
    if (!isOver) hanging.add(path);
    const waited = humanDuration(filePatienceMs);
    reject(new FileFault('hangs', `${path} hangs: its file system has not answered for ${waited}`));
  });
  try {
    return await Promise.race([work, promise]);
  } finally {
    cancel();
  }
}

/** Reads a regular file that has no more than so many bytes, as `withPlainFile` does. */
export async function readPlainFile(path: string, bytesMax: number): Promise<Buffer> {
  return withPlainFile(path, async (file, { size }) => {
    const tooLong = `${path} is longer than ${bytesMax} bytes`;
    if (size > bytesMax) throw new FileFault('too long', tooLong);
    return file.readFile();
  });
}

/** One of the few that read at the same time. */
async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (reading < filesReadAtOnceMax) reading += 1;
  else {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    // Whoever waited longest takes the place over.
    if (next === undefined) reading -= 1;
    else next();
  }
}
