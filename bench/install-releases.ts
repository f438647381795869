import { execFile, execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { versions } from '../test/support/install/archives.ts';
import { makeKey, root } from '../test/support/release.ts';

export interface Releases {
  readonly folder: string;
  /** Bytes of what a host loads. */
  readonly archives: Readonly<Record<Packing, number>>;
}

/** By which program an archive is packed; a host takes xz if it has it. */
export type Packing = 'xz' | 'gz';

/**
 * Builds two versions of this source for x64, signed: the first one as it would be published, the second one, to which
 * it is upgraded, packed loosely.
 */
export async function buildReleases(directory: string): Promise<Releases> {
  const folder = join(directory, 'releases');
  const key = join(directory, 'key.pem');
  makeKey(key);
  const script = join(root, 'scripts', 'release.ts');
  for (const version of versions) {
    const words = [script, '--only', 'x64', '--as', version, '--out', folder];
    const loosely = version === versions[0] ? [] : ['--fast'];
    await promisify(execFile)(process.execPath, [...words, ...loosely], {
      cwd: root,
      env: { PATH: process.env['PATH'], TOCSIN_SIGNING_KEY: key },
    });
  }
  // Others read it from within the guest.
  execFileSync('chmod', ['-R', 'go+rX', folder]);
  const size = (packing: Packing): number =>
    statSync(join(folder, versions[0], `tocsin-${versions[0]}-linux-x64.tar.${packing}`)).size;
  return { folder, archives: { xz: size('xz'), gz: size('gz') } };
}
