import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Why no file system can be mounted here; undefined if it can. */
export function noMounting(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount';
  const allowed = spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0;
  return allowed ? undefined : 'mounting is not allowed here';
}

export interface SmallDisk extends Disposable {
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives the bytes back. */
  empty(): void;
  /** Lets nothing be written any more. */
  readOnly(): void;
}

/** Mounts a file system of so many MiB at `path`, until it is disposed of. Only for root. */
export function mountSmallDisk(path: string, mebibytes: number): SmallDisk {
  mkdirSync(path, { recursive: true });
  run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path);
  const filler = join(path, 'filler');
  return {
    fill() {
      for (const bytes of [65_536, 4096, 1]) append(filler, Buffer.alloc(bytes));
    },
    empty: () => rmSync(filler, { force: true }),
    readOnly: () => run('mount', '-o', 'remount,ro', path),
    [Symbol.dispose]: () => run('umount', '--lazy', path),
  };
}

/** Writes the bytes again and again until the disk is full. */
function append(path: string, bytes: Buffer): void {
  try {
    for (;;) writeFileSync(path, bytes, { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function run(program: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
}
