import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../release.ts';
import { realArchives, versions } from './archives.ts';

/** Runs the program `docker`, or `podman`, which takes the same words. */
type Say = (...words: readonly string[]) => string;

/** The version whose archive the image is made of. */
export const [imageVersion] = versions;

/**
 * Builds the image `tocsin:VERSION` by the Containerfile out of the archive of a release, upon a base that is made of
 * this machine's libraries: what an image for C++ programs holds.
 */
export async function buildImage(say: Say, folder: string, ...words: string[]): Promise<void> {
  const base = join(folder, 'base');
  copyLibraries(base, process.execPath);
  importFolder(say, base, 'base:1');
  const file = join(root, 'deploy', 'container', 'Containerfile');
  const given = ['BASE=base:1', `VERSION=${imageVersion}`];
  const context = await realArchives(imageVersion);
  const named = ['-f', file, '-t', `tocsin:${imageVersion}`, '-q', ...words];
  say('build', ...named, ...given.flatMap((value) => ['--build-arg', value]), context);
}

/** Makes an image of a folder; further words go to `import`. */
export function importFolder(say: Say, folder: string, name: string, ...words: string[]): void {
  execFileSync('tar', ['-C', folder, '-cf', `${folder}.tar`, '.']);
  say('import', ...words, `${folder}.tar`, name);
  rmSync(`${folder}.tar`);
}

/** Copies what a program is linked with into a root, in folders that all may enter. */
export function copyLibraries(into: string, program: string): void {
  const found = execFileSync('ldd', [program], { encoding: 'utf8' });
  for (const [, path = ''] of found.matchAll(/(\/\S+) \(0x/g)) copyInto(into, path);
}

export function copyInto(into: string, path: string): void {
  mkdirSync(dirname(join(into, path)), { recursive: true, mode: 0o755 });
  copyFileSync(path, join(into, path));
}
