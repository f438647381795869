import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export const root = join(import.meta.dirname, '..', '..');

/** The source as a clean clone has it, with what is not yet committed, in a folder of its own. */
export function copySource(folder: string): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  const gone = execFileSync('git', ['ls-files', '-d', '-z'], { cwd: root, encoding: 'utf8' });
  const deleted = new Set(gone.split('\0'));
  for (const path of listed.split('\0')) {
    if (path === '' || path === 'node_modules' || deleted.has(path)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
}

/** Runs the build of a release as `npm run release` does, packed loosely; gives what it said. */
export async function buildRelease(
  source: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [join(source, 'scripts', 'release.ts'), '--fast', ...words],
    { cwd: source, env: { ...ofThisMachine(), ...env } },
  );
  return stderr;
}

/** Makes a key as docs/release.md has it. */
export function makeKey(file: string): void {
  execFileSync('openssl', ['genrsa', '-out', file, '3072'], { stdio: 'ignore' });
}

/** What is said of this machine alone: where programs are, and whom npm may trust. */
function ofThisMachine(): NodeJS.ProcessEnv {
  const { PATH, NODE_EXTRA_CA_CERTS } = process.env;
  return { PATH, ...(NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS }) };
}
