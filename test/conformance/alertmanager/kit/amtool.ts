import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = '/usr/bin/amtool';

/** Whether Debian's amtool is there to be compared with; its version is 0.25.0. */
export const hasAmtool: boolean = existsSync(program);

/** What a run of amtool printed and its exit code. */
export interface Ran {
  readonly stdout: string;
  readonly code: number;
}

export function amtool(args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      resolve({ stdout, code: typeof error?.code === 'number' ? error.code : 0 });
    });
  });
}

/** A folder of files that are gone afterwards. */
export async function withFiles<Result>(
  texts: readonly string[],
  use: (files: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-amtool-'));
  try {
    const files = texts.map((_, index) => join(folder, `${index}.yml`));
    await Promise.all(files.map((file, index) => writeFile(file, texts[index] ?? '')));
    return await use(files);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** For each configuration, what `amtool check-config` has against it; undefined if it takes it. */
export async function refusals(texts: readonly string[]): Promise<readonly (string | undefined)[]> {
  return withFiles(texts, async (files) => {
    const { stdout } = await amtool(['check-config', ...files]);
    return files.map((file) => {
      const said = stdout.split(`Checking '${file}'  `)[1] ?? 'FAILED: no answer';
      if (said.startsWith('SUCCESS')) return undefined;
      const end = said.indexOf('\nChecking ');
      return said.slice('FAILED: '.length, end === -1 ? undefined : end).trim();
    });
  });
}

/** The matchers of the routes right below the first one, as `amtool config routes show` writes them. */
export async function shownMatchers(text: string): Promise<readonly string[]> {
  return withFiles([text], async ([file = '']) => {
    const { stdout } = await amtool(['config', 'routes', 'show', `--config.file=${file}`]);
    const lines = stdout.split('\n').filter((line) => /^ {4}[├└]── /u.test(line));
    return lines.map(
      (line) => /── (.*?) {2}(?:continue: true {2})?receiver: /u.exec(line)?.[1] ?? '',
    );
  });
}
